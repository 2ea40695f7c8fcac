package org.llm4msr.plugins.datasets.input;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import de.siegmar.fastcsv.reader.AbstractBaseCsvCallbackHandler;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import de.siegmar.fastcsv.reader.RecordType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a delimited file as text, see {@link TextInput}.
 *
 * @param columns all columns of the file
 * @param read those whose values are given
 * @param whole those of them whose values are mostly whole numbers, see {@link #textOf}
 * @param strict whether a row with a fault ends the reading
 * @param shown whether the beginning of the whole row is given too
 */
public record CsvRows(
    Path file,
    Dialect dialect,
    List<String> columns,
    Collection<String> read,
    Set<String> whole,
    boolean strict,
    boolean shown)
    implements TextInput {

  /** The beginning of the whole row. */
  public static final String ROW = "(row)";

  /** The number of characters of a row that are shown. */
  static final int SHOWN = 100;

  /** A character that stands for no byte. */
  private static final char NO_QUOTE = '\uffff';

  private static final String OPEN_QUOTE = "a quoted value does not end where its column does.";

  /** Returns the values of a line, or nothing if its quotes do not end. */
  public static Optional<List<String>> values(String line, Dialect dialect) {
    try {
      return Optional.of(tokens(dialect, dialect.delimiter()).ofSingleCsvRecord(line).getFields());
    } catch (CsvParseException e) {
      return Optional.empty();
    }
  }

  /** Returns the name of the column of the texts that are not just digits. */
  public static String textOf(String column) {
    return "text of " + column;
  }

  private static CsvReader.CsvReaderBuilder tokens(Dialect dialect, String delimiter) {
    return CsvReader.builder()
        .fieldSeparator(delimiter)
        .quoteCharacter(dialect.quote().isEmpty() ? NO_QUOTE : dialect.quote().charAt(0))
        .extraFieldStrategy(FieldMismatchStrategy.IGNORE)
        .missingFieldStrategy(FieldMismatchStrategy.IGNORE)
        .allowUnclosedQuote(false);
  }

  @Override
  public ArrowReader open(BufferAllocator allocator) {
    Map<String, BatchColumn> values = new LinkedHashMap<>();
    for (String name : read) {
      values.put(
          name,
          whole.contains(name)
              ? new WholeColumn(name, TextBatch.MOST_ROWS, dialect.charset())
              : new TextBatchColumn(name, TextBatch.MOST_ROWS, dialect.charset()));
    }
    try {
      return new Batches(values, new TextBatchColumn(ROW, TextBatch.MOST_ROWS, UTF_8), allocator);
    } catch (IOException e) {
      throw TextFile.unreadable(file, e);
    }
  }

  private final class Batches extends TextBatches {
    private final RowSource source = new RowSource(TextFile.bytes(file));
    private final Handler handler;
    private Iterator<Boolean> rows;

    Batches(Map<String, BatchColumn> values, TextBatchColumn row, BufferAllocator allocator)
        throws IOException {
      super(
          file(),
          new TextBatch(
              Stream.concat(values.values().stream(), shown ? Stream.of(row) : Stream.of())
                  .toList()),
          strict,
          allocator);
      handler = new Handler(batch, values, row, source);
      rows = rows();
    }

    private Iterator<Boolean> rows() {
      String delimiter = new String(dialect.delimiter().getBytes(dialect.charset()), ISO_8859_1);
      return tokens(dialect, delimiter)
          .skipEmptyLines(false) // In files of one column, they are rows.
          .maxBufferSize(2 * TextBatch.LONGEST_ROW)
          .build(handler, source)
          .iterator();
    }

    @Override
    boolean readRow() throws IOException {
      try {
        return rows.hasNext() && rows.next();
      } catch (UncheckedIOException e) {
        throw e.getCause();
      } catch (CsvParseException e) {
        handler.skipLine();
        rows = rows();
        return true;
      }
    }

    @Override
    protected void closeReadSource() throws IOException {
      source.close();
    }
  }

  /** Takes the fields that FastCSV finds. */
  private final class Handler extends AbstractBaseCsvCallbackHandler<Boolean> {
    private final TextBatch batch;
    private final @Nullable BatchColumn[] values;
    private final TextBatchColumn rows;
    private final RowSource source;
    private final StringBuilder row = new StringBuilder();
    private boolean header = dialect.header();
    private long skipped;
    private long size;
    private boolean sound;

    Handler(
        TextBatch batch, Map<String, BatchColumn> values, TextBatchColumn rows, RowSource source) {
      this.batch = batch;
      this.values = columns.stream().map(values::get).toArray(BatchColumn[]::new);
      this.rows = rows;
      this.source = source;
    }

    private long line() {
      return skipped + getStartingLineNumber();
    }

    @Override
    protected void handleBegin(long line) {
      source.begin(line());
      batch.begin();
      row.setLength(0);
      size = 0;
      sound = true;
    }

    @Override
    protected void handleField(int index, char[] text, int from, int length, boolean quoted) {
      size += length + 1;
      BatchColumn column = index < values.length ? values[index] : null;
      if (column != null) {
        sound &= column.set(batch.row(), text, from, length);
      }
      if (shown && row.length() < SHOWN) {
        show(index, new String(text, from, Math.min(length, SHOWN)), quoted);
      }
    }

    private void show(int index, String value, boolean quoted) {
      row.append(index == 0 ? "" : dialect.delimiter());
      String quote = dialect.quote();
      row.append(quoted ? quote + value.replace(quote, quote + quote) + quote : value);
    }

    @Override
    protected void handleEmpty() {
      handleField(0, new char[0], 0, 0, false);
    }

    @Override
    protected @Nullable Boolean buildRecord() {
      boolean blank = getRecordType() == RecordType.EMPTY && columns.size() > 1;
      if (header || blank) {
        header &= blank;
        return null;
      }
      String fault = fault();
      if (fault != null) {
        batch.fault(fault);
      }
      end(line());
      return true;
    }

    private @Nullable String fault() {
      if (getFieldCount() != columns.size()) {
        return "the row has %d columns, %s %d."
            .formatted(getFieldCount(), dialect.header() ? "the header" : "not", columns.size());
      }
      return size > TextBatch.LONGEST_ROW ? TextBatch.TOO_LONG : sound ? null : NOT_UTF_8;
    }

    private void end(long line) {
      if (shown) {
        rows.set(batch.row(), decoded(row.toString()));
      }
      batch.end(line, size);
    }

    /** Decodes what can be cut off within a character. */
    private String decoded(String bytes) {
      return new String(bytes.getBytes(ISO_8859_1), dialect.charset());
    }

    /** Takes the first line of a row that cannot be tokenized for a row. */
    void skipLine() throws IOException {
      long line = line();
      row.setLength(0);
      long length = source.skipLine(row, SHOWN);
      batch.begin();
      batch.fault(length > TextBatch.LONGEST_ROW ? TextBatch.TOO_LONG : OPEN_QUOTE);
      end(line);
      skipped = line;
      header = false;
    }
  }
}
