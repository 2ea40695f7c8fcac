package org.llm4msr.runtime.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.data.inspection.LeakCheck;
import org.llm4msr.runtime.data.inspection.PreparedSummary;
import org.llm4msr.runtime.data.inspection.PreparedSummary.Labels;
import org.llm4msr.runtime.data.inspection.PreparedSummary.Overlap;
import org.llm4msr.runtime.data.inspection.PreparedSummary.Part;

class DataTablesTest {

  @Test
  void aTextHasTheTablesThatHaveRowsBelowASummary() {
    PreparedSummary summary =
        new PreparedSummary(
            "movies",
            "k3y",
            "by time",
            "rating above 3",
            1_200,
            1_000,
            50,
            List.of(new Part("train", new Labels(8, 2, 6, null, .25, null), 0, null, null, null)),
            List.of(),
            new Overlap(List.of(), List.of()),
            List.of(),
            List.of(),
            List.of(
                new LeakCheck("same rows", 3L, "rows of two parts"),
                new LeakCheck("later rows", null, "rows have no time")),
            List.of());

    assertThat(new DataTables(summary).text())
        .isEqualTo(
            """
            movies: 1,200 users (1,000 in training), 50 items; label rating above 3; split by time

            Parts
            part   rows  logged  drawn negatives  positive  of new users  of new items  time
            train     8       -                -   25.00 %        0.00 %             -  -

            Leaks between the parts
            check       state        found  what is counted
            same rows   found            3  rows of two parts
            later rows  not checked      -  rows have no time
            """);
  }
}
