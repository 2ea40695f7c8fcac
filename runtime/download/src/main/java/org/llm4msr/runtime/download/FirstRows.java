package org.llm4msr.runtime.download;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.writer.CsvWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The first rows of a CSV file of which only the beginning was downloaded. */
final class FirstRows {

  private FirstRows() {}

  /**
   * Writes header and first rows.
   *
   * @param start of the file; its last row may be cut, unless it is whole
   * @param whole whether the file ends there
   * @return how many rows were written
   */
  static int write(String start, boolean whole, int rows, Path target) throws IOException {
    List<CsvRecord> records = read(start, rows + 2);
    if (!whole && records.size() < rows + 2 && !records.isEmpty()) {
      records.remove(records.size() - 1);
    }
    List<CsvRecord> kept = records.subList(0, Math.min(rows + 1, records.size()));
    try (CsvWriter file = CsvWriter.builder().build(target)) {
      for (CsvRecord row : kept) {
        file.writeRecord(row.getFields());
      }
    }
    return Math.max(kept.size() - 1, 0);
  }

  private static List<CsvRecord> read(String start, int most) throws IOException {
    List<CsvRecord> records = new ArrayList<>();
    try (CsvReader<CsvRecord> reader = CsvReader.builder().ofCsvRecord(start)) {
      for (CsvRecord row : reader) {
        records.add(row);
        if (records.size() == most) {
          break;
        }
      }
    } catch (CsvParseException e) {
      throw new IOException("it is no CSV: " + e.getMessage(), e);
    }
    return records;
  }
}
