package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.knowledge.ScenarioStatistics;
import org.llm4msr.runtime.data.inspection.PreparedSummary;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.evaluation.metric.CalibrationBin;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.StageCost;
import org.llm4msr.runtime.report.DataReport;
import org.llm4msr.runtime.report.Page;
import org.llm4msr.runtime.report.RunReport;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** The page on a run, as XML and in a browser. */
class ReportTest {

  @TempDir static Path folder;
  private static Experiment experiment;
  private static Path run;
  private static EvaluationReport evaluation;
  private static PreparedSummary inspection;
  private static Path page;
  private static Document document;

  @BeforeAll
  static void write() throws Exception {
    SmallShop shop = SmallShop.write(folder, 1, 1000, 3000, 90, List.of("feed", "search", "home"));
    Files.writeString(
        shop.experiment(), Files.readString(shop.experiment()).replace("epochs: 2", "epochs: 1"));
    experiment = Experiment.fromYaml(shop.experiment());
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
    run = experiment.train("one", Progress.NONE).run();
    evaluation = experiment.evaluate("one", Split.TEST, null, Progress.NONE);
    inspection = experiment.inspectData(Progress.NONE);
    RunReport report = new RunReport(experiment, "one");
    page = report.file();
    report.page().write(page);
    document = parse(Files.readString(page));
  }

