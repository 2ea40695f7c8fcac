package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.inject.Guice;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.compare.Comparison;
import org.llm4msr.runtime.compare.ComparisonResult;
import org.llm4msr.runtime.compare.ComparisonResult.Model;
import org.llm4msr.runtime.compare.ComparisonResult.Score;
import org.llm4msr.runtime.compare.ComparisonView;
import org.llm4msr.runtime.compare.Comparisons;
import org.llm4msr.runtime.compare.LabModule;
import org.llm4msr.runtime.compare.TableWriter;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.RuntimeModule;
import org.slf4j.LoggerFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/** A grid of two backbones, two heads and two seeds, and what goes wrong in one. */
class ComparisonTest {

  @TempDir static Path folder;
  private static SmallShop shop;
  private static Comparisons comparisons;
  private static ComparisonResult result;

  @BeforeAll
  static void compare() throws IOException {
    shop = SmallShop.write(folder, 1, 1000, 1500, 90, List.of("feed", "search", "home"));
    comparisons =
        Guice.createInjector(new LabModule(new RuntimeModule())).getInstance(Comparisons.class);
    result = grid();
  }

  private static ComparisonResult grid() throws IOException {
    return open(
            "grid",
            "backbones: [shared-bottom, {name: mmoe, experts: 3}]",
            "fusions: [none, hierarchical]",
            "seeds: [1, 2]",
            "settings: {training.epochs: 1}")
        .run(Split.TEST, ComparisonView.NONE);
  }

  private static Comparison open(String name, String... lines) throws IOException {
    Path file = folder.resolve(name + ".yaml");
    Files.writeString(file, "experiments: [experiment.yaml]\n" + String.join("\n", lines) + "\n");
    return comparisons.open(file, List.of());
  }

  @Test
  void tellsWhatItsFileHasToSay() throws IOException {
    assertThat(open("noted", "note: Go on.").note()).isEqualTo("Go on.");
    assertThat(open("silent").note()).isNull();
  }

  @Test
  void hasEachModelWithTheAucThatItsRunsHaveAlone() {
    assertThat(result.axes()).containsExactly("backbone", "fusion");
    assertThat(result.columns().stream().map(ComparisonResult.Column::name))
        .containsExactlyInAnyOrder("feed", "search", "home", "overall");
    assertThat(result.models().stream().map(Model::labels))
        .containsExactly(
            List.of("shared-bottom", "none"),
            List.of("shared-bottom", "hierarchical"),
            List.of("mmoe (experts 3)", "none"),
            List.of("mmoe (experts 3)", "hierarchical"));
    double sum = 0;
    for (int seed = 1; seed <= 2; seed++) {
      Experiment alone =
          Experiment.fromYaml(
              shop.experiment(),
              "model.backbone={name: mmoe, experts: 3}",
              "model.fusion=none",
              "training.epochs=1",
              "training.seed=" + seed);
      alone.train("alone-" + seed, Progress.NONE);
      sum +=
          alone.evaluate("alone-" + seed, Split.TEST, null, Progress.NONE).result().overall().auc();
    }
    Score overall = result.models().get(2).scores().get(3);
    assertThat(overall.value()).isCloseTo(sum / 2, within(1e-12));
    assertThat(overall.seeds()).isEqualTo(2);
  }

  @Test
  void comparesWithTheFirstOfEachGroupAndMarksTheBest() {
    for (int first = 0; first < 4; first += 2) {
      Model baseline = result.models().get(first);
      Model other = result.models().get(first + 1);
      assertThat(baseline.baseline()).isTrue();
      assertThat(other.baseline()).isFalse();
      for (int column = 0; column < 4; column++) {
        Score baselineScore = baseline.scores().get(column);
        Score otherScore = other.scores().get(column);
        assertThat(baselineScore.difference()).isNull();
        assertThat(otherScore.difference().mean())
            .isCloseTo(otherScore.value() - baselineScore.value(), within(1e-12));
        assertThat(otherScore.difference().sameRows()).isBetween(0.0, 1.0);
        assertThat(otherScore.difference().tTest()).isBetween(0.0, 1.0);
        assertThat(baselineScore.best()).isEqualTo(baselineScore.value() >= otherScore.value());
      }
    }
  }

