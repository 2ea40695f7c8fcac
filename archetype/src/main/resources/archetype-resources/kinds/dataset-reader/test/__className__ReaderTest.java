package ${package};

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.tck.DatasetReaderConformance;
import org.llm4msr.tck.MalformedRow;

class ${className}ReaderTest {

  private static final String HEADER = String.join("\t", ${className}Rows.COLUMNS) + "\n";

  /** The rules that every reader keeps. */
  @Nested
  class WithDefaults extends DatasetReaderConformance {
    @Override
    protected DatasetReaderFactory<?> factory() {
      return new ${className}ReaderFactory();
    }

    @Override
    protected void write(Path folder, long interactions) throws IOException {
      try (Writer out = Files.newBufferedWriter(folder.resolve("log.tsv"))) {
        out.write(HEADER);
        for (long i = 0; i < interactions; i++) {
          out.write(1_700_000_000 + i + "\tu" + i % 7 + "\ti" + i % 5);
          out.write("\tpage " + i % 2 + "\t" + i % 3 / 2 + "\n");
        }
      }
    }

    @Override
    protected MalformedRow spoil(Path folder) throws IOException {
      Path log = folder.resolve("log.tsv");
      List<String> lines = new ArrayList<>(Files.readAllLines(log));
      lines.set(8, lines.get(8).replaceFirst("[0-9]+", "never"));
      Files.write(log, lines);
      return new MalformedRow("log.tsv", 9, "time", "never");
    }
  }

  @TempDir Path folder;

  /** The results of this reader. */
  @Test
  void givesARowForEachLine() throws IOException {
    Files.writeString(
        folder.resolve("log.tsv"), HEADER + "7260\tann\tx\thome\t1\n93600\tben\ty\tsearch\t0\n");

    assertEquals(
        List.of("ann x home 1 7260000 2", "ben y search 0 93600000 2"), read(), "rows in words");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "7260,ann,x,home      | it has 4 columns in place of 5",
        "7260,ann,x,home,2    | column 'clicked' has '2', which is not 0 or 1",
        "7260,,x,home,1       | column 'user' has '', which is not a text",
        "7e3,ann,x,home,1     | column 'time' has '7e3', which is not a number of seconds",
        "7258118400,a,x,h,1   | which is not between the years 1970 and 2200"
      })
  void namesTheLineOfAMalformedRow(String row, String problem) throws IOException {
    Files.writeString(folder.resolve("log.tsv"), HEADER + row.replace(',', '\t') + "\n");

    MsrException error = assertThrows(MsrException.class, this::read);

    assertTrue(error.getMessage().contains("log.tsv, line 2: "), error.getMessage());
    assertTrue(error.getMessage().contains(problem), error.getMessage());
  }

  @Test
  void refusesOtherColumns() throws IOException {
    Files.writeString(folder.resolve("log.tsv"), "user\titem\n");

    MsrException error = assertThrows(MsrException.class, this::read);

    assertTrue(
        error.getMessage().contains("the columns must be time, user, item, page, clicked"),
        error.getMessage());
  }

  private List<String> read() throws IOException {
    List<String> rows = new ArrayList<>();
    ${className}ReaderConfig config = new ${className}ReaderConfig(Path.of("log.tsv"));
    try (${className}Reader reader = new ${className}Reader(config, folder);
        BufferAllocator allocator = new RootAllocator();
        ArrowReader batches = reader.open(RawTable.INTERACTIONS, allocator)) {
      while (batches.loadNextBatch()) {
        List<FieldVector> columns = batches.getVectorSchemaRoot().getFieldVectors();
        for (int row = 0; row < batches.getVectorSchemaRoot().getRowCount(); row++) {
          List<String> values = new ArrayList<>();
          for (FieldVector column : columns) {
            values.add(column.getObject(row).toString());
          }
          rows.add(String.join(" ", values));
        }
      }
    }
    return rows;
  }
}