  /** Well-formed XML is well-formed HTML here, and a parser says more of it than a browser. */
  static Document parse(String html) throws Exception {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(html.getBytes(StandardCharsets.UTF_8)));
  }

  static List<Element> elements(Document document, String tag) {
    NodeList found = document.getElementsByTagName(tag);
    List<Element> elements = new ArrayList<>();
    for (int i = 0; i < found.getLength(); i++) {
      elements.add((Element) found.item(i));
    }
    return elements;
  }

  static void assertSelfContained(Document document) {
    List<String> ids =
        elements(document, "*").stream()
            .map(element -> element.getAttribute("id"))
            .filter(id -> !id.isEmpty())
            .toList();
    assertThat(ids).doesNotHaveDuplicates();
    for (Element element : elements(document, "*")) {
      assertThat(element.getAttribute("src")).as(element.getTagName()).isEmpty();
      String target = element.getAttribute("href");
      assertThat(target.isEmpty() || target.startsWith("#") || target.equals("data:,"))
          .as(target)
          .isTrue();
      if (target.startsWith("#")) {
        assertThat(ids).contains(target.substring(1));
      }
      if (element.getTagName().equals("svg")) {
        assertThat(ids).contains(element.getAttribute("aria-labelledby"));
      }
    }
  }

  @Test
  void needsNoOtherFile() {
    assertSelfContained(document);
  }

  /** Values under the pointer need no script, and are not printed. */
  @Test
  void everyChartTellsItsValues() {
    for (Element svg : elements(document, "svg")) {
      List<String> tips = new ArrayList<>();
      NodeList titles = svg.getElementsByTagName("title");
      for (int i = 0; i < titles.getLength(); i++) {
        tips.add(titles.item(i).getTextContent());
      }
      assertThat(tips)
          .as(svg.getAttribute("aria-labelledby"))
          .isNotEmpty()
          .allSatisfy(tip -> assertThat(tip).containsPattern(": [-\\d]"));
    }
    assertThat(elements(document, "script")).isEmpty();
    assertThat(elements(document, "style").get(0).getTextContent())
        .containsPattern("@media print \\{[^@]*@page[^@]*nav, \\.hover \\{ display: none; \\}");
  }

  @Test
  void hasAllParts() {
    assertThat(elements(document, "section").stream().map(element -> element.getAttribute("id")))
        .containsExactly(
            "summary",
            "curves",
            "labels",
            "auc",
            "slices",
            "calibration",
            "watched",
            "knowledge",
            "neighbours",
            "data",
            "stages",
            "configuration",
            "provenance");
    assertThat(
            elements(document, "svg").stream()
                .map(element -> element.getAttribute("aria-labelledby")))
        .contains(
            "curve-loss",
            "curve-auc",
            "auc-test",
            "calibration-test",
            "curve-watched",
            "data-rows",
            "data-labels",
            "stage-time",
            "stage-memory");
  }

  @Test
  void showsTheAucOfEveryScenario() {
    String text = text("auc");
    for (Metrics metrics : evaluation.result().scenarios()) {
      assertThat(text).contains(String.format(Locale.ROOT, "%.4f", metrics.auc()));
    }
    assertThat(text).contains("overall", "feed", "search", "home");
  }

  @Test
  void showsWhoHasNoVector() {
    long users = experiment.inspectKnowledge().info().users();
    assertThat(text("knowledge"))
        .contains("below the threshold", "beyond the limit")
        .contains("users" + users + "00000");
  }

  @Test
  void showsTheDataThatWasInspected() {
    String text = text("data");
    for (PreparedSummary.ScenarioSummary scenario : inspection.scenarios()) {
      ScenarioStatistics train = statistics(scenario.key());
      PreparedSummary.ScenarioPart part = scenario.parts().get(0);
      assertThat(part.labels().rows()).isEqualTo(train.interactions());
      assertThat(part.users()).isEqualTo(train.users());
      assertThat(part.items()).isEqualTo(train.items());
      assertThat(text)
          .contains(String.format(Locale.ROOT, "%,d", scenario.all().labels().rows()))
          .contains(String.format(Locale.ROOT, "%,d", train.interactions()));
    }
    assertThat(inspection.checks())
        .allSatisfy(check -> assertThat(check.state()).as(check.name()).isEqualTo("ok"));
    assertThat(text).contains("shared rows", "Labels over time", "logged", "drawn negatives");
  }

  private static ScenarioStatistics statistics(String key) {
    try (PreparedData data = experiment.openPrepared()) {
      return data.trainingLog().scenarioStatistics().stream()
          .filter(statistics -> statistics.key().equals(key))
          .findFirst()
          .orElseThrow();
    }
  }

  private static String text(String section) {
    return elements(document, "section").stream()
        .filter(element -> element.getAttribute("id").equals(section))
        .findFirst()
        .orElseThrow()
        .getTextContent();
  }

  /** Sums over the bins are those over all rows, which are counted apart from them. */
  @Test
  void binsOfCalibrationHoldAllRows() {
    Metrics all = evaluation.result().overall();
    double positives = 0;
    long rows = 0;
    double error = 0;
    for (CalibrationBin bin : evaluation.result().calibration()) {
      rows += bin.rows();
      positives += bin.rows() * bin.meanLabel();
      error += bin.rows() * Math.abs(bin.meanPrediction() - bin.meanLabel());
    }
    assertThat(rows).isEqualTo(all.rows());
    assertThat(positives).isCloseTo(all.positives(), within(1e-6));
    assertThat(error / rows).isCloseTo(all.value("calibrationError"), within(1e-9));
  }

  /** With one epoch the weights of the bundle are those after the only validation. */
  @Test
  void alphaIsThatOfTheModel() throws IOException {
    List<String> lines = Files.readAllLines(run.resolve("metrics.jsonl"));
    JsonNode last = new ObjectMapper().readTree(lines.get(lines.size() - 1));
    List<Path> weights;
    try (var files = Files.walk(run.resolve("bundle"))) {
      weights = files.filter(file -> file.endsWith("dense.safetensors")).toList();
    }
    assertThat(weights).hasSize(1);
    ByteBuffer bytes =
        ByteBuffer.wrap(Files.readAllBytes(weights.get(0))).order(ByteOrder.LITTLE_ENDIAN);
    int header = (int) bytes.getLong();
    byte[] json = new byte[header];
    bytes.get(json);
    JsonNode at = new ObjectMapper().readTree(json).path("fusion/alpha").path("data_offsets");
    float alpha = bytes.getFloat(8 + header + at.get(0).asInt());

    assertThat(last.path("parameters").path("fusion/alpha").floatValue()).isEqualTo(alpha);
  }

  @Test
  void countsWhatEachStageTook() {
    List<StageCost> costs = new ArrayList<>(StageCost.read(experiment.workspace().root()));
    costs.addAll(StageCost.read(run));
    assertThat(costs.stream().map(StageCost::stage))
        .containsExactly("prepare", "extract", "train", "evaluate");
    assertThat(costs).allSatisfy(cost -> assertThat(cost.seconds()).isPositive());
    // A JVM with an engine takes more than 50 MiB, and this machine has less than a TiB.
    assertThat(costs)
        .allSatisfy(cost -> assertThat(cost.peakBytes()).isBetween(50L << 20, 1L << 40));
  }

  @Test
  void textsOfUsersAreNoTags() throws Exception {
    Path other = Files.createDirectories(folder.resolve("tags"));
    SmallShop shop = SmallShop.write(other, 1, 1000, 600, 20, List.of("<b>feed", "a & 'b'"));
    Experiment odd =
        Experiment.fromYaml(shop.experiment(), "model.fusion=none", "training.epochs=1");
    odd.prepare(false, Progress.NONE);
    odd.train("odd", Progress.NONE);
    odd.evaluate("odd", Split.TEST, null, Progress.NONE);

    Document parsed = parse(new RunReport(odd, "odd").page().html());
    assertThat(elements(parsed, "p").stream().map(Element::getTextContent))
        .as("one epoch of a few hundred rows")
        .anyMatch(text -> text.startsWith("The model has learned nothing yet: "));

    assertThat(parsed.getDocumentElement().getTextContent()).contains("<b>feed", "a & 'b'");
    assertThat(elements(parsed, "b")).isEmpty();
  }

  @Test
  void replacesAPageAndNothingElse() throws IOException {
    Page report = new RunReport(experiment, "one").page();
    Path other = Files.writeString(folder.resolve("other.html"), "earlier");
    assertThatThrownBy(() -> report.writeTo(other))
        .hasMessage(
            "[report/IN_THE_WAY] %s already exists and is not a page of llm4msr. Choose another"
                + " file, or move it away.",
            other);
    assertThat(other).hasContent("earlier");

    Path mine = folder.resolve("mine.html");
    DataReport.page(inspection).writeTo(mine);
    report.writeTo(mine);
    assertThat(mine).content().contains("id=\"provenance\"");
  }

  @Test
  void refusesARunThatIsNotThere() {
    assertThatThrownBy(() -> new RunReport(experiment, "none").page())
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("report/NO_RUN")
        .hasMessageContaining("--run none");
  }

  @Test
  @Tag("services")
  void aBrowserShowsItWithoutComplaint(@TempDir Path place) throws Exception {
    Path picture = place.resolve("page.png");

    Browser.Seen seen = Browser.find(place).open(page.toUri().toString(), picture, 100);

    assertThat(seen.console()).isEmpty();
    assertThat(seen.dom()).contains("id=\"provenance\"");
    BufferedImage image = ImageIO.read(picture.toFile());
    assertThat(pixels(image, 0x1f6fb4)).as("pixels in the colour of bars").isGreaterThan(5_000);
    assertThat(pixels(image, 0xc8500a)).as("pixels in the colour of second lines").isPositive();
  }

  private static int pixels(BufferedImage image, int colour) {
    int count = 0;
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        count += (image.getRGB(x, y) & 0xffffff) == colour ? 1 : 0;
      }
    }
    return count;
  }
}
