package org.llm4msr.runtime.knowledge.vectors;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.config.KnowledgeConfig.Missing;
import org.llm4msr.runtime.data.prepared.Periods;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;

/**
 * The whole chain, for items and for users of one number each: the data has k0 and k1, of which k0
 * is stored as 30 (as 10 before the second of two periods). What is missing reads 0, and 0.5 more
 * where that is learned.
 */
class KeyVectorsTest {

  private static final List<String> KEYS = List.of("k0", "k1");
  private static final float[] GIVEN = {7};

  private final Map<String, float[]> fresh = new HashMap<>();
  private final Map<String, Float> newItems = new HashMap<>();
  private final KeyVectors vectors =
      new KeyVectors(
          Map.of(Level.USER, 1, Level.ITEM, 1, Level.SCENARIO, 1), fresh(), source(newItems));
  private final VectorLookup items = lookup(Level.ITEM, null);
  private final VectorLookup users =
      lookup(
          Level.USER, new EarlierKnowledge(new Periods(4, 2), List.of(source(Map.of("k0", 10f)))));

  private static VectorLookup lookup(Level level, @Nullable EarlierKnowledge earlier) {
    return new VectorLookup(
        level,
        source(Map.of("k0", 30f)),
        KEYS,
        new KnowledgeStatistics(new float[1], new float[] {1}),
        Missing.LEARNED,
        earlier);
  }

  private FreshVectors fresh() {
    return new FreshVectors() {
      @Override
      public boolean has(Level level) {
        return !fresh.isEmpty();
      }

      @Override
      public float @Nullable [] of(Level level, String key) {
        return fresh.get(key);
      }
    };
  }

  private static KnowledgeSource source(Map<String, Float> stored) {
    return new KnowledgeSource() {
      @Override
      public int dimension() {
        return 1;
      }

      @Override
      public boolean read(String key, float[] target) {
        Float number = stored.get(key);
        target[0] = number == null ? target[0] : number;
        return number != null;
      }
    };
  }

  @Test
  void eachLinkCountsWhereThoseBeforeItHaveNothing() {
    fresh.put("k0", new float[] {50});
    fresh.put("new", new float[] {51});
    newItems.put("new", 60f);
    assertItem("k0", GIVEN, 7, VectorLink.GIVEN);
    assertItem("new", GIVEN, 7, VectorLink.GIVEN);
    assertItem("k0", null, 50, VectorLink.FRESH);
    assertItem("new", null, 51, VectorLink.FRESH);

    fresh.clear();
    assertItem("k0", null, 30, VectorLink.STORED);
    assertItem("k1", null, 0.5f, VectorLink.MISSING);
    assertThat(read("new", null)).isEqualTo(60);

    newItems.clear();
    assertItem("new", null, 0.5f, VectorLink.MISSING);
    assertItem("k1", GIVEN, 7, VectorLink.GIVEN);
  }

  @Test
  void aFreshVectorOfAnotherWidthDoesNotCount() {
    fresh.put("k0", new float[2]);
    fresh.put("new", new float[0]);
    assertItem("k0", null, 30, VectorLink.STORED);
    assertItem("new", null, 0.5f, VectorLink.MISSING);

    newItems.put("new", 60f);
    assertThat(read("new", null)).isEqualTo(60);
    assertItem("k0", GIVEN, 7, VectorLink.GIVEN);
  }

  @Test
  void anItemOfTheDataIsNotLookedForAmongNewOnes() {
    newItems.put("k1", 60f);

    assertItem("k1", null, 0.5f, VectorLink.MISSING);
  }

  @Test
  void aFreshVectorCountsBeforeThatOfThePeriodAndThatBeforeTheWhole() {
    fresh.put("k0", new float[] {50});
    assertThat(users(true)).containsExactly(50, 50);
    assertThat(users(false)).containsExactly(50, 50);

    fresh.clear();
    assertThat(users(true)).as("rows of the first and the second period").containsExactly(0, 10);
    assertThat(users(false)).containsExactly(30, 30);
  }

  @Test
  void whatALevelThatIsNotReadHasDoesNotCount() {
    fresh.put("k0", new float[] {50});
    fresh.put("k1", new float[0]);
    KeyVectors none = new KeyVectors(Map.of(), fresh(), null);

    assertThat(none.dimension(Level.USER)).isZero();
    assertThat(none.of(Level.USER, "k0", true, null)).isNull();
    assertThat(none.of(Level.USER, "k1", true, null)).isNull();
    assertThat(none.ofScenarios(KEYS)).isNull();
  }

  @Test
  void aRowWithoutAKeyHasWhatItBrings() {
    fresh.put("k0", new float[] {50});

    assertThat(vectors.of(Level.ITEM, null, false, null)).isNull();
    assertThat(vectors.of(Level.ITEM, null, false, GIVEN)).isSameAs(GIVEN);
  }

  @Test
  void scenariosAreAskedTogetherAndNoneIsNull() {
    assertThat(vectors.ofScenarios(KEYS)).isNull();
    fresh.put("k1", new float[2]);
    assertThat(vectors.ofScenarios(KEYS)).as("of another width").isNull();

    float[] one = {50};
    fresh.put("k1", one);
    assertThat((Object[]) vectors.ofScenarios(KEYS)).containsExactly(null, one);
  }

  private void assertItem(
      String key, float @Nullable [] given, float expected, VectorLink expectedLink) {
    Batch batch = item(key, given);
    assertThat(read(key, given)).isEqualTo(expected);
    assertThat(items.link(batch, 0)).isEqualTo(expectedLink);
    assertThat(items.has(batch, 0)).isEqualTo(expectedLink != VectorLink.MISSING);
  }

  private float read(String key, float @Nullable [] given) {
    FloatBuffer target = FloatBuffer.allocate(1);
    items.fill(item(key, given), FloatBuffer.wrap(new float[] {0.5f}), target);
    return target.get(0);
  }

  private Batch item(String key, float @Nullable [] given) {
    Batch batch = new Batch(1, List.of());
    batch.size = 1;
    batch.item[0] = KEYS.contains(key) ? KEYS.indexOf(key) : KEYS.size();
    float[] counts = vectors.of(Level.ITEM, key, KEYS.contains(key), given);
    batch.itemVectors = new float[][] {counts};
    batch.givenItemVector = new boolean[] {given != null};
    return batch;
  }

  /** Reads a row of k0 in each of the two periods. */
  private float[] users(boolean training) {
    Batch batch = new Batch(2, List.of());
    batch.size = 2;
    batch.row[1] = 2;
    float[] counts = vectors.of(Level.USER, "k0", true, null);
    batch.userVectors = new float[][] {counts, counts};
    int[] slots = new int[2];
    users.slots(batch, training, slots);
    FloatBuffer target = FloatBuffer.allocate(2);
    users.copy(batch, slots[0], target, 0);
    users.copy(batch, slots[1], target, 1);
    return target.array();
  }
}
