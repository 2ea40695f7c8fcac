package org.llm4msr.runtime.data.preparation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.data.LeftOutRows;

class LeftOutReportTest {

  @ParameterizedTest
  @CsvSource({
    "a.parquet, row",
    "b/c.arrow, row",
    "d.arrows, row",
    "e.feather, row",
    "f.csv, line",
    "g.parquet.gz, line",
    "h.dat, line"
  })
  void columnarFilesHaveRowsAndOthersLines(String file, String word) {
    assertThat(LeftOutReport.location(new LeftOutRows.Example(file, 5, "user", "")))
        .isEqualTo(file + ", " + word + " 5");
  }
}
