package org.llm4msr.runtime.knowledge.vectors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.config.KnowledgeConfig.Missing;
import org.llm4msr.runtime.data.prepared.Periods;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;

/** Three keys and six training rows in three periods; k2 becomes known in the second. */
class VectorLookupTest {

  private static final List<String> KEYS = List.of("k0", "k1", "k2");

  /** Makes (x - 2) / 10 of a number x. */
  private static final KnowledgeStatistics SCALED =
      new KnowledgeStatistics(new float[] {2}, new float[] {10});

  private static final KnowledgeStatistics AS_IT_IS =
      new KnowledgeStatistics(new float[1], new float[] {1});

  private static final KnowledgeSource ALL = source(30, Set.of("k0", "k1", "k2"));

  private final VectorLookup users =
      new VectorLookup(
          Level.USER,
          ALL,
          KEYS,
          AS_IT_IS,
          Missing.MEAN,
          new EarlierKnowledge(
              new Periods(6, 3),
              List.of(source(10, Set.of("k0")), source(20, Set.of("k0", "k2")))));

  private static VectorLookup lookup(
      Level level, KnowledgeSource source, KnowledgeTransform transform, Missing missing) {
    return new VectorLookup(level, source, KEYS, transform, missing, null);
  }

  @Test
  void whatTheBatchBringsCountsBeforeThePeriodThatBeforeTheWholeAndTheMissingLast() {
    // Rows 2 and 3 are of the second period, before which k0 alone was known.
    Batch batch = users(new long[] {2, 2, 3}, new int[] {0, 0, 1});
    batch.userVectors = new float[][] {{7}, null, null};

    assertThat(read(users, batch, true)).containsExactly(7, 10, 0);
    assertThat(read(users, batch, false)).containsExactly(7, 30, 31);
    batch.userVectors = null;
    assertThat(read(users, batch, true)).containsExactly(10, 10, 0);
  }

  @Test
  void aRowThatTrainsReadsWhatWasKnownBeforeItsPeriod() {
    // In the order of a shuffled batch; rows 0 and 1 are of the first period, of which none knows.
    Batch batch = users(new long[] {5, 0, 2, 4, 3, 1}, new int[] {0, 0, 0, 2, 2, 1});

    assertThat(read(users, batch, true)).containsExactly(20, 0, 10, 22, 0, 0);
    assertThat(known(users, batch, true)).containsExactly(true, false, true, true, false, false);
  }

  @Test
  void otherRowsReadTheWhole() {
    Batch batch = users(new long[] {0, 1, 2}, new int[] {0, 1, 2});

    assertThat(read(users, batch, false)).containsExactly(30, 31, 32);
    assertThat(known(users, batch, false)).containsExactly(true, true, true);
  }

  @Test
  void aKeyHasASlotForEachPeriod() {
    int[] slots = slots(users, users(new long[] {2, 4, 3, 5}, new int[] {0, 0, 0, 0}), true);

    assertThat(slots[0]).isEqualTo(slots[2]).isNotEqualTo(slots[1]);
    assertThat(slots[1]).isEqualTo(slots[3]);
  }

  /** k1 in the second period, k2 in the first, and a key that is in no data. */
  @Test
  void keysWithoutAVectorShareASlot() {
    int[] slots = slots(users, users(new long[] {2, 0, 3, 4}, new int[] {1, 2, 3, 2}), true);

    assertThat(slots[0]).isEqualTo(slots[1]).isEqualTo(slots[2]).isNotEqualTo(slots[3]);
  }

  @Test
  void whatIsMissingIsTheMeanOrTheTransformedZeroOrLeftToTheModel() {
    KnowledgeSource some = source(30, Set.of("k0"));
    Batch batch = items(0, 1, 3);

    for (Missing missing : Missing.values()) {
      VectorLookup items = lookup(Level.ITEM, some, SCALED, missing);

      float expected = missing == Missing.ZERO ? -0.2f : 0;
      assertThat(read(items, batch, false)).containsExactly(2.8f, expected, expected);
      assertThat(known(items, batch, false)).containsExactly(true, false, false);
      assertThat(items.learnsMissing()).isEqualTo(missing == Missing.LEARNED);
    }
  }

