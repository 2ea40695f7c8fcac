package org.llm4msr.plugins.datasets;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongFunction;

/**
 * The rows of a text file by their numbers: DuckDB counts rows, and a row can span several lines.
 *
 * @param blank whether a blank line is a row, as in files of one column
 */
record TextRows(Path file, CsvTable.Dialect dialect, boolean blank) {

  /**
   * The number of a row, from 1.
   *
   * @param read whether it counts the rows that DuckDB read, without the header; else it counts all
   *     rows, including the header and blank ones
   */
  record Place(long number, boolean read) {}

  /**
   * A row.
   *
   * @param line the line in which it begins
   * @param sound whether it is in the encoding of the file; else it is read as Latin-1
   */
  record Row(long line, String text, boolean sound) {}

  /** Finds a row of a file that DuckDB has read without a fault so far. */
  Optional<Row> find(Place wanted) {
    return Optional.ofNullable(find(file, Set.of(wanted), place -> List.of()).get(wanted));
  }

  /**
   * Finds rows.
   *
   * @param from the file itself, or its mended copy
   * @param unreadBehind returns the next rows after a given one that DuckDB did not read, rising;
   *     none at the end
   */
  Map<Place, Row> find(Path from, Set<Place> wanted, LongFunction<List<Long>> unreadBehind) {
    Map<Place, Row> found = new HashMap<>();
    try (InputStream in = TextFile.bytes(from)) {
      ByteArrayOutputStream row = new ByteArrayOutputStream();
      MendedText text = new MendedText(in, dialect, blank, row);
      Deque<Long> unread = new ArrayDeque<>(unreadBehind.apply(0));
      long read = dialect.header() ? -1 : 0;
      boolean more = true;
      for (long place = 1; more && found.size() < wanted.size(); place++) {
        long line = text.lines() + 1;
        row.reset();
        more = text.row();
        int length = row.size() - (more ? 1 : 0); // Without the line end.
        if (!unread.isEmpty() && unread.getFirst() == place) {
          unread.removeFirst();
          if (unread.isEmpty()) {
            unread.addAll(unreadBehind.apply(place));
          }
        } else if (length > 0 || blank) {
          read++;
          keep(found, wanted, new Place(read, true), line, row, length);
        }
        keep(found, wanted, new Place(place, false), line, row, length);
      }
    } catch (IOException e) {
      throw TextFile.unreadable(from, e);
    }
    return found;
  }

  private void keep(
      Map<Place, Row> found,
      Set<Place> wanted,
      Place number,
      long line,
      ByteArrayOutputStream row,
      int length) {
    if (wanted.contains(number)) {
      found.putIfAbsent(number, decoded(line, Arrays.copyOf(row.toByteArray(), length)));
    }
  }

  private Row decoded(long line, byte[] row) {
    try {
      String text = dialect.charset().newDecoder().decode(ByteBuffer.wrap(row)).toString();
      return new Row(line, text, true);
    } catch (CharacterCodingException e) {
      return new Row(line, new String(row, ISO_8859_1), false);
    }
  }
}
