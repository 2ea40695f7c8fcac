package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.inject.Guice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.cli.InProcess;
import org.llm4msr.runtime.compare.Comparison;
import org.llm4msr.runtime.compare.ComparisonResult;
import org.llm4msr.runtime.compare.ComparisonResult.Column;
import org.llm4msr.runtime.compare.ComparisonResult.Model;
import org.llm4msr.runtime.compare.ComparisonResult.Score;
import org.llm4msr.runtime.compare.ComparisonView;
import org.llm4msr.runtime.compare.Comparisons;
import org.llm4msr.runtime.compare.LabModule;
import org.llm4msr.runtime.compare.Tuning;
import org.llm4msr.runtime.compare.TuningResult;
import org.llm4msr.runtime.compare.TuningResult.Trial;
import org.llm4msr.runtime.compare.TuningWriter;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.evaluation.metric.MetricList;
import org.llm4msr.runtime.evaluation.metric.PairedRows;
import org.llm4msr.runtime.experiment.RuntimeModule;

/** Comparisons and searches by likes, which are known in one of two scenarios. */
class ComparedLabelsTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String GRID = "grid.yaml";

  @TempDir static Path folder;
  private static Comparisons comparisons;
  private static ComparisonResult result;

  @BeforeAll
  static void compare() throws IOException {
    LabelledShop.write(folder, 1, 1000);
    comparisons =
        Guice.createInjector(new LabModule(new RuntimeModule())).getInstance(Comparisons.class);
    write(
        GRID,
        """
        experiments: [experiment.yaml]
        grid: {model.labels.like.weight: [0.01, 1]}
        settings:
          training.epochs: 2
          model.backbone: {name: shared-bottom, bottom: [8], tower: [4]}
          model.fusion: none
          evaluation.slices: [item-rows]
        seeds: [1, 2]
        label: like
        """);
    result = open(null).run(Split.TEST, ComparisonView.NONE);
  }

  private static Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private static Comparison open(String label) {
    return comparisons.open(folder.resolve(GRID), List.of(), label);
  }

  /** The test rows of one run whose like is known. */
  @SuppressWarnings("ArrayRecordComponent") // Read-only.
  private record Liked(int[] user, boolean[] like, float[] probability) {

    static Liked of(Path run) throws IOException {
      Path file = run.resolve("predictions-test.arrow");
      List<String> users = BundleTest.texts(file, "user");
      List<String> likes = BundleTest.texts(file, "label_like");
      float[] all = BundleTest.floats(file, "probability_like");
      int[] known =
          IntStream.range(0, all.length).filter(i -> !likes.get(i).equals("null")).toArray();
      Liked liked =
          new Liked(new int[known.length], new boolean[known.length], new float[known.length]);
      for (int i = 0; i < known.length; i++) {
        liked.user[i] = Integer.parseInt(users.get(known[i]));
        liked.like[i] = likes.get(known[i]).equals("1");
        liked.probability[i] = all[known[i]];
      }
      return liked;
    }

    /** Returns the share of pairs in the right order; ties count half. */
    double auc() {
      double right = 0;
      long pairs = 0;
      for (int i = 0; i < like.length; i++) {
        for (int j = 0; j < like.length; j++) {
          if (like[i] && !like[j]) {
            right += (Math.signum(probability[i] - probability[j]) + 1) / 2;
            pairs++;
          }
        }
      }
      return right / pairs;
    }
  }

  private static List<Liked> liked(Model model) throws IOException {
    List<Liked> runs = new ArrayList<>();
    for (String run : model.folders()) {
      runs.add(Liked.of(Path.of(run)));
    }
    return runs;
  }

  @Test
  void aTableHasTheAucOfTheLabelWhereItIsKnown() throws IOException {
    assertThat(result.failures()).isEmpty();
    assertThat(result.label()).isEqualTo("like");
    List<String> names = result.columns().stream().map(Column::name).toList();
    int feed = names.indexOf("feed");
    int search = names.indexOf("search");
    List<Liked> first = liked(result.models().get(0));
    List<Liked> second = liked(result.models().get(1));
    for (int model = 0; model < 2; model++) {
      double mean =
          (model == 0 ? first : second).stream().mapToDouble(Liked::auc).average().orElseThrow();
      List<Score> scores = result.models().get(model).scores();
      assertThat(scores.get(2).value()).isCloseTo(mean, within(1e-12));
      assertThat(scores.get(feed).value()).isEqualTo(scores.get(2).value());
      assertThat(scores.get(search).value()).isNull();
    }
    assertThat(result.columns().get(feed).rows()).isEqualTo(first.get(0).like.length);
    assertThat(result.columns().get(search).rows()).isZero();
    double p = 0;
    for (int seed = 0; seed < 2; seed++) {
      Liked a = first.get(seed);
      Liked b = second.get(seed);
      PairedRows rows = new PairedRows(a.user, a.like, a.probability, b.probability);
      p += MetricList.STANDARD.auc().test().pValue(rows) / 2;
    }
    assertThat(result.models().get(1).scores().get(2).difference().sameRows())
        .isCloseTo(p, within(1e-12));
  }

  /** The slices of the evaluation and those that are made of predictions are the same. */
  @Test
  void slicesAreOfTheLabelToo() throws IOException {
    assertThat(result.slices()).hasSize(1);
    long known = result.slices().get(0).columns().stream().mapToLong(Column::rows).sum();
    assertThat(known).isEqualTo(result.columns().get(2).rows());

    ComparisonResult more =
        comparisons
            .open(folder.resolve(GRID), List.of("evaluation.slices=[user-rows, item-rows]"))
            .run(Split.TEST, ComparisonView.NONE);

    assertThat(more.models()).isEqualTo(result.models());
    assertThat(more.slices().get(1)).isEqualTo(result.slices().get(0));
    assertThat(more.slices().get(0).columns().stream().mapToLong(Column::rows).sum())
        .isEqualTo(known);
  }

  @Test
  void anotherLabelNeedsNoTraining() throws IOException {
    long runs = runs();
    ComparisonResult main = open("label").run(Split.TEST, ComparisonView.NONE);

    assertThat(main.label()).isEqualTo("label");
    assertThat(main.columns().get(2).rows()).isEqualTo(400);
    for (int model = 0; model < 2; model++) {
      Model measured = main.models().get(model);
      assertThat(measured.runs()).isEqualTo(result.models().get(model).runs());
      double sum = 0;
      for (String run : measured.folders()) {
        sum += evaluation(Path.of(run), "test").at("/result/overall/auc").doubleValue();
      }
      assertThat(measured.scores().get(2).value()).isCloseTo(sum / 2, within(1e-12));
      assertThat(measured.scores().get(2).value())
          .isNotEqualTo(result.models().get(model).scores().get(2).value());
    }
    assertThat(runs()).isEqualTo(runs);
  }

  private static long runs() throws IOException {
    try (Stream<Path> runs = Files.list(folder.resolve("work/runs"))) {
      return runs.count();
    }
  }

  private static JsonNode evaluation(Path run, String part) throws IOException {
    return JSON.readTree(run.resolve("evaluation-%s.json".formatted(part)).toFile());
  }

  @Test
  void theCommandTellsTheLabel() throws IOException {
    JsonNode json =
        JSON.readTree(
            InProcess.run("compare", folder.resolve(GRID).toString(), "--label=like", "--json"));

    assertThat(json.path("label").asText()).isEqualTo("like");
    assertThat(json.at("/models/1/scores/2/auc").doubleValue())
        .isEqualTo(result.models().get(1).scores().get(2).value());
    assertThat(folder.resolve("work/comparisons/grid/report.html"))
        .content()
        .contains("AUC of the label like on the test part, mean of 2 seeds")
        .contains("Learning curves of the main label");
  }

  @Test
  void aModelWithoutTheLabelIsAFailedRun() throws IOException {
    Comparison some =
        comparisons.open(
            write(
                "some.yaml",
                """
                experiments: [experiment.yaml]
                grid: {model.labels: [{buy: {}}, {like: {weight: 0.01}}]}
                settings:
                  training.epochs: 2
                  model.backbone: {name: shared-bottom, bottom: [8], tower: [4]}
                  model.fusion: none
                seeds: [1]
                """),
            List.of(),
            "like");

    ComparisonResult compared = some.run(Split.TEST, ComparisonView.NONE);

    assertThat(compared.failures())
        .singleElement()
        .satisfies(
            failure ->
                assertThat(failure.reason())
                    .contains("asks for 'like', which the model does not learn")
                    .contains("it learns label, the main one, and [buy]"));
    assertThat(compared.models().get(0).scores().get(0).value()).isNull();
    assertThat(compared.models().get(1).scores().get(2).value()).isBetween(0.0, 1.0);
  }

  @Test
  void aLabelThatNoModelLearnsIsRefusedByName() {
    Comparison wrong = open("lke");

    assertThatThrownBy(() -> wrong.run(Split.TEST, ComparisonView.NONE))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[compare/NOTHING]")
        .hasMessageContaining("'lke'")
        .hasMessageContaining("Did you mean like?");
  }

  /** The trial that is best by likes is told, with the figures of the runs. */
  @Test
  void aSearchRanksByTheLabel() throws IOException {
    Path file =
        write(
            "tune.yaml",
            """
            experiment: experiment.yaml
            settings:
              training.epochs: 1
              model.backbone: {name: shared-bottom, bottom: [8], tower: [4]}
              model.fusion: none
              model.labels: {like: {weight: 0.5}}
            space: {training.optimizer.learningRate: {values: [1e-4, 3e-2]}}
            trials: 2
            label: like
            """);
    Tuning tuning = comparisons.openTuning(file, List.of());
    TuningResult found = tuning.run(ComparisonView.NONE);
    TuningWriter writer = new TuningWriter(found);
    writer.writeAll(folder.resolve("found"), tuning.experiment());

    assertThat(found.last().label()).isEqualTo("like");
    assertThat(found.trials()).isSortedAccordingTo(Comparator.comparing(Trial::value).reversed());
    List<Model> models = found.last().models();
    for (Trial trial : found.trials()) {
      Path run = Path.of(models.get(trial.number()).folders().get(0));
      JsonNode like = evaluation(run, "validation").at("/result/labels/0");
      assertThat(like.path("label").asText()).isEqualTo("like");
      assertThat(trial.value()).isEqualTo(like.at("/overall/auc").doubleValue());
    }
    assertThat(writer.markdown()).contains("| epochs | validation AUC of the label like |");
    assertThat(folder.resolve("found/trials.csv")).content().contains(",auc,label\n", ",like\n");
    assertThat(folder.resolve("found/best.yaml"))
        .content()
        .startsWith("# The best of a search, by the validation part of the label like.\n");
    TuningResult main = comparisons.openTuning(file, List.of(), "label").run(ComparisonView.NONE);
    assertThat(main.trials())
        .extracting(Trial::value)
        .doesNotContainAnyElementsOf(found.trials().stream().map(Trial::value).toList());
  }
}
