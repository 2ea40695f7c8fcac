package org.llm4msr.tck.zoo;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.data.RawField;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;

/**
 * Reads {@code log.txt} of numbers: user, item, scenario, label, time. Each flaw overrides one
 * method.
 */
class SoundReader implements DatasetReader {

  static final List<String> COLUMNS =
      List.of(RawSchema.USER, RawSchema.ITEM, RawSchema.SCENARIO, RawSchema.LABEL, RawSchema.TIME);
  static final RawField USER_FIELD =
      new RawField(
          "user",
          RawTable.INTERACTIONS,
          RawSchema.USER,
          FieldRole.USER,
          new FieldKind.Categorical());

  private Path log;

  /** Looks for the file. */
  void start(DatasetContext context) {
    log = context.folder().resolve("log.txt");
    if (!Files.isRegularFile(log)) {
      throw notFound(log);
    }
  }

  MsrException notFound(Path missing) {
    return new MsrException(ErrorType.DATA, "zoo/NO_FILE", "no file " + missing);
  }

  Path log() {
    return log;
  }

  @Override
  public RawSchema schema() {
    return schema(List.of(RawTable.INTERACTIONS, RawTable.USERS), List.of(USER_FIELD));
  }

  static RawSchema schema(List<RawTable> tables, List<RawField> fields) {
    return new RawSchema(tables, fields, true, false, List.of(), List.of(), "label = 1");
  }

  @Override
  public List<RawScenario> scenarios() {
    return List.of(new RawScenario("0", "home", ""), new RawScenario("1", "search", ""));
  }

  @Override
  public List<Path> sources() {
    return List.of(log);
  }

  @Override
  public ArrowReader open(RawTable table, BufferAllocator allocator) throws IOException {
    if (table == RawTable.USERS) {
      return new NumberReader(allocator, List.of(RawSchema.USER), users().iterator());
    }
    BufferedReader lines = Files.newBufferedReader(log);
    return new NumberReader(allocator, COLUMNS, rows(lines)) {
      @Override
      protected void closeReadSource() throws IOException {
        lines.close();
      }
    };
  }

  Iterator<long[]> rows(BufferedReader lines) throws IOException {
    return new Lines(lines);
  }

  List<long[]> users() {
    return List.of(new long[] {0}, new long[] {1}, new long[] {2});
  }

  /** Returns the values of a line. */
  long[] row(long number, String line) {
    String[] parts = line.split(" ");
    long[] values = new long[parts.length];
    for (int i = 0; i < parts.length; i++) {
      try {
        values[i] = Long.parseLong(parts[i]);
      } catch (NumberFormatException e) {
        throw malformed(number, COLUMNS.get(i), parts[i]);
      }
    }
    return values;
  }

  RuntimeException malformed(long line, String column, String value) {
    return new MsrException(
        ErrorType.DATA,
        "zoo/MALFORMED",
        "log.txt, line %d: %s has '%s'".formatted(line, column, value));
  }

  @Override
  public void close() {}

  /** The rows of the file, one by one. */
  private final class Lines implements Iterator<long[]> {
    private final BufferedReader lines;
    private long number;
    private String next;

    Lines(BufferedReader lines) throws IOException {
      this.lines = lines;
      next = lines.readLine();
    }

    @Override
    public boolean hasNext() {
      return next != null;
    }

    @Override
    public long[] next() {
      try {
        long[] row = row(++number, next);
        next = lines.readLine();
        return row;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
