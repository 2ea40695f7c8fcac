package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.commons.io.FileUtils;
import org.apache.commons.lang3.ArrayUtils;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.files.FolderLock;
import org.llm4msr.runtime.scoring.Scorer;

/** What others do to the folders of a bundle while it is made or used. */
class BundleGuardsTest {

  @TempDir static Path folder;
  private static Path bundle;

  @BeforeAll
  static void train() throws IOException {
    SmallShop shop = SmallShop.write(folder, 1, 1000, 1200, 40, List.of("feed", "search", "home"));
    Experiment experiment = Experiment.fromYaml(shop.experiment(), SmallShop.PLAIN);
    experiment.prepare(false, Progress.NONE);
    bundle = experiment.train("one", Progress.NONE).bundle();
  }

  /** What comes in the place of a bundle that is loaded must not be read for it. */
  @Test
  void aLoadedBundleMayBeMovedAway() throws IOException {
    Path live = folder.resolve("live");
    FileUtils.copyDirectory(bundle.toFile(), live.toFile());
    try (Scorer loaded = Scorer.load(live);
        Scorer reference = Scorer.load(bundle)) {
      Files.move(live, folder.resolve("moved"));

      List<Map<String, Object>> rows =
          List.of(
              Map.of(
                  "user",
                  3,
                  "item",
                  "i4",
                  "scenario",
                  "feed",
                  "hour",
                  7,
                  "price",
                  9.5,
                  "tags",
                  List.of("a", "b")));
      assertThat(loaded.score(rows)).isEqualTo(reference.score(rows));
    }
  }

  @Test
  void anotherModelThanThatOfTheBundleIsNoDamage() {
    assertThatThrownBy(() -> Scorer.load(bundle, "model.embeddingSize=32"))
        .hasMessageStartingWith("[bundle/OTHER_MODEL] " + bundle)
        .hasMessageEndingWith("Undo what -Dmodel... changes.");
  }

  /** The tables are of one preparation, the vocabularies would be of another. */
  @Test
  void dataThatIsReplacedWhileAModelIsTrainedMakesNoBundle() throws IOException {
    Path place = Files.createDirectories(folder.resolve("replaced"));
    SmallShop shop = SmallShop.write(place, 2, 1000, 1200, 40, List.of("feed", "search"));
    Experiment experiment = Experiment.fromYaml(shop.experiment(), SmallShop.PLAIN);
    experiment.prepare(false, Progress.NONE);
    AtomicBoolean replaced = new AtomicBoolean();
    assertThatThrownBy(
            () ->
                experiment.train(
                    "one",
                    (done, total) -> {
                      if (!replaced.getAndSet(true)) {
                        String[] other =
                            ArrayUtils.add(SmallShop.PLAIN, "dataset.split.ratio=[0.6, 0.2, 0.2]");
                        Experiment.fromYaml(shop.experiment(), other).prepare(true, Progress.NONE);
                      }
                    }))
        .hasMessageStartingWith("[bundle/REPLACED] The prepared data in ");
    assertThat(experiment.workspace().run("one").resolve("bundle")).doesNotExist();
    assertThat(experiment.workspace().run("one").resolve("bundle.tmp")).doesNotExist();

    experiment.prepare(true, Progress.NONE);
    experiment.createBundle("one", place.resolve("bundle"));
    Scorer.load(place.resolve("bundle")).close();
  }

  /** The model was trained with vectors that the store has no more. */
  @Test
  void knowledgeThatIsReplacedWhileAModelIsTrainedMakesNoBundle() throws IOException {
    Path place = Files.createDirectories(folder.resolve("rebuilt"));
    SmallShop shop = SmallShop.write(place, 3, 1000, 1200, 40, List.of("feed", "search"));
    Experiment experiment = Experiment.fromYaml(shop.experiment(), "training.epochs=1");
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
    AtomicBoolean replaced = new AtomicBoolean();
    assertThatThrownBy(
            () ->
                experiment.train(
                    "one",
                    (done, total) -> {
                      if (!replaced.getAndSet(true)) {
                        Experiment.fromYaml(shop.experiment(), "knowledge.prompts.maxHistory=1")
                            .extract(true, Progress.NONE);
                      }
                    }))
        .hasMessageStartingWith("[bundle/REPLACED] The knowledge in ");

    experiment.extract(true, Progress.NONE);
    experiment.createBundle("one", place.resolve("bundle"));
    Scorer.load(place.resolve("bundle")).close();
  }

  @Test
  void aBundleTakesNoFolderOfOthersAndWaitsForNone() throws IOException {
    Experiment experiment = Experiment.fromYaml(folder.resolve("experiment.yaml"), SmallShop.PLAIN);
    Path target = folder.resolve("copy");
    Path theirs = Files.createDirectories(folder.resolve("copy.tmp")).resolve("a.txt");
    Files.writeString(theirs, "mine");
    assertThatThrownBy(() -> experiment.createBundle("one", target))
        .hasMessageContainingAll("[bundle/IN_THE_WAY]", "copy.tmp is not an unfinished bundle");
    assertThat(theirs).hasContent("mine");

    Files.delete(theirs);
    Files.writeString(folder.resolve("copy.tmp/lock"), "");
    Files.writeString(folder.resolve("copy.tmp/left"), "by a killed process");
    try (FolderLock other = FolderLock.tryTake(folder.resolve("copy.tmp/lock"))) {
      assertThat(other).isNotNull();
      assertThatThrownBy(() -> experiment.createBundle("one", target))
          .hasMessageContaining("[bundle/IN_USE] Another process is writing the bundle " + target);
    }
    experiment.createBundle("one", target);

    assertThat(folder.resolve("copy.tmp")).doesNotExist();
    assertThat(target.resolve("lock")).doesNotExist();
    assertThat(target.resolve("left")).doesNotExist();
    Scorer.load(target).close();
  }
}
