package org.llm4msr.runtime.knowledge.vectors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.config.KnowledgeConfig.Missing;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;
import org.llm4msr.toolkit.safetensors.SafetensorsWriter;
import org.llm4msr.toolkit.safetensors.Tensor;

/** Two users, scenarios and items, whose statistics are worked out by hand. */
class KnowledgeScalingTest {

  private static final float ROOT = (float) Math.sqrt(2);

  /** Of the mean square of scenarios. */
  private static final float SPREAD = (float) Math.sqrt(2.5);

  /** Mean (1, 2), deviation (1, 2); "later" has no training row. */
  private static final KnowledgeSource USERS =
      source(
          Map.of(
              "u0", new float[] {0, 0},
              "u1", new float[] {2, 4},
              "later", new float[] {90, 90}));

  /** Less their mean and over the deviation of users: -(2, 1) and (2, 1), of mean square 2.5. */
  private static final KnowledgeSource SCENARIOS =
      source(Map.of("s0", new float[] {0, 0}, "s1", new float[] {4, 4}));

  /** Mean (5, 0), deviation (1, 3). */
  private static final KnowledgeSource ITEMS =
      source(Map.of("i0", new float[] {4, -3}, "i1", new float[] {6, 3}));

  @TempDir Path folder;

  @Test
  void scenariosHaveTheirOwnMeanAndTheDeviationOfUsers() {
    KnowledgeScaling scaling = learn(0, Set.of(Level.SCENARIO));
    assertThat(scaling.of(Level.SCENARIO).apply(new float[] {0, 0}))
        .containsExactly(new float[] {-2 / SPREAD, -1 / SPREAD}, within(1e-6f));
    assertThat(scaling.of(Level.SCENARIO).apply(new float[] {2, 2 + 2 * SPREAD}))
        .containsExactly(new float[] {0, 1}, within(1e-6f));
    assertThat(scaling.of(Level.USER).apply(new float[] {0, 6})).containsExactly(-1, 2);
    assertThatThrownBy(() -> scaling.of(Level.ITEM))
        .hasMessage("the model does not read this level");
  }

  @Test
  void writesTensorsThatAreReadByTheirOffsets() throws IOException {
    Path file = folder.resolve("scaling.safetensors");
    learn(0, Set.of(Level.SCENARIO, Level.ITEM)).write(file);

    assertThat(tensors(file))
        .isEqualTo(
            Map.of(
                "users/mean", List.of(1f, 2f),
                "users/deviation", List.of(1f, 2f),
                "scenarios/mean", List.of(2f, 2f),
                "scenarios/deviation", List.of(SPREAD, 2 * SPREAD),
                "items/mean", List.of(5f, 0f),
                "items/deviation", List.of(1f, 3f)));
  }

  @Test
  void eachLevelIsReducedToOwnComponentsButScenariosToThoseOfUsers() throws IOException {
    Path file = folder.resolve("scaling.safetensors");
    learn(1, Set.of(Level.SCENARIO, Level.ITEM)).write(file);

    // Users and items lie at -(1, 1) and (1, 1): coordinates of -1.41 and 1.41 along (1, 1) / 1.41.
    // Scenarios lie at -(2, 1) / 1.58 and (2, 1) / 1.58: coordinates of 3 over the root of 5.
    Map<String, List<Float>> tensors = tensors(file);
    assertThat(tensors.keySet())
        .contains("components", "items/components", "scenarios/factor")
        .doesNotContain("users/components", "scenarios/components");
    assertThat(tensors.get("components"))
        .allSatisfy(x -> assertThat(x).isCloseTo(1 / ROOT, within(1e-6f)));
    assertThat(tensors.get("users/factor").get(0)).isCloseTo(1 / ROOT, within(1e-6f));
    assertThat(tensors.get("scenarios/factor").get(0))
        .isCloseTo((float) Math.sqrt(5) / 3, within(1e-6f));
    assertThat(tensors.get("users/deviations").get(0)).isCloseTo(1, within(1e-6f));

    KnowledgeScaling read = KnowledgeScaling.read(file);
    assertThat(read.dimension()).isEqualTo(1);
    assertThat(read.of(Level.USER).apply(new float[] {0, 0}))
        .containsExactly(new float[] {-1}, within(1e-6f));
    assertThat(read.of(Level.SCENARIO).apply(new float[] {4, 4}))
        .containsExactly(new float[] {1}, within(1e-6f));
    assertThat(read.of(Level.ITEM).apply(new float[] {7, 6}))
        .containsExactly(new float[] {2}, within(1e-6f));
  }

  @Test
  void readsReducedKnowledgeOfModelsWithoutDeviations() throws IOException {
    KnowledgeScaling read =
        KnowledgeScaling.read(
            file(
                Map.of(
                    "components", tensor(List.of(1L, 2L), 1, 0),
                    "users/mean", vector(1, 2),
                    "users/deviation", vector(1, 2),
                    "users/factor", vector(3))));
    assertThat(read.of(Level.USER).apply(new float[] {2, 9})).containsExactly(3);
    assertThat(read.of(Level.USER).deviations()).containsExactly(0);
  }

