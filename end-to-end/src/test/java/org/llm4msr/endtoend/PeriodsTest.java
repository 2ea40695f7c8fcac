package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.TrainingOptions;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.knowledge.extraction.ExtractionResult;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;

/** Training rows that read what their users did before, through the stages that a user runs. */
class PeriodsTest {

  private static final String THREE = "knowledge.periods=3";

  @TempDir static Path shared;
  @TempDir Path folder;

  @BeforeAll
  static void prepare() throws IOException {
    Experiment.fromYaml(ClickLog.draw(false).write(shared.resolve("log")))
        .prepare(false, Progress.NONE);
  }

  @Test
  void whatWasKnownIsMadeOfOlderRowsAlone() throws IOException {
    Experiment whole = copied("whole", THREE);
    List<Long> done = new ArrayList<>();
    Set<Long> totals = new HashSet<>();
    ExtractionResult result =
        whole.extract(
            false,
            (now, total) -> {
              done.add(now);
              totals.add(total);
            });

    // 2,000 rows train: the second period begins at row 667, the third at row 1,334.
    Map<Integer, Integer> olderRows = Map.of(1, 667, 2, 1_334);
    long prompts = vectors(KnowledgeStore.open(whole.workspace().knowledge())).size() + 3;
    for (int period : olderRows.keySet()) {
      ClickLog older = ClickLog.draw(false).withoutClicksFrom(olderRows.get(period));
      Experiment before = prepared("before-" + period, older);
      before.extract(false, Progress.NONE);
      KnowledgeStore store = KnowledgeStore.open(whole.workspace().knowledgeBefore(period, 3));

      assertThat(vectors(store))
          .isEqualTo(vectors(KnowledgeStore.open(before.workspace().knowledge())))
          .isNotEqualTo(vectors(KnowledgeStore.open(whole.workspace().knowledge())));
      prompts += store.info().users() + 3;
    }
    assertThat(result.read() + result.stored()).isEqualTo(prompts);
    assertThat(done).as("progress").isSorted().endsWith(prompts);
    assertThat(totals).containsExactly(prompts);
    assertThat(result.stored()).as("prompts of two periods that are equal").isPositive();
    assertThat(whole.extract(false, Progress.NONE).read()).isZero();
  }

  @Test
  void anotherModelIsTrained() throws IOException {
    Experiment published = copied("periods");
    published.extract(false, Progress.NONE);
    published.train("published", Progress.NONE);
    Experiment honest = Experiment.fromYaml(folder.resolve("periods/experiment.yaml"), THREE);
    honest.extract(false, Progress.NONE);
    honest.train("honest", Progress.NONE);

    assertThat(auc(honest, "honest")).isNotEqualTo(auc(honest, "published"));
    assertThatThrownBy(() -> honest.train("published", Progress.NONE))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("published");
  }

  private static double auc(Experiment experiment, String run) {
    return experiment.evaluate(run, Split.TEST, null, Progress.NONE).result().overall().auc();
  }

  @Test
  void trainingNamesWhatWasNotExtracted() throws IOException {
    Experiment experiment = copied("missing", THREE);
    experiment.extract(false, Progress.NONE);
    Path store = experiment.workspace().knowledgeBefore(2, 3);
    Files.delete(store.resolve("store.json"));

    assertThatThrownBy(() -> experiment.train("missing", Progress.NONE))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("before-3-of-3")
        .hasMessageContaining("knowledge extract");
  }

  @Test
  void aRunThatKeepsItsKnowledgeNoticesThatEarlierPeriodsWereExtractedAnew() throws IOException {
    Experiment experiment = copied("resumed", THREE);
    experiment.extract(false, Progress.NONE);
    Path bundle = experiment.train("first", Progress.NONE).bundle();
    experiment.prepare(true, bundle, Progress.NONE);
    experiment.extract(true, Progress.NONE);
    experiment.train("warm", new TrainingOptions(null, bundle), Progress.NONE);
    Experiment fewer =
        Experiment.fromYaml(
            folder.resolve("resumed/experiment.yaml"), THREE, "knowledge.minInteractions=4");
    fewer.extract(true, Progress.NONE);

    assertThatThrownBy(() -> fewer.train("warm", Progress.NONE))
        .hasMessageContaining("[knowledge/STORE_MISMATCH]")
        .hasMessageContaining("before-2-of-3")
        .hasMessageContaining("knowledge.minInteractions");
  }

