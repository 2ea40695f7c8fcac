package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.config.MalformedConfig.Policy;
import org.llm4msr.runtime.data.rows.RowException;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.runtime.scoring.ScoringReport;
import org.llm4msr.runtime.scoring.ScoringReport.RowProblem;
import org.llm4msr.runtime.scoring.ScoringRequest;

/** Rows that can and cannot be read, from files and maps to scores. */
class RowFilesTest {

  private static final String HEADER = "user,item,scenario,hour,price,tags\n";
  private static final String ROW = "3,i4,feed,7,9.5,a|b\n";

  @TempDir static Path folder;
  private static Path bundle;

  @BeforeAll
  static void train() throws IOException {
    SmallShop shop = SmallShop.write(folder, 1, 1000, 1200, 40, List.of("feed", "search", "home"));
    Experiment experiment = Experiment.fromYaml(shop.experiment(), SmallShop.PLAIN);
    experiment.prepare(false, Progress.NONE);
    bundle = experiment.train("one", Progress.NONE).bundle();
  }

  private static Map<String, Object> row(Object user) {
    return Map.of(
        "user",
        user,
        "item",
        "i4",
        "scenario",
        "feed",
        "hour",
        7,
        "price",
        9.5,
        "tags",
        List.of("a", "b"));
  }

  private static Path csv(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), HEADER + text);
  }

  private static ScoringRequest skipping(Path rows, Path out) {
    return new ScoringRequest(rows, out, List.of("user"), "|", false, Policy.SKIP, 2);
  }

  /** Row 1 is short, 3 long, 4 has no number, 6 no known scenario; 5 has a line break. */
  @Test
  void rowsThatCannotBeReadAreReportedAndTheOthersScored() throws IOException {
    Path rows =
        csv(
            "malformed.csv",
            ROW
                + "3,i4,feed\n"
                + ROW
                + "3,i4,feed,7,9.5,a,b,c\n"
                + "3,i4,feed,7,cheap,a\n"
                + "\"a\n"
                + "b\",i4,feed,,,\n"
                + "3,i4,mall,7,9.5,\n");
    Path out = folder.resolve("malformed.arrow");
    try (Scorer scorer = Scorer.load(bundle)) {
      ScoringReport report = scorer.score(skipping(rows, out), Progress.NONE);

      assertThat(report.rows()).isEqualTo(7);
      assertThat(report.malformed()).isEqualTo(4);
      assertThat(report.problems())
          .extracting(RowProblem::row, RowProblem::problem)
          .containsExactly(
              tuple(
                  1L,
                  "Row 1 has 3 values, but the header names 6 columns. Fix it, or leave it out."),
              tuple(
                  3L,
                  "Row 3 has 8 values, but the header names 6 columns. Fix it, or leave it out."),
              tuple(
                  4L,
                  "Column 'price' has 'cheap' in row 4; expected a number. Fix the row or leave the"
                      + " value empty."),
              tuple(
                  6L,
                  "Column 'scenario' has 'mall' in row 6; the model knows [feed, search, home]."
                      + " Leave such rows out, or train a model with this scenario."));
      assertThat(BundleTest.texts(out, "row")).containsExactly("0", "1", "2", "3", "4", "5", "6");
      assertThat(BundleTest.texts(out, "user"))
          .containsExactly("3", "3", "3", "3", "3", "a\nb", "3");
      List<String> scores = BundleTest.texts(out, "score");
      assertThat(scores).element(1).isEqualTo("null");
      assertThat(List.of(scores.get(3), scores.get(4), scores.get(6))).containsOnly("null");
      float whole = scorer.score(List.of(row(3)))[0];
      assertThat(Float.parseFloat(scores.get(0))).isEqualTo(whole, within(1e-6f));
      assertThat(Float.parseFloat(scores.get(2))).isEqualTo(whole, within(1e-6f));
      Map<String, Object> empty = new HashMap<>(row("a\nb"));
      List.of("hour", "price", "tags").forEach(column -> empty.put(column, null));
      assertThat(Float.parseFloat(scores.get(5)))
          .isEqualTo(scorer.score(List.of(empty))[0], within(1e-6f));
      assertThat(BundleTest.texts(out, "problem"))
          .element(1)
          .isEqualTo(
              "Row 1 has 3 values, but the header names 6 columns. Fix it, or leave it out.");

      Path asCsv = folder.resolve("malformed-scores.csv");
      scorer.score(skipping(rows, asCsv), Progress.NONE);
      assertThat(Files.readAllLines(asCsv))
          .contains("row,user,score,problem")
          .anyMatch(line -> line.startsWith("1,3,,\"Row 1 has 3 values"));
    }
  }

  @Test
  void mapsThatCannotBeReadHaveNoScore() {
    Map<String, Object> incomplete = new HashMap<>(row(3));
    incomplete.remove("hour");
    Map<String, Object> wrong = new HashMap<>(row(3));
    wrong.put("price", "cheap");
    List<RowException> malformed = new ArrayList<>();
    try (Scorer scorer = Scorer.load(bundle)) {
      float whole = scorer.score(List.of(row(3)))[0];

      float[] scores = scorer.score(List.of(incomplete, row(3), wrong, row(3)), malformed::add);

      assertThat(scores).containsExactly(Float.NaN, whole, Float.NaN, whole);
      assertThat(scorer.score(List.of())).isEmpty();
    }
    assertThat(malformed)
        .extracting(RowException::row, RowException::code)
        .containsExactly(tuple(0L, "data/MISSING_COLUMN"), tuple(2L, "data/BAD_VALUE"));
  }

  @Test
  void partsOfOtherSettingsAreNotGoneOnWith() throws IOException {
    Path rows = csv("parts.csv", ROW.repeat(3));
    Path out = folder.resolve("parts.arrow");
    ScoringRequest request = new ScoringRequest(rows, out, List.of(), "|", false, Policy.STRICT, 1);
    Progress stop =
        (done, total) -> {
          throw new IllegalStateException("stopped");
        };
    try (Scorer first = Scorer.load(bundle)) {
      assertThatThrownBy(() -> first.score(request, stop)).hasMessageContaining("stopped");
    }
    assertThat(folder.resolve("parts.arrow.parts")).isNotEmptyDirectory();
    try (Scorer other = Scorer.load(bundle, "missing=zero")) {
      assertThatThrownBy(() -> other.score(request, Progress.NONE))
          .hasMessageContaining("score/OTHER_JOB");
    }
  }
}
