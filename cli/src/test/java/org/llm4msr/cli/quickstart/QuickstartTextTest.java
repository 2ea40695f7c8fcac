package org.llm4msr.cli.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.llm4msr.cli.quickstart.Quickstart.Comparison;
import org.llm4msr.cli.quickstart.Quickstart.Row;

/** What the quickstart says in words. */
class QuickstartTextTest {

  private static final Row NEW_ITEMS = new Row("new items", 250, .61, .62, null, null);

  /** .72 is two thirds of the way from .7 to .73. */
  @Test
  void aComparisonHasTheReachedShareOfThePossibleGain() {
    Comparison comparison =
        new Comparison(
            new Row("overall", 50_000, .7, .71, .72, .73),
            List.of(new Row("feed", 1_234, .70004, .7, .7, .75)),
            NEW_ITEMS,
            .7299);

    assertThat(comparison.text())
        .isEqualTo(
            """
            scenario     rows  plain AUC  + users, scenarios  + items, histories  Bayes AUC
            feed        1,234     0.7000              0.7000              0.7000     0.7500
            overall    50,000     0.7000              0.7100              0.7200     0.7300
            new items     250     0.6100              0.6200                   -          -
            All levels close 67 % of the distance from plain to Bayes. Who knows each user's taste and\
             reads the texts of items alone has AUC 0.7299.
            """);
  }

  @Test
  void withoutTheTruthThereIsOnlyTheTable() {
    Row overall = new Row("overall", 50_000, .7, .71, .72, null);

    assertThat(new Comparison(overall, List.of(), NEW_ITEMS, null).text()).hasLineCount(3);
    assertThat(new Comparison(overall, List.of(), NEW_ITEMS, .73).text()).hasLineCount(3);
  }

  @Test
  void theStepsAreWordsOfAShell() {
    Properties generator = new Properties();
    generator.setProperty("name", "kuaisar");
    Quickstart quickstart = new Quickstart(Path.of("Bob's work"), generator);

    assertThat(quickstart.steps(12_000, List.of("training.epochs=1", "note=a b")))
        .isEqualTo(
            """

            The same, step by step (each step skips what is already done):
              llm4msr data generate kuaisar --out 'Bob'\\''s work/raw' -Dinteractions=12000
              llm4msr data prepare ALL
              llm4msr knowledge extract ALL
              llm4msr train PLAIN --run mine && llm4msr evaluate PLAIN --run mine
              llm4msr train ENHANCED --run mine-enhanced && llm4msr evaluate ENHANCED --run mine-enhanced
              llm4msr train ALL --run mine-all && llm4msr evaluate ALL --run mine-all
            With the vectors of others, the gain disappears:
              llm4msr train ALL -Dknowledge.control=shuffled --run shuffled
              llm4msr evaluate ALL --run shuffled
            """
                .replace("ALL", file("all-levels"))
                .replace("PLAIN", file("plain"))
                .replace("ENHANCED", file("enhanced")));
  }

  private static String file(String name) {
    return "'Bob'\\''s work/%s.yaml' -Dtraining.epochs=1 '-Dnote=a b'".formatted(name);
  }
}