  @Test
  void controlsJoinTheModelsThatAreThere() throws IOException {
    List<Path> evaluations = files("evaluation-test.json");
    ComparisonResult controlled =
        open(
                "controlled",
                "backbones: [shared-bottom, {name: mmoe, experts: 3}]",
                "fusions: [none, hierarchical]",
                "controls: [shuffled]",
                "seeds: [1]",
                "settings: {training.epochs: 1}")
            .run(Split.TEST, ComparisonView.NONE);

    assertThat(controlled.failures()).isEmpty();
    assertThat(controlled.axes()).containsExactly("backbone", "fusion", "control");
    assertThat(controlled.models().stream().map(Model::labels))
        .containsExactly(
            List.of("shared-bottom", "none", ""),
            List.of("shared-bottom", "hierarchical", ""),
            List.of("shared-bottom", "hierarchical", "shuffled"),
            List.of("mmoe (experts 3)", "none", ""),
            List.of("mmoe (experts 3)", "hierarchical", ""),
            List.of("mmoe (experts 3)", "hierarchical", "shuffled"));
    assertThat(result.models().get(1).runs()).containsAll(controlled.models().get(1).runs());
    assertThat(auc(controlled, 2)).isNotEqualTo(auc(controlled, 1));
    assertThat(controlled.models().get(2).scores().get(3).difference().mean())
        .as("from the model without knowledge")
        .isCloseTo(auc(controlled, 2) - auc(controlled, 0), within(1e-12));
    Score control = controlled.models().get(2).scores().get(3);
    assertThat(control.rest().knowledge())
        .isCloseTo(auc(controlled, 1) - auc(controlled, 2), within(1e-12));
    assertThat(controlled.models().get(1).scores().get(3).rest()).isNull();
    assertThat(files("evaluation-test.json"))
        .as("one more for each backbone")
        .hasSize(evaluations.size() + 2);
    assertThat(new TableWriter(controlled).markdown())
        .contains("| backbone | fusion | control | ")
        .contains("\n- shuffled: each key reads the vector of another.")
        .doesNotContain("No control:");
    assertThat(new TableWriter(result).markdown())
        .contains("No control: what shared-bottom + hierarchical, mmoe (experts 3) + hierarchical")
        .contains("Still improving at the last step: shared-bottom + none (2 of 2 runs), ");
  }

  private static double auc(ComparisonResult table, int model) {
    return table.models().get(model).scores().get(3).value();
  }

  @Test
  void goesOnWhereItStoppedAndKeepsNoModels() throws IOException {
    List<Path> evaluations = files("evaluation-test.json");
    List<FileTime> before = new ArrayList<>();
    for (Path file : evaluations) {
      before.add(Files.getLastModifiedTime(file));
    }
    Files.delete(evaluations.get(0));

    ComparisonResult again = grid();

    assertThat(again.models().stream().map(Model::scores))
        .isEqualTo(result.models().stream().map(Model::scores).toList());
    for (int i = 1; i < evaluations.size(); i++) {
      assertThat(Files.getLastModifiedTime(evaluations.get(i))).isEqualTo(before.get(i));
    }
    assertThat(folder.resolve("work/runs").toFile().list((runs, name) -> name.startsWith("mmoe")))
        .allSatisfy(
            name ->
                assertThat(folder.resolve("work/runs").resolve(name).resolve("bundle"))
                    .doesNotExist());
  }

  @Test
  void tellsOnceOfRunsThatOtherCodeTrained() throws IOException {
    for (Path provenance : files("provenance.json")) {
      String text = Files.readString(provenance);
      Files.writeString(
          provenance,
          text.replaceFirst("(\"mmoe\".*\\R.*\\R *\"digest\" : \")[0-9a-f]{12}", "$1000000000000"));
    }
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    Logger logger = (Logger) LoggerFactory.getLogger("org.llm4msr.runtime.compare.Runs");
    logger.addAppender(log);
    try {
      assertThat(grid().models().stream().map(Model::scores))
          .isEqualTo(result.models().stream().map(Model::scores).toList());
    } finally {
      logger.detachAppender(log);
    }
    assertThat(log.list)
        .singleElement()
        .asString()
        .contains("Runs that were measured before, such as mmoe")
        .contains("the backbone mmoe was version ")
        .contains(" with the digest 000000000000, and is now ")
        .contains("delete the folders of these runs to train them anew.");
  }