  @Test
  void aRebuildLeavesNoOtherPeriodsBehind() throws IOException {
    Experiment three = copied("rebuilt", THREE);
    three.extract(false, Progress.NONE);
    Path file = folder.resolve("rebuilt").resolve("experiment.yaml");
    Experiment two = Experiment.fromYaml(file, "knowledge.periods=2");
    two.extract(true, Progress.NONE);

    assertThat(two.workspace().knowledgeBefore(1, 2)).exists();
    assertThat(three.workspace().knowledgeBefore(1, 3)).doesNotExist();
    assertThat(three.workspace().knowledgeBefore(2, 3)).doesNotExist();
  }

  @Test
  void periodsThatWereFilledInAnotherWayAreFoundBeforeAnythingIsWritten() throws IOException {
    Experiment two = copied("other", "knowledge.periods=2");
    two.extract(false, Progress.NONE);
    Path file = folder.resolve("other").resolve("experiment.yaml");
    Experiment wide =
        Experiment.fromYaml(file, "knowledge.encoder.dimension=16", "knowledge.periods=1");
    DurableFiles.delete(wide.workspace().knowledgeBefore(1, 2).resolveSibling("store.json"));
    wide.extract(false, Progress.NONE);

    assertThatThrownBy(
            () ->
                Experiment.fromYaml(file, "knowledge.encoder.dimension=16", "knowledge.periods=2")
                    .extract(false, Progress.NONE))
        .hasMessageContaining("[knowledge/STORE_MISMATCH]")
        .hasMessageContaining("before-2-of-2");
    assertThat(wide.extract(false, Progress.NONE).read()).isZero();
  }

  @Test
  void dataWithoutTimeIsRefused() throws IOException {
    String[] timeless = {"dataset.time=null", "dataset.split.by=random", "knowledge.periods=1"};
    prepared("timeless", ClickLog.draw(false), timeless);
    timeless[2] = THREE;
    Experiment experiment =
        Experiment.fromYaml(folder.resolve("timeless").resolve("experiment.yaml"), timeless);

    assertThatThrownBy(experiment::check)
        .hasMessageContaining("knowledge.periods = 3")
        .hasMessageContaining("orders rows by their time, but the data has none");
    assertThatThrownBy(() -> experiment.extract(false, Progress.NONE))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("knowledge.periods is 3")
        .hasMessageContaining("has no time");
  }

  @Test
  void promptsThatLeakAreRefused() throws IOException {
    Path file = ClickLog.draw(false).write(folder.resolve("leaky"));
    Experiment leaky =
        Experiment.fromYaml(file, THREE, "knowledge.prompts.leakFutureInteractions=true");

    assertThatThrownBy(leaky::check)
        .hasMessageContaining("knowledge.periods")
        .hasMessageContaining("leakFutureInteractions");
  }

  /** Returns an experiment on the log that is prepared already, with settings of other stages. */
  private Experiment copied(String name, String... overrides) throws IOException {
    Path copy = folder.resolve(name);
    Folders.copy(shared.resolve("log"), copy);
    return Experiment.fromYaml(copy.resolve("experiment.yaml"), overrides);
  }

  private Experiment prepared(String name, ClickLog log, String... overrides) throws IOException {
    Experiment experiment = Experiment.fromYaml(log.write(folder.resolve(name)), overrides);
    experiment.prepare(false, Progress.NONE);
    return experiment;
  }

  private static List<Float> list(float[] vector) {
    List<Float> list = new ArrayList<>();
    for (float x : vector) {
      list.add(x);
    }
    return list;
  }

  private static Map<String, List<Float>> vectors(KnowledgeStore store) {
    Map<String, List<Float>> vectors = new TreeMap<>();
    KnowledgeSource users = store.users();
    for (int user = 0; user < 120; user++) {
      float[] vector = new float[users.dimension()];
      if (users.read("u" + user, vector)) {
        vectors.put("u" + user, list(vector));
      }
    }
    assertThat(vectors).hasSize((int) store.info().users());
    return vectors;
  }
}
