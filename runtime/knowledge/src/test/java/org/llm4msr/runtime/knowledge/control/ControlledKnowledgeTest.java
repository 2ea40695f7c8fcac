package org.llm4msr.runtime.knowledge.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.config.KnowledgeConfig.Missing;
import org.llm4msr.runtime.config.KnowledgeConfig.Precision;
import org.llm4msr.runtime.config.KnowledgeControl;
import org.llm4msr.runtime.config.KnowledgeControl.Kind;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;
import org.llm4msr.runtime.knowledge.store.StoreInfo;
import org.llm4msr.runtime.knowledge.store.StoreWriter;
import org.llm4msr.runtime.knowledge.store.StoredKnowledge;
import org.llm4msr.runtime.knowledge.vectors.KnowledgeInputs;
import org.llm4msr.runtime.knowledge.vectors.ModelKnowledge;
import org.llm4msr.runtime.knowledge.vectors.Population;
import org.llm4msr.runtime.knowledge.vectors.VectorLookup;

class ControlledKnowledgeTest {

  @TempDir Path folder;
  private int stores;

  /** User {@code u} has (u, u squared, 5), scenario {@code a} (1, 0, 0), {@code b} (0, 1, 0). */
  private KnowledgeStore store(int... users) throws IOException {
    Path target = folder.resolve("store-" + stores++);
    StoreInfo info =
        StoreInfo.empty(
            new StoreInfo.Encoder("own", "1", "", "", 3, 10),
            "",
            Precision.FLOAT16,
            "data",
            1,
            false,
            List.of(),
            Map.of());
    try (StoreWriter writer =
        StoreWriter.open(target, info, EnumSet.allOf(Level.class), false, Duration.ofDays(1))) {
      for (int user : users) {
        append(writer, Level.USER, "u" + user, user, user * user, 5);
      }
      append(writer, Level.SCENARIO, "a", 1, 0, 0);
      append(writer, Level.SCENARIO, "b", 0, 1, 0);
      writer.finish(null, null);
    }
    return KnowledgeStore.open(target);
  }

  private static void append(StoreWriter writer, Level level, String key, float... vector)
      throws IOException {
    byte[] hash = ByteBuffer.allocate(32).putInt(key.hashCode()).array();
    writer.declare(level, key, hash);
    writer.append(level, new StoredKnowledge(key, hash, vector, "said", 4, 1));
  }

  private static KnowledgeControl users(Kind kind) {
    return new KnowledgeControl(null, kind, Kind.OFF, Kind.OFF);
  }

  private static float[] read(KnowledgeSource source, String key) {
    float[] vector = new float[source.dimension()];
    assertThat(source.read(key, vector)).as(key).isTrue();
    return vector;
  }

  private static int[] firstTen() {
    return IntStream.range(0, 10).toArray();
  }

  /** Returns whose vector each of some users reads: its first number is the user's. */
  private static Map<Integer, Integer> whose(KnowledgeSource source, int... users) {
    Map<Integer, Integer> whose = new HashMap<>();
    for (int user : users) {
      float[] vector = read(source, "u" + user);
      int other = (int) vector[0];
      assertThat(vector).containsExactly(other, other * other, 5);
      whose.put(user, other);
    }
    return whose;
  }

  @Test
  void shuffledVectorsAreThoseOfOtherKeys() throws IOException {
    KnowledgeStore store = store(firstTen());
    ControlledKnowledge shuffled = new ControlledKnowledge(store, users(Kind.SHUFFLED), 1);
    Map<Integer, Integer> whose = whose(shuffled.level(Level.USER), firstTen());

    assertThat(whose.values()).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    whose.forEach((user, other) -> assertThat(other).isNotEqualTo(user));
    assertThat(shuffled.level(Level.USER).read("u10", new float[3])).isFalse();
    assertThat(read(shuffled.level(Level.SCENARIO), "a")).containsExactly(1, 0, 0);
    assertThat(shuffled.controls()).isEqualTo("{USER=SHUFFLED}");

    int[] backwards = IntStream.range(0, 10).map(i -> 9 - i).toArray();
    KnowledgeSource again =
        new ControlledKnowledge(store(backwards), users(Kind.SHUFFLED), 1).level(Level.USER);
    assertThat(whose(again, firstTen())).as("in any order of the store").isEqualTo(whose);
    KnowledgeSource other =
        new ControlledKnowledge(store, users(Kind.SHUFFLED), 2).level(Level.USER);
    assertThat(whose(other, firstTen())).isNotEqualTo(whose);
  }

  /** Who has no vector yet is left out of the ring: the order of the others stays. */
  @Test
  void vectorsOfEarlierPeriodsAreShuffledInTheSameOrder() throws IOException {
    int[] known = {1, 4, 5, 7};
    ControlledKnowledge shuffled =
        new ControlledKnowledge(store(firstTen()), users(Kind.SHUFFLED), 1);
    Map<Integer, Integer> all = whose(shuffled.level(Level.USER), firstTen());
    KnowledgeSource earlier = shuffled.level(Level.USER, store(known).users());

    Map<Integer, Integer> expected = new HashMap<>();
    for (int user : known) {
      int next = all.get(user);
      while (IntStream.of(known).noneMatch(List.of(next)::contains)) {
        next = all.get(next);
      }
      expected.put(user, next);
    }
    assertThat(whose(earlier, known)).isEqualTo(expected);
    assertThat(expected.values()).containsExactlyInAnyOrder(1, 4, 5, 7);
    assertThat(earlier.read("u0", new float[3])).isFalse();
  }