  @Test
  void refusesWhatIsNoScalingOfOneModel() {
    Map<String, Tensor> users = Map.of("users/mean", vector(1, 2), "users/deviation", vector(1, 2));
    assertDamaged(Map.of());
    assertDamaged(Map.of("scenarios/mean", vector(1), "scenarios/deviation", vector(1)));
    assertDamaged(with(users, "users/factor", vector(1)));
    assertDamaged(with(users, "weights", vector(1)));
    assertDamaged(with(users, "components", vector(1, 0)));
    assertDamaged(with(users, "components", tensor(List.of(1L, 2L), 1, 0)));
    assertDamaged(
        with(with(users, "items/mean", vector(1, 2, 3)), "items/deviation", vector(1, 2, 3)));
  }

  @Test
  void refusesALevelThatIsDamagedBesideOneThatIsSound() {
    Map<String, Tensor> users = Map.of("users/mean", vector(1, 2), "users/deviation", vector(1, 2));
    assertDamaged(with(users, "items/mean", vector(1, 2)));
    assertDamaged(with(users, "scenarios/deviation", vector(1, 2)));
    assertDamaged(
        with(with(users, "items/mean", vector(1, 2)), "items/deviation", vector(1, 2, 3)));
  }

  @Test
  void vectorsOfTheTrainingPartAreNeeded() {
    KnowledgeSource nobody = source(Map.of("later", new float[] {1, 1}));
    assertThatThrownBy(
            () ->
                KnowledgeScaling.learn(
                    new KnowledgeInputs(nobody, SCENARIOS, Missing.MEAN),
                    who(),
                    Set.of(Level.SCENARIO)))
        .hasMessageContaining("[knowledge/NO_USERS]")
        .hasMessageContaining("Lower knowledge.minInteractions");
    assertThatThrownBy(
            () ->
                KnowledgeScaling.learn(
                    new KnowledgeInputs(USERS, SCENARIOS, Missing.MEAN)
                        .withItems(nobody, Missing.MEAN),
                    who(),
                    Set.of(Level.ITEM)))
        .hasMessageContaining("[knowledge/NO_ITEMS]")
        .hasMessageContaining("Add knowledge.items");
  }

  private static KnowledgeScaling learn(int components, Set<Level> levels) {
    return KnowledgeScaling.learn(
        new KnowledgeInputs(
            USERS, SCENARIOS, ITEMS, Missing.MEAN, Missing.MEAN, null, null, components, "", null),
        who(),
        levels);
  }

  private static Population who() {
    return new Population(
        List.of("u0", "u1", "later"),
        BitSet.valueOf(new long[] {0b011}),
        List.of("s0", "s1"),
        () -> List.of("i0", "i1"),
        () -> BitSet.valueOf(new long[] {0b11}));
  }

  private void assertDamaged(Map<String, Tensor> tensors) {
    assertThatThrownBy(() -> KnowledgeScaling.read(file(tensors)))
        .as(tensors.keySet().toString())
        .hasMessageContaining("[model/DAMAGED_FILE]");
  }

  private Path file(Map<String, Tensor> tensors) throws IOException {
    Path file = folder.resolve("given.safetensors");
    Files.deleteIfExists(file);
    SafetensorsWriter.write(
        file,
        tensors.entrySet().stream()
            .map(e -> new Tensor(e.getKey(), e.getValue().shape(), e.getValue().values()))
            .toList());
    return file;
  }

  private static Map<String, Tensor> with(Map<String, Tensor> some, String name, Tensor more) {
    Map<String, Tensor> all = new TreeMap<>(some);
    all.put(name, more);
    return all;
  }

  private static Tensor vector(float... values) {
    return tensor(List.of((long) values.length), values);
  }

  private static Tensor tensor(List<Long> shape, float... values) {
    return new Tensor("", shape, FloatBuffer.wrap(values));
  }

  /** Reads by the format: length of the header, header in JSON, numbers at its offsets. */
  private static Map<String, List<Float>> tensors(Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    byte[] text = new byte[(int) bytes.getLong()];
    bytes.get(text);
    int data = bytes.position();
    JsonNode header = new ObjectMapper().readTree(text);
    Map<String, List<Float>> tensors = new TreeMap<>();
    header
        .properties()
        .forEach(
            entry -> {
              if (!entry.getKey().equals("__metadata__")) {
                JsonNode offsets = entry.getValue().get("data_offsets");
                tensors.put(
                    entry.getKey(),
                    IntStream.iterate(
                            offsets.get(0).intValue(),
                            at -> at < offsets.get(1).intValue(),
                            at -> at + 4)
                        .mapToObj(at -> bytes.getFloat(data + at))
                        .toList());
              }
            });
    return tensors;
  }

  private static KnowledgeSource source(Map<String, float[]> vectors) {
    return new KnowledgeSource() {
      @Override
      public int dimension() {
        return 2;
      }

      @Override
      public boolean read(String key, float[] target) {
        float[] vector = vectors.get(key);
        if (vector != null) {
          System.arraycopy(vector, 0, target, 0, 2);
        }
        return vector != null;
      }
    };
  }
}
