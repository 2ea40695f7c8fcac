package org.llm4msr.runtime.knowledge.vectors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.config.KnowledgeConfig.Missing;
import org.llm4msr.runtime.data.prepared.Periods;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;

/** Three users and six training rows in three periods; u2 becomes known in the second. */
class UserKnowledgeTest {

  private static final List<String> USERS = List.of("u0", "u1", "u2");
  private static final KnowledgeStatistics AS_IT_IS =
      new KnowledgeStatistics(new float[1], new float[] {1});

  private final UserKnowledge knowledge =
      new UserKnowledge(
          source(30, Set.of("u0", "u1", "u2")),
          new EarlierKnowledge(
              new Periods(6, 3), List.of(source(10, Set.of("u0")), source(20, Set.of("u0", "u2")))),
          source -> KnowledgeVectors.entities(source, USERS, AS_IT_IS, Missing.MEAN));

  @Test
  void aRowThatTrainsReadsWhatWasKnownBeforeItsPeriod() {
    // In the order of a shuffled batch; rows 0 and 1 are of the first period, of which none knows.
    Batch batch = batch(new long[] {5, 0, 2, 4, 3, 1}, new int[] {0, 0, 0, 2, 2, 1});

    assertThat(read(batch, true)).containsExactly(20, 0, 10, 22, 0, 0);
    assertThat(known(batch, true)).containsExactly(true, false, true, true, false, false);
  }

  @Test
  void otherRowsReadTheWhole() {
    Batch batch = batch(new long[] {0, 1, 2}, new int[] {0, 1, 2});

    assertThat(read(batch, false)).containsExactly(30, 31, 32);
    assertThat(known(batch, false)).containsExactly(true, true, true);
  }

  @Test
  void aUserHasASlotForEachPeriod() {
    Batch batch = batch(new long[] {2, 4, 3, 5}, new int[] {0, 0, 0, 0});
    int[] slots = new int[4];
    knowledge.slots(batch, true, slots);

    assertThat(slots[0]).isEqualTo(slots[2]).isNotEqualTo(slots[1]);
    assertThat(slots[1]).isEqualTo(slots[3]);
  }

  /** u1 in the second period, u2 in the first, and a user who is in no data. */
  @Test
  void usersWithoutAVectorShareASlot() {
    Batch batch = batch(new long[] {2, 0, 3, 4}, new int[] {1, 2, USERS.size(), 2});
    int[] slots = new int[4];
    knowledge.slots(batch, true, slots);

    assertThat(slots[0]).isEqualTo(slots[1]).isEqualTo(slots[2]).isNotEqualTo(slots[3]);
  }

  @Test
  void refusesTooFewSources() {
    assertThatThrownBy(() -> new EarlierKnowledge(new Periods(6, 3), List.of()))
        .hasMessageContaining("3 periods need 2 sources, not 0");
  }

  private float[] read(Batch batch, boolean training) {
    int[] slots = new int[batch.size];
    knowledge.slots(batch, training, slots);
    FloatBuffer target = FloatBuffer.allocate(batch.size);
    for (int i = 0; i < batch.size; i++) {
      knowledge.copy(slots[i], target, i);
    }
    return target.array();
  }

  private boolean[] known(Batch batch, boolean training) {
    int[] slots = new int[batch.size];
    knowledge.slots(batch, training, slots);
    boolean[] known = new boolean[batch.size];
    for (int i = 0; i < batch.size; i++) {
      known[i] = knowledge.isKnown(slots[i]);
    }
    return known;
  }

  private static Batch batch(long[] rows, int[] users) {
    Batch batch = new Batch(rows.length, List.of());
    batch.size = rows.length;
    for (int i = 0; i < rows.length; i++) {
      batch.row[i] = rows[i];
      batch.user[i] = users[i];
    }
    return batch;
  }

  /** Vectors of one number: the base and the number of the user. */
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
