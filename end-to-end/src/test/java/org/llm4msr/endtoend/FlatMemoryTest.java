package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.endtoend.TrainingMemory.Sample;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.tck.guard.ResourceCounts;

/** Training over many steps, with validations and checkpoints between them. */
@EnabledOnOs(OS.LINUX)
class FlatMemoryTest {

  private static final List<String> PLAIN = List.of("model.fusion=none");

  private static final List<String> ENHANCED = List.of("knowledge.missing=learned");

  @TempDir static Path folder;
  private static Path file;

  @BeforeAll
  static void prepare() throws IOException {
    SmallShop shop = SmallShop.write(folder, 1, 1000, 6144, 300, List.of("feed", "search", "home"));
    file = shop.experiment();
    Experiment experiment = Experiment.fromYaml(file);
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
  }

  /** Validations and an end of an epoch lie between the two steps. */
  @Test
  void noArrayStaysOfAnyStep() {
    List<String> settings = new ArrayList<>(ENHANCED);
    settings.addAll(List.of("training.epochs=2", "training.batchSize=32", "training.patience=0"));
    settings.add("training.validateEvery=50");
    Map<Long, ResourceCounts> at = new HashMap<>();

    Experiment.fromYaml(file, settings.toArray(String[]::new))
        .train("short", (rows, total) -> at.put(rows / 32, ResourceCounts.now()));

    assertThat(at.get(100L).arrays()).isPositive();
    assertThat(at.get(200L)).isEqualTo(at.get(100L));
  }

  @Test
  @Tag("slow")
  void ofAnEnhancedModel() throws Exception {
    assertFlat("enhanced", 64, ENHANCED);
  }

  @Test
  @Tag("slow")
  void ofAPlainModel() throws Exception {
    assertFlat("plain", 64, PLAIN);
  }

  /** Users of a batch differ in number, and what is generated for them takes megabytes an array. */
  @Test
  @Tag("slow")
  void ofAWideEnhancedModel() throws Exception {
    List<String> settings = new ArrayList<>(ENHANCED);
    settings.add("model.embeddingSize=32");
    assertFlat("wide", 512, settings);
  }

  @Test
  @Tag("slow")
  void onMxNet() throws Exception {
    List<String> settings = new ArrayList<>(ENHANCED);
    settings.add("runtime.engine=MXNet");
    assertFlat("mxnet", 64, settings);
  }

  private static void assertFlat(String name, int batchSize, List<String> model) throws Exception {
    List<String> settings = new ArrayList<>(model);
    // 4,096 rows train: divisors of it give whole batches, and steps that the rows done tell.
    settings.add("training.epochs=" + (2000 * batchSize + 4095) / 4096);
    settings.add("training.batchSize=" + batchSize);
    settings.add("training.validateEvery=250");
    settings.add("training.patience=0");
    Map<Integer, Sample> at = TrainingMemory.of(file, name, settings, List.of(200, 500, 2000));
    System.out.println(name + " " + at);

    assertThat(at.get(200).held().arrays()).isPositive();
    assertThat(at.get(2000).held()).isEqualTo(at.get(200).held());
    assertThat(at.get(2000).residentBytes() - at.get(500).residentBytes()).isLessThan(32L << 20);
  }
}
