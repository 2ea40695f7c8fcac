package org.llm4msr.runtime.knowledge.vectors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.config.KnowledgeConfig.Missing;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;

/** Items whose vectors are standardised by hand. */
class ModelKnowledgeTest {

  private static final KnowledgeSource USERS =
      source(Map.of("u0", new float[] {0, 0}, "u1", new float[] {2, 2}, "s", new float[] {1, 1}));

  /** Of the training part are i0 to i2, whose mean is (3, 10) and whose deviation (1, 0). */
  private static final KnowledgeSource ITEMS =
      source(
          Map.of(
              "i0", new float[] {2, 10},
              "i1", new float[] {4, 10},
              "i3", new float[] {8, 12}));

  private static Population who() {
    return new Population(
        List.of("u0", "u1"),
        BitSet.valueOf(new long[] {0b11}),
        List.of("s"),
        () -> List.of("i0", "i1", "i2", "i3"),
        () -> BitSet.valueOf(new long[] {0b0111}));
  }

  private static KnowledgeInputs inputs(Missing missing) {
    return new KnowledgeInputs(USERS, USERS, Missing.MEAN).withItems(ITEMS, missing);
  }

  private static ModelKnowledge load(Missing missing) {
    return ModelKnowledge.load(inputs(missing), who(), Set.of(Level.ITEM));
  }

  private static Batch batch(int... items) {
    Batch batch = new Batch(items.length, List.of());
    batch.size = items.length;
    System.arraycopy(items, 0, batch.item, 0, items.length);
    return batch;
  }

  private static float[] read(ModelKnowledge knowledge, Batch batch, int row) {
    VectorLookup items = knowledge.items();
    int[] slots = new int[batch.size];
    items.slots(batch, false, slots);
    FloatBuffer target = FloatBuffer.allocate(2);
    items.copy(batch, slots[row], target, 0);
    return target.array();
  }

  @Test
  void areStandardisedOnTheItemsOfTheTrainingPart() {
    ModelKnowledge knowledge = load(Missing.MEAN);

    assertThat(knowledge.users()).isNull();
    assertThat(read(knowledge, batch(0), 0)).containsExactly(-1, 0);
    assertThat(read(knowledge, batch(1), 0)).containsExactly(1, 0);
    // An item of the test part alone has its own vector; its second dimension has no spread.
    assertThat(read(knowledge, batch(3), 0)).containsExactly(5, 0);
  }

  @Test
  void withoutAVectorTheyReadTheMeanOrZero() {
    assertThat(read(load(Missing.MEAN), batch(2), 0)).containsExactly(0, 0);
    assertThat(read(load(Missing.ZERO), batch(2), 0)).containsExactly(-3, 0);
    assertThat(read(load(Missing.ZERO), batch(4), 0)).containsExactly(-3, 0);
  }

  @Test
  void itemsWithoutAVectorAndUnknownOnesShareASlot() {
    VectorLookup items = load(Missing.LEARNED).items();
    int[] slots = new int[4];
    items.slots(batch(2, 4, 0, 0), true, slots);

    assertThat(slots[0]).isEqualTo(slots[1]).isNotEqualTo(slots[2]);
    assertThat(slots[2]).isEqualTo(slots[3]);
    assertThat(items.isKnown(slots[0])).isFalse();
    assertThat(items.isKnown(slots[2])).isTrue();
  }

  @Test
  void aVectorThatCameWithARowReplacesTheStoredOne() {
    Batch batch = batch(4, 0, 0);
    batch.itemVectors = new float[][] {{7, 3}, null, {5, 10}};
    ModelKnowledge knowledge = load(Missing.LEARNED);

    assertThat(read(knowledge, batch, 0)).containsExactly(4, 0);
    assertThat(read(knowledge, batch, 1)).containsExactly(-1, 0);
    assertThat(read(knowledge, batch, 2)).containsExactly(2, 0);
    assertThat(batch.itemVectors[0]).containsExactly(7, 3);
    VectorLookup items = knowledge.items();
    int[] slots = new int[3];
    items.slots(batch, false, slots);
    assertThat(slots).doesNotHaveDuplicates();
    assertThat(items.isKnown(slots[0])).isTrue();
  }

  @Test
  void theScalingOfItemsTravelsWithAndWithoutThatOfUsers(@TempDir Path folder) throws IOException {
    for (Set<Level> levels : List.of(Set.of(Level.ITEM), Set.of(Level.values()))) {
      Path file = folder.resolve("scaling-" + levels.size() + ".safetensors");
      ModelKnowledge trained = ModelKnowledge.load(inputs(Missing.MEAN), who(), levels);
      trained.scaling().write(file);
      KnowledgeInputs scored =
          new KnowledgeInputs(
              USERS,
              USERS,
              ITEMS,
              Missing.MEAN,
              Missing.MEAN,
              KnowledgeScaling.read(file),
              null,
              0,
              "",
              null);

      ModelKnowledge read = ModelKnowledge.load(scored, who(), levels);

      assertThat(read(read, batch(3), 0)).containsExactly(5, 0);
      assertThat(read.scaling().dimension()).isEqualTo(2);
    }
  }

  /** Two users and two items leave one component: the line through them, of length 1. */
  @Test
  void itemsAreReducedToComponentsOfTheirOwn(@TempDir Path folder) throws IOException {
    KnowledgeInputs whole = inputs(Missing.MEAN);
    KnowledgeInputs reduced =
        new KnowledgeInputs(
            whole.users(),
            whole.scenarios(),
            whole.items(),
            Missing.MEAN,
            Missing.MEAN,
            null,
            null,
            1,
            "",
            null);
    ModelKnowledge knowledge = ModelKnowledge.load(reduced, who(), Set.of(Level.values()));
    Path file = folder.resolve("scaling.safetensors");
    knowledge.scaling().write(file);

    assertThat(knowledge.scaling().dimension()).isEqualTo(1);
    assertThat(component(knowledge, 0)).isCloseTo(-1, within(1e-6f));
    assertThat(component(knowledge, 3)).isCloseTo(5, within(1e-5f));
    KnowledgeInputs scored =
        new KnowledgeInputs(
            whole.users(),
            whole.scenarios(),
            whole.items(),
            Missing.MEAN,
            Missing.MEAN,
            KnowledgeScaling.read(file),
            null,
            0,
            "",
            null);
    assertThat(component(ModelKnowledge.load(scored, who(), Set.of(Level.values())), 3))
        .isEqualTo(component(knowledge, 3));
  }

  private static float component(ModelKnowledge knowledge, int item) {
    return read(knowledge, batch(item), 0)[0];
  }

  @Test
  void noneAtAllIsRefusedWithTheWayOut() {
    KnowledgeInputs none =
        new KnowledgeInputs(USERS, USERS, Missing.MEAN).withItems(source(Map.of()), Missing.MEAN);

    assertThatThrownBy(() -> ModelKnowledge.load(none, who(), Set.of(Level.ITEM)))
        .hasMessageContaining("[knowledge/NO_ITEMS]")
        .hasMessageContaining("Add knowledge.items");
  }

  private static KnowledgeSource source(Map<String, float[]> vectors) {
    return new KnowledgeSource() {
      @Override
      public int dimension() {
        return 2;
      }

      @Override
      public boolean read(String key, float[] target) {
        float[] found = vectors.get(key);
        if (found != null) {
          System.arraycopy(found, 0, target, 0, 2);
        }
        return found != null;
      }
    };
  }
}
