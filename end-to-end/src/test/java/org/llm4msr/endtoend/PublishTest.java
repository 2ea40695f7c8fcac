package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.TrainingOptions;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.serving.publishing.Publication;
import org.llm4msr.serving.publishing.PublishRequest;
import org.llm4msr.serving.publishing.Publisher;
import org.llm4msr.serving.ranker.CompiledManifest;
import org.llm4msr.serving.versions.ModelVersions;

/** Bundles of two days that become versions of a model. */
class PublishTest {

  private static final List<String> SCENARIOS = List.of("feed", "search");
  private static final int ROWS = 2000;

  @TempDir static Path shops;
  private static Path first;
  private static Path second;
  private static Path rows;

  @TempDir Path folder;
  private Path versions;

  @BeforeAll
  static void train() throws IOException {
    SmallShop one = SmallShop.write(shops.resolve("one"), 1, 1000, 600, 60, SCENARIOS);
    String rate = "training.optimizer.learningRate=0.002";
    Experiment day = Experiment.fromYaml(one.experiment(), settings(rate));
    day.prepare(false, Progress.NONE);
    first = day.train("day", Progress.NONE).bundle();

    SmallShop two = SmallShop.write(shops.resolve("two"), 2, 90_000, 4000, 60, SCENARIOS);
    String more = "training.optimizer.learningRate=0.02";
    Experiment next =
        Experiment.fromYaml(two.experiment(), settings(more, "training.calibration=off"));
    next.prepare(false, first, Progress.NONE);
    second = next.train("day", new TrainingOptions(null, first), Progress.NONE).bundle();

    SmallShop.write(shops.resolve("three"), 3, 180_000, ROWS, 60, SCENARIOS);
    rows = shops.resolve("three/raw/inter.csv");
  }

  private static String[] settings(String... more) {
    List<String> all = new ArrayList<>(List.of(SmallShop.PLAIN));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  @BeforeEach
  void nameFolder() {
    versions = folder.resolve("models/versions");
  }

  private Publication publish(Path bundle, @Nullable String name, @Nullable Path labelled) {
    return publish(bundle, name, labelled, false);
  }

  private Publication publish(
      Path bundle, @Nullable String name, @Nullable Path labelled, boolean force) {
    Clock clock = Clock.fixed(Instant.parse("2026-11-29T23:30:00Z"), ZoneOffset.UTC);
    return new Publisher(ConfigLoader.standard(PluginRegistry.load()), clock)
        .publish(Bundle.open(bundle), new PublishRequest(versions, name, labelled, "|", force));
  }

  @Test
  void theNextDayIsCompiledCalibratedAndComparedWithTheDayBefore() throws IOException {
    Publication before = publish(first, null, null);
    assertThat(before.version()).isEqualTo("2026-11-29-1");
    assertThat(before.previous()).isNull();
    assertThat(before.trial()).isNull();

    Publication now = publish(second, null, rows);

    assertThat(now.version()).isEqualTo("2026-11-29-2");
    assertThat(now.previous()).isEqualTo("2026-11-29-1");
    assertThat(now.calibrationRows()).isEqualTo(ROWS / 2);
    assertThat(new ModelVersions(versions).names()).containsExactly("2026-11-29-2", "2026-11-29-1");
    for (Publication each : List.of(before, now)) {
      assertThat(each.compiled()).isTrue();
      assertThat(CompiledManifest.isIn(Bundle.open(each.folder()))).isTrue();
    }
    float[] old = scores(before.folder());
    float[] scores = scores(now.folder());
    float[] uncalibrated = scores(second);
    double[] labels = labels();
    double sum = 0;
    double squares = 0;
    double loss = 0;
    double calibrated = 0;
    double fitted = 0;
    double clicks = 0;
    for (int row = 0; row < ROWS; row++) {
      if (row % 2 == 0) {
        fitted += scores[row];
        clicks += labels[row];
      } else {
        double change = loss(labels[row], scores[row]) - loss(labels[row], old[row]);
        loss += loss(labels[row], scores[row]);
        calibrated += loss(labels[row], scores[row]) - loss(labels[row], uncalibrated[row]);
        sum += change;
        squares += change * change;
      }
    }
    int half = ROWS / 2;
    // What a slope and an offset are fitted to has the mean of its labels, nearly: a prior pulls.
    assertThat(fitted / half).isCloseTo(clicks / half, within(0.002));
    double mean = sum / half;
    double error = Math.sqrt((squares / half - mean * mean) / (half - 1));
    assertThat(now.trial().change()).isCloseTo(mean, within(1e-6));
    assertThat(now.trial().standardError()).isCloseTo(error, within(1e-6));
    assertThat(now.trial().now().overall().logLoss()).isCloseTo(loss / half, within(1e-6));
    assertThat(now.trial().now().overall().rows()).isEqualTo(half);
    assertThat(now.trial().change()).isNegative();
    assertThat(now.trial().calibrationChange()).isCloseTo(calibrated / half, within(1e-6));
  }

  private static double loss(double label, double probability) {
    return -Math.log(label == 1 ? probability : 1 - probability);
  }

  private static List<String[]> lines(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file);
    return lines.subList(1, lines.size()).stream().map(line -> line.split(",", -1)).toList();
  }