  @Test
  void aConstantIsTheMean() throws IOException {
    ControlledKnowledge constant =
        new ControlledKnowledge(
            store(firstTen()),
            new KnowledgeControl(Kind.CONSTANT, Kind.OFF, Kind.OFF, Kind.OFF),
            1);

    // The sums of 0 to 9 and of their squares are 45 and 285.
    for (int user : firstTen()) {
      assertThat(read(constant.level(Level.USER), "u" + user)).containsExactly(4.5f, 28.5f, 5);
    }
    assertThat(read(constant.level(Level.SCENARIO), "b")).containsExactly(0.5f, 0.5f, 0);
    assertThat(constant.controls()).isEqualTo("{USER=CONSTANT, SCENARIO=CONSTANT, ITEM=CONSTANT}");
  }

  /** Of n numbers from 0 the mean is (n - 1) / 2 and the variance (n^2 - 1) / 12. */
  @Test
  void randomVectorsHaveMeanAndDeviationOfEachDimension() throws IOException {
    int count = 240;
    int[] numbers = IntStream.range(0, count).toArray();
    KnowledgeStore store = store(numbers);
    KnowledgeSource random =
        new ControlledKnowledge(store, users(Kind.RANDOM), 1).level(Level.USER);
    double mean = 0;
    double squares = 0;
    List<Float> first = new ArrayList<>();
    for (int user : numbers) {
      float[] vector = read(random, "u" + user);
      assertThat(vector[2]).as("a dimension that does not vary").isEqualTo(5);
      first.add(vector[0]);
      mean += vector[0] / count;
      squares += vector[0] * vector[0] / count;
    }
    double deviation = Math.sqrt((count * count - 1) / 12.0);
    double tolerance = 4 / Math.sqrt(count); // Four standard errors.
    assertThat(mean).isCloseTo((count - 1) / 2.0, within(tolerance * deviation));
    assertThat(Math.sqrt(squares - mean * mean))
        .isCloseTo(deviation, within(tolerance * deviation));
    assertThat(first).doesNotHaveDuplicates();

    assertThat(read(random, "u7")).isEqualTo(read(random, "u7"));
    KnowledgeSource earlier =
        new ControlledKnowledge(store, users(Kind.RANDOM), 1)
            .level(Level.USER, store(3, 7).users());
    assertThat(read(earlier, "u7")).as("before a period").isEqualTo(read(random, "u7"));
    KnowledgeSource other = new ControlledKnowledge(store, users(Kind.RANDOM), 2).level(Level.USER);
    assertThat(read(other, "u7")).isNotEqualTo(read(random, "u7"));
  }

  @Test
  void oneVectorCannotBeShuffled() throws IOException {
    KnowledgeStore store = store(3);
    assertThatThrownBy(() -> new ControlledKnowledge(store, users(Kind.SHUFFLED), 1))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[knowledge/CONTROL]")
        .hasMessageContaining("shuffled for the level user, but the store " + store.folder())
        .hasMessageContaining("knowledge.control: { scenario: shuffled }");
  }

  @Test
  void whatIsWrittenIsReadWithoutKnowingOfControls() throws IOException {
    KnowledgeStore store = store(firstTen());
    for (Kind kind : Kind.values()) {
      ControlledKnowledge controlled = new ControlledKnowledge(store, users(kind), 1);
      Path target = folder.resolve("written-" + kind);
      controlled.write(target);

      KnowledgeStore written = KnowledgeStore.open(target);
      for (int user : firstTen()) {
        assertThat(read(written.users(), "u" + user))
            .isEqualTo(read(controlled.level(Level.USER), "u" + user));
      }
      assertThat(read(written.scenarios(), "b")).containsExactly(0, 1, 0);
      assertThat(written.info().users()).isEqualTo(10);
      assertThat(written.info().content()).isNotEqualTo(store.info().content());
      if (kind != Kind.OFF) {
        assertThat(written.info().settings())
            .isEqualTo(Map.of("control.user", kind.name().toLowerCase(Locale.ROOT)));
        assertThatThrownBy(
                () -> KnowledgeStore.merge(target, store.folder(), folder.resolve("merged")))
            .hasMessageContaining("[knowledge/STORE_MISMATCH]");
      }
    }
  }

  /** Scenarios are divided by the users' deviations: those of a control would be other ones. */
  @Test
  void aControlOfUsersLeavesScenariosAsTheyAre() throws IOException {
    KnowledgeStore store = store(firstTen());
    for (int components : new int[] {0, 2}) {
      float[] plain = scenario(new ControlledKnowledge(store, KnowledgeControl.OFF, 1), components);
      assertThat(plain[0]).isNotZero();
      for (Kind kind : Kind.values()) {
        assertThat(scenario(new ControlledKnowledge(store, users(kind), 1), components))
            .as("%s, %d components", kind, components)
            .isEqualTo(plain);
      }
    }
  }

  private static float[] scenario(ControlledKnowledge knowledge, int components) {
    List<String> users = IntStream.range(0, 10).mapToObj(user -> "u" + user).toList();
    BitSet training = new BitSet();
    training.set(0, 10);
    KnowledgeInputs inputs =
        new KnowledgeInputs(
            knowledge.level(Level.USER),
            knowledge.level(Level.SCENARIO),
            knowledge.level(Level.ITEM),
            Missing.MEAN,
            Missing.MEAN,
            null,
            null,
            components,
            knowledge.controls(),
            null);
    VectorLookup scenarios =
        ModelKnowledge.load(
                inputs,
                new Population(users, training, List.of("a", "b"), List::of, BitSet::new),
                Set.of(Level.USER, Level.SCENARIO))
            .scenarios();
    FloatBuffer vectors = FloatBuffer.allocate(scenarios.size() * scenarios.dimension());
    scenarios.copyAll(null, vectors);
    return vectors.array();
  }
}
