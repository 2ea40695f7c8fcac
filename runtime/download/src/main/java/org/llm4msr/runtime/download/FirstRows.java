package org.llm4msr.runtime.download;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVPrinter;
import org.apache.commons.csv.CSVRecord;

/** The first rows of a CSV file of which only the beginning was downloaded. */
final class FirstRows {

  /** A cut may leave a quote open. */
  private static final CSVFormat FORMAT = CSVFormat.RFC4180.builder().setLenientEof(true).get();

  private FirstRows() {}

  /**
   * Writes header and first rows.
   *
   * @param start of the file; its last row may be cut, unless it is whole
   * @param whole whether the file ends there
   * @return how many rows were written
   */
  static int write(String start, boolean whole, int rows, Path target) throws IOException {
    List<CSVRecord> records;
    try (CSVParser parser = CSVParser.parse(start, FORMAT)) {
      records = parser.stream().limit(rows + 2L).toList();
    }
    int complete = whole || records.size() == rows + 2 ? records.size() : records.size() - 1;
    int kept = Math.max(Math.min(complete, rows + 1), 0);
    try (CSVPrinter file = FORMAT.print(target, UTF_8)) {
      file.printRecords(records.subList(0, kept));
    }
    return Math.max(kept - 1, 0);
  }
}
