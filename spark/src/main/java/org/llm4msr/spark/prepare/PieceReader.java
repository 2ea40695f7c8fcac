package org.llm4msr.spark.prepare;

import static java.util.Objects.requireNonNull;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.spark.sql.Row;
import org.llm4msr.spark.home.ShippedFolder;
import org.llm4msr.spark.home.WorkFolder;

/**
 * Reads pieces of the log with the reader of the runtime.
 *
 * @param files text of the log, by {@link LogFile#key}
 * @param plan the configuration
 * @param folder of the raw files
 */
record PieceReader(Nodes nodes, Map<String, LogFile> files, ShippedFolder plan, String folder)
    implements Serializable {

  /** Reads a file as one piece. */
  Piece read(LogFile file) {
    try (WorkFolder work = WorkFolder.make()) {
      Path piece =
          file.kind() == LogFile.Kind.STAGED
              ? nodes.staging().get(file.place(), work.path())
              : Path.of(file.place());
      return read(file, 0, piece, work);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads lines: of some pieces one after another, each in order.
   *
   * @param lines rows of the line's bytes, the URL of the file, and where the piece begins in it
   */
  Iterator<Piece> read(Iterator<Row> lines) {
    List<Piece> pieces = new ArrayList<>();
    try {
      Row next = lines.hasNext() ? lines.next() : null;
      while (next != null) {
        String url = next.getString(1);
        long start = next.getLong(2);
        String key = LogFile.key(LogFile.place(url));
        LogFile file = requireNonNull(files.get(key), "a file of the log");
        try (WorkFolder work = WorkFolder.make()) {
          Path piece = work.path().resolve("piece" + file.ending());
          try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(piece))) {
            if (start > 0 && file.header().length > 0) {
              out.write(file.header());
              out.write('\n');
            }
            while (next != null && next.getString(1).equals(url) && next.getLong(2) == start) {
              out.write(next.<byte[]>getAs(0));
              out.write('\n');
              next = lines.hasNext() ? lines.next() : null;
            }
          }
          pieces.add(read(file, start, piece, work));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return pieces.iterator();
  }

  private Piece read(LogFile file, long start, Path piece, WorkFolder work) throws IOException {
    Path rows = work.path().resolve("rows.parquet");
    Path columns = work.path().resolve("columns.parquet");
    Map<String, Object> call = new HashMap<>();
    call.put("piece", piece.toString());
    call.put("of", file.name());
    call.put(
        "shown", start == 0 ? file.name() : "%s, from byte %d on".formatted(file.name(), start));
    call.put("part", file.part());
    call.put("file", file.number());
    call.put("start", start);
    call.put("rows", rows.toString());
    call.put("columns", columns.toString());
    call.put("scratch", work.folder("reading").toString());
    Function<Object, Object> reading = nodes.reading(plan, folder);
    long count = (Long) reading.apply(call);
    nodes.staging().put(rows, Piece.name(Piece.ROWS, file.number(), start));
    if (Files.exists(columns)) {
      nodes.staging().put(columns, Piece.name(Piece.COLUMNS, file.number(), start));
    }
    return new Piece(file.number(), start, count);
  }
}
