package ${package};

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.RawSchema;

/**
 * The lines of a log as Arrow batches. A line has the time in seconds since 1970, the user, the
 * item, the page and whether it was clicked (0 or 1), with tabs between them; the first line has
 * the names.
 */
final class ${className}Rows extends ArrowReader {

  static final String HOUR = "hour";
  static final List<String> COLUMNS = List.of("time", "user", "item", "page", "clicked");

  private static final int BATCH = 4096;
  private static final long LATEST = 7_258_118_400L; // The year 2200.
  private static final Schema SCHEMA =
      new Schema(
          List.of(
              text(RawSchema.USER),
              text(RawSchema.ITEM),
              text(RawSchema.SCENARIO),
              number(RawSchema.LABEL, 32),
              number(RawSchema.TIME, 64),
              number(HOUR, 32)));

  private final Path file;
  private final BufferedReader lines;
  private long line;

  ${className}Rows(Path file, BufferAllocator allocator) throws IOException {
    super(allocator);
    this.file = file;
    lines = Files.newBufferedReader(file);
  }

  private static Field text(String name) {
    return Field.notNullable(name, ArrowType.Utf8.INSTANCE);
  }

  private static Field number(String name, int bits) {
    return Field.notNullable(name, new ArrowType.Int(bits, true));
  }

  @Override
  protected Schema readSchema() {
    return SCHEMA;
  }

  @Override
  public boolean loadNextBatch() throws IOException {
    prepareLoadNextBatch();
    VectorSchemaRoot root = getVectorSchemaRoot();
    root.allocateNew();
    int row = 0;
    while (row < BATCH) {
      String text = lines.readLine();
      if (text == null) {
        break;
      }
      String[] values = text.split("\t", -1);
      if (++line == 1) {
        if (!List.of(values).equals(COLUMNS)) {
          throw malformed("the columns must be " + String.join(", ", COLUMNS));
        }
      } else {
        set(root, row++, values);
      }
    }
    root.setRowCount(row);
    return row > 0;
  }

  private void set(VectorSchemaRoot root, int row, String[] values) {
    if (values.length != COLUMNS.size()) {
      throw malformed("it has %d columns in place of %d".formatted(values.length, COLUMNS.size()));
    }
    long seconds = seconds(values[0]);
    ((BigIntVector) root.getVector(RawSchema.TIME)).setSafe(row, seconds * 1000);
    ((IntVector) root.getVector(HOUR)).setSafe(row, (int) (seconds / 3600 % 24));
    setText(root, RawSchema.USER, row, values[1]);
    setText(root, RawSchema.ITEM, row, values[2]);
    setText(root, RawSchema.SCENARIO, row, values[3]);
    if (!values[4].equals("0") && !values[4].equals("1")) {
      throw malformed("clicked", values[4], "0 or 1");
    }
    ((IntVector) root.getVector(RawSchema.LABEL)).setSafe(row, Integer.parseInt(values[4]));
  }

  private long seconds(String text) {
    try {
      long seconds = Long.parseLong(text);
      if (seconds >= 0 && seconds < LATEST) {
        return seconds;
      }
    } catch (NumberFormatException e) {
      throw malformed("time", text, "a number of seconds since 1970");
    }
    throw malformed("time", text, "between the years 1970 and 2200");
  }

  private void setText(VectorSchemaRoot root, String column, int row, String value) {
    if (value.isBlank()) {
      throw malformed(column.equals(RawSchema.SCENARIO) ? "page" : column, value, "a text");
    }
    ((VarCharVector) root.getVector(column)).setSafe(row, value.getBytes(UTF_8));
  }

  private MsrException malformed(String column, String value, String rule) {
    return malformed("column '%s' has '%s', which is not %s".formatted(column, value, rule));
  }

  private MsrException malformed(String problem) {
    return new MsrException(
        ErrorType.DATA,
        "${artifactId}/MALFORMED_ROW",
        "%s, line %d: %s. Fix or remove the line.".formatted(file, line, problem));
  }

  @Override
  public long bytesRead() {
    return 0;
  }

  @Override
  protected void closeReadSource() throws IOException {
    lines.close();
  }
}