  @Test
  void whatTheBatchBringsIsTransformedAndStaysAsItIs() {
    VectorLookup items = lookup(Level.ITEM, ALL, SCALED, Missing.LEARNED);
    Batch batch = items(0, 3);
    batch.itemVectors = new float[][] {{12}, {22}};

    assertThat(read(items, batch, false)).containsExactly(1, 2);
    assertThat(batch.itemVectors[0]).containsExactly(12);
    assertThat(known(items, batch, false)).containsExactly(true, true);
  }

  @Test
  void rowsThatFollowOneAnotherShareTheVectorOfTheirUser() {
    float[] one = {7};
    Batch batch = users(new long[4], new int[] {0, 0, 1, 0});
    batch.userVectors = new float[][] {one, one, new float[] {7}, one};

    int[] slots = slots(users, batch, false);

    assertThat(slots[0]).isEqualTo(slots[1]);
    assertThat(Arrays.copyOfRange(slots, 1, 4)).doesNotHaveDuplicates();
  }

  @Test
  void aRowHasAVectorThatItBringsOrThatIsStored() {
    VectorLookup items = lookup(Level.ITEM, source(30, Set.of("k0")), AS_IT_IS, Missing.MEAN);
    Batch batch = items(0, 1, 1, 3);
    batch.itemVectors = new float[][] {null, null, {7}, null};

    BitSet has = new BitSet();
    for (int row = 0; row < batch.size; row++) {
      has.set(row, items.has(batch, row));
    }

    assertThat(has).isEqualTo(BitSet.valueOf(new long[] {0b0101}));
  }

  @Test
  void scenariosAreReadAllAtOnce() {
    VectorLookup scenarios =
        lookup(Level.SCENARIO, source(30, Set.of("k0", "k1")), SCALED, Missing.MEAN);
    FloatBuffer stored = FloatBuffer.allocate(3);
    FloatBuffer replaced = FloatBuffer.allocate(3);

    scenarios.copyAll(null, stored);
    scenarios.copyAll(new float[][] {null, {12}, {22}}, replaced);

    assertThat(scenarios.size()).isEqualTo(3);
    assertThat(stored.array()).containsExactly(2.8f, 2.9f, 0);
    assertThat(replaced.array()).containsExactly(2.8f, 1, 2);
    Batch batch = new Batch(1, List.of());
    batch.scenario[0] = 2;
    assertThat(scenarios.has(batch, 0)).isFalse();
    batch.scenarioVectors = new float[][] {null, null, {22}};
    assertThat(scenarios.has(batch, 0)).isTrue();
  }

  @Test
  void refusesTooFewSources() {
    assertThatThrownBy(() -> new EarlierKnowledge(new Periods(6, 3), List.of()))
        .hasMessageContaining("3 periods need 2 sources, not 0");
  }

  private static int[] slots(VectorLookup lookup, Batch batch, boolean training) {
    int[] slots = new int[batch.size];
    lookup.slots(batch, training, slots);
    return slots;
  }

  private static float[] read(VectorLookup lookup, Batch batch, boolean training) {
    int[] slots = slots(lookup, batch, training);
    FloatBuffer target = FloatBuffer.allocate(batch.size);
    for (int i = 0; i < batch.size; i++) {
      lookup.copy(batch, slots[i], target, i);
    }
    return target.array();
  }

  private static boolean[] known(VectorLookup lookup, Batch batch, boolean training) {
    int[] slots = slots(lookup, batch, training);
    boolean[] known = new boolean[batch.size];
    for (int i = 0; i < batch.size; i++) {
      known[i] = lookup.isKnown(slots[i]);
    }
    return known;
  }

  private static Batch users(long[] rows, int[] users) {
    Batch batch = new Batch(rows.length, List.of());
    batch.size = rows.length;
    System.arraycopy(rows, 0, batch.row, 0, rows.length);
    System.arraycopy(users, 0, batch.user, 0, rows.length);
    return batch;
  }

  private static Batch items(int... items) {
    Batch batch = new Batch(items.length, List.of());
    batch.size = items.length;
    System.arraycopy(items, 0, batch.item, 0, items.length);
    return batch;
  }

  /** Vectors of one number: the base and the number of the key. */
  private static KnowledgeSource source(float base, Set<String> known) {
    return new KnowledgeSource() {
      @Override
      public int dimension() {
        return 1;
      }

      @Override
      public boolean read(String key, float[] target) {
        if (known.contains(key)) {
          Arrays.fill(target, base + Integer.parseInt(key.substring(1)));
        }
        return known.contains(key);
      }
    };
  }
}