  private static List<Path> files(String name) throws IOException {
    try (Stream<Path> all = Files.walk(folder.resolve("work/runs"))) {
      return all.filter(file -> file.endsWith(name) && !file.toString().contains("alone"))
          .sorted()
          .toList();
    }
  }

  @Test
  void refusesWhatGivesNothing() throws IOException {
    Comparison none = open("nothing", "backbones: [no-such]");

    assertThatThrownBy(() -> none.run(Split.TEST, ComparisonView.NONE))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("compare/NOTHING")
        .hasMessageContaining("no-such");
    assertThatThrownBy(() -> open("unknown", "backbone: [mmoe]"))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("backbones");
  }

  @Test
  void writesAPageWithChartsOfAllModels() throws Exception {
    new TableWriter(result).writeAll(folder.resolve("page"));

    Document page = ReportTest.parse(Files.readString(folder.resolve("page/report.html")));
    ReportTest.assertSelfContained(page);
    assertThat(
            ReportTest.elements(page, "section").stream()
                .map(section -> section.getAttribute("id")))
        .containsExactly(
            "table",
            "auc",
            "curves",
            "calibration",
            "watched",
            "neighbours",
            "stages",
            "configuration");
    List<String> charts =
        ReportTest.elements(page, "svg").stream()
            .map(svg -> svg.getAttribute("aria-labelledby"))
            .toList();
    // A chart a scenario and one of all rows, two groups of two heads each.
    assertThat(charts)
        .contains("auc-0", "auc-1", "auc-2", "auc-3", "curve-auc-0", "curve-auc-1")
        .contains("calibration-0", "calibration-1", "curve-watched-0", "curve-watched-1");
    assertThat(ReportTest.elements(page, "details")).hasSize(4);
    String[] first = firstValidations(result.models().get(2));
    assertThat(ReportTest.elements(page, "rect").stream().map(Element::getTextContent))
        .anySatisfy(tip -> assertThat(tip.lines()).contains(first))
        .anyMatch(
            tip ->
                tip.startsWith(
                    "mmoe (experts 3) + none: %.4f ("
                        .formatted(result.models().get(2).scores().get(3).value())));
  }

  /** Returns the step of the first validations of a model, and their mean, in two lines. */
  private static String[] firstValidations(Model model) throws IOException {
    double sum = 0;
    JsonNode first = null;
    for (String run : model.folders()) {
      List<String> lines = Files.readAllLines(Path.of(run, "metrics.jsonl"));
      String line = lines.stream().filter(row -> row.contains("validation")).findFirst().get();
      first = new ObjectMapper().readTree(line);
      sum += first.at("/validation/overall/auc").asDouble();
    }
    BigDecimal mean = new BigDecimal(sum / model.folders().size(), new MathContext(5));
    return new String[] {
      "training step: " + first.path("step").asInt(),
      "mmoe (experts 3) + none: " + mean.stripTrailingZeros().toPlainString()
    };
  }

  @Test
  void writesTablesWithTheSameFigures() throws IOException {
    new TableWriter(result).writeAll(folder.resolve("tables"));

    String auc = String.format(Locale.ROOT, "%.4f", result.models().get(1).scores().get(3).value());
    for (String name : List.of("table.md", "table.tex", "report.html")) {
      assertThat(folder.resolve("tables").resolve(name))
          .content()
          .contains(auc)
          .contains("hierarchical");
    }
    ComparisonResult.Difference difference = result.models().get(1).scores().get(3).difference();
    assertThat(folder.resolve("tables/table.md"))
        .content()
        .contains(
            String.format(
                Locale.ROOT,
                "%+.4f (%+.4f to %+.4f) |\n",
                difference.mean(),
                difference.low(),
                difference.high()));
    List<String> csv = Files.readAllLines(folder.resolve("tables/table.csv"));
    int slices = result.slices().stream().mapToInt(slicing -> slicing.columns().size()).sum();
    assertThat(slices).isPositive();
    assertThat(csv).hasSize(1 + 4 * (4 + slices));
    assertThat(csv.get(8))
        .startsWith("shared-bottom,hierarchical,overall,")
        .contains(",test,2," + result.models().get(1).scores().get(3).value() + ",");
  }
}