  private static double[] labels() throws IOException {
    return lines(rows).stream().mapToDouble(values -> Double.parseDouble(values[3])).toArray();
  }

  private static float[] scores(Path bundle) throws IOException {
    String[] columns = SmallShop.COLUMNS.split(",");
    List<Map<String, Object>> maps = new ArrayList<>();
    for (String[] values : lines(rows)) {
      Map<String, Object> row = new HashMap<>();
      for (int c = 0; c < columns.length; c++) {
        row.put(
            columns[c], columns[c].equals("tags") ? List.of(values[c].split("\\|")) : values[c]);
      }
      maps.add(row);
    }
    try (Scorer scorer = Scorer.load(bundle)) {
      return scorer.score(maps);
    }
  }

  /** The half of the rows that a version finds likelier are clicks. */
  private Path asScored(Path bundle) throws IOException {
    float[] scores = scores(bundle);
    float[] sorted = scores.clone();
    Arrays.sort(sorted);
    List<String> lines = new ArrayList<>(List.of(SmallShop.COLUMNS));
    for (String[] values : lines(rows)) {
      values[3] = scores[lines.size() - 1] > sorted[ROWS / 2] ? "1" : "0";
      lines.add(String.join(",", values));
    }
    return Files.write(folder.resolve("scored.csv"), lines);
  }

  @Test
  void aVersionThatIsWorseIsRefusedWithoutForce() throws IOException {
    Path scored = asScored(publish(second, "v8", null).folder());
    assertThat(publish(second, "v9", scored).trial().now().overall().auc()).isGreaterThan(0.99);

    assertThatThrownBy(() -> publish(first, "v10", scored))
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith("[publish/WORSE] The LogLoss of v10 is larger than that of v9 by ");
    assertThat(versions).isDirectoryNotContaining("glob:**v10*");

    assertThat(publish(first, "v10", scored, true).trial().isWorse()).isTrue();
    assertThat(new ModelVersions(versions).names()).containsExactly("v10", "v9", "v8");
  }

  @Test
  void namesThatServersWouldNotTakeAreRefused() throws IOException {
    publish(first, "v10", null);
    assertThatThrownBy(() -> publish(second, "v9", null))
        .hasMessageStartingWith("[publish/NOT_NEWEST]")
        .hasMessageContaining("v10");
    assertThatThrownBy(() -> publish(second, "v10", null))
        .hasMessageStartingWith("[bundle/EXISTS]");
    assertThatThrownBy(() -> publish(second, "../v11", null))
        .hasMessageStartingWith("[publish/NAME]");

    new ModelVersions(versions).pin("v10");
    assertThat(publish(second, "v11", null).pinned()).isEqualTo("v10");
  }

  @Test
  void aCompiledBundleIsPublishedAsItIs() {
    Publication one = publish(first, "1", null);
    Publication two = publish(one.folder(), "2", rows, true);
    assertThat(two.compiled()).isTrue();
    assertThat(Bundle.open(two.folder()).manifest().calibration().scenarios()).hasSize(2);
  }

  @Test
  void labelsThatAreNoneAreRefused() throws IOException {
    Path file = folder.resolve("rows.csv");
    Files.writeString(file, SmallShop.COLUMNS + "\n1,i1,feed,1,5,3,2.5,a\n1,i1,feed,2,5,3,2.5,a\n");
    assertThatThrownBy(() -> publish(first, "1", file))
        .hasMessageStartingWith("[data/BAD_VALUE]")
        .hasMessageContaining("row 1 has the label '2'");
    Files.writeString(file, "user,item,scenario,hour,price,tags\n1,i1,feed,3,2.5,a\n");
    assertThatThrownBy(() -> publish(first, "1", file))
        .hasMessageStartingWith("[data/MISSING_COLUMN]")
        .hasMessageContaining("label");
    assertThat(versions).isEmptyDirectory();
  }
}
