package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.arrow.vector.util.Text;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.knowledge.vectors.FreshVectors;
import org.llm4msr.serving.ranker.ItemStatus;
import org.llm4msr.serving.ranker.RankExplanation;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;
import org.llm4msr.serving.ranker.RankResult;
import org.llm4msr.serving.ranker.Ranker;
import org.llm4msr.serving.ranker.RankerSettings;

/**
 * Vectors that count in place of those of a bundle: who is given the vector and the fields of
 * another is ranked as that one.
 */
class FreshVectorsTest {

  private static final Map<String, Object> CONTEXT =
      Map.of("hour", 3, "price", 12.5, "tags", List.of("a", "c"), "history", List.of());

  private static FreshShop shop;

  private final Fresh fresh = new Fresh();

  private static final class Fresh implements FreshVectors {

    private final Map<String, float[]> users = new ConcurrentHashMap<>();
    private final Map<String, float[]> items = new ConcurrentHashMap<>();
    private final Map<String, float[]> scenarios = new ConcurrentHashMap<>();

    private Map<String, float[]> vectors(Level level) {
      return switch (level) {
        case USER -> users;
        case SCENARIO -> scenarios;
        case ITEM -> items;
      };
    }

    @Override
    public boolean has(Level level) {
      return !vectors(level).isEmpty();
    }

    @Override
    public float @Nullable [] of(Level level, String key) {
      return vectors(level).get(key);
    }
  }

  @BeforeAll
  static void train() throws IOException {
    shop = FreshShop.trained();
  }

  @BeforeEach
  void forget() {
    fresh.users.clear();
    fresh.items.clear();
    fresh.scenarios.clear();
  }

  private Ranker ranker(Path bundle) {
    return Ranker.open(bundle, RankerSettings.STANDARD.with(fresh), FreshShop.loader());
  }

  private Ranker ranker(String kind) {
    return ranker(kind.equals("compiled") ? shop.compiled : shop.plain);
  }

  private static final List<RankItem> ITEMS =
      List.of(new RankItem("i1"), new RankItem("i2"), new RankItem("i3"), new RankItem("i77"));

  private static void assertSame(RankResult expected, RankResult found) {
    assertThat(found.size()).isEqualTo(expected.size());
    for (int place = 0; place < expected.size(); place++) {
      assertThat(found.probability(place)).isCloseTo(expected.probability(place), within(1e-5f));
    }
  }

  private static RankRequest of(String user, String scenario) {
    return new RankRequest(user, scenario, ITEMS).with(CONTEXT);
  }

  private static void assertOther(RankResult one, RankResult other) {
    assertThat(other.probability(0)).isNotCloseTo(one.probability(0), within(1e-4f));
  }

  @ParameterizedTest
  @ValueSource(strings = {"compiled", "plain"})
  void aKnownUserIsRankedByItsNewVectorFromTheNextRequestOn(String kind) {
    try (Ranker ranker = ranker(kind)) {
      for (String scenario : FreshShop.SCENARIOS) {
        // Users 10, 20 and 30 have no fields, so that only their vectors tell them apart.
        RankRequest ten = of("10", scenario);
        RankResult before = ranker.rank(ten);
        RankResult other = ranker.rank(of("20", scenario));
        assertOther(before, other);

        fresh.users.put("10", shop.user("20"));
        assertSame(other, ranker.rank(ten));
        assertSame(other, ranker.rank(ten));
        fresh.users.put("10", shop.user("30"));
        assertSame(ranker.rank(of("30", scenario)), ranker.rank(ten));
        fresh.users.remove("10");
        assertSame(before, ranker.rank(ten));
      }
      assertThat(ranker.vectorSize(Level.USER)).isEqualTo(16);
    }
  }

  /** What an explanation leaves out is the scenario's vector: the mean takes its place. */
  @ParameterizedTest
  @ValueSource(strings = {"compiled", "plain"})
  void aScenarioIsRankedByItsNewVector(String kind) {
    try (Ranker ranker = ranker(kind)) {
      RankRequest feed = of("10", "feed");
      RankResult before = ranker.rank(feed);
      RankResult other = ranker.rank(of("10", "search"));
      fresh.scenarios.put("feed", shop.scenario("feed"));
      RankResult same = ranker.rank(feed);
      assertSame(before, same);
      assertThat(same.hasUpdatedKnowledge()).isTrue();

      fresh.scenarios.put("feed", shop.meanOfScenarios());
      RankResult found = ranker.rank(feed);
      assertOther(before, found);
      assertThat(ranker.explain(feed).shared().knowledge())
          .contains(
              new RankExplanation.Vector(Level.SCENARIO, RankExplanation.VectorOrigin.UPDATED));
      fresh.scenarios.clear();
      RankExplanation explanation = ranker.explain(feed);
      for (int place = 0; place < ITEMS.size(); place++) {
        double without =
            explanation.items().get(place).score().without().stream()
                .filter(each -> each.levels().equals("scenario"))
                .findFirst()
                .orElseThrow()
                .score();
        assertThat(found.probability(place)).isCloseTo((float) without, within(1e-5f));
      }
      assertSame(before, ranker.rank(feed));
      assertSame(other, ranker.rank(of("10", "search")));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"compiled", "plain"})
  void aNewUserIsRankedByItsVector(String kind) {
    try (Ranker ranker = ranker(kind)) {
      RankRequest request = of("nobody", "feed");
      RankResult before = ranker.rank(request);
      fresh.users.put("nobody", shop.user("40"));
      RankResult found = ranker.rank(request);

      assertSame(ranker.rank(of("40", "feed")), found);
      assertOther(before, found);
      assertThat(found.isUserKnown()).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"compiled", "plain"})
  void itemsAreRankedByTheirNewVectorsAlsoThoseThatAreNotKnown(String kind) {
    // Items 4 and 44 have the same fields: k0 and no words.
    List<RankItem> items =
        List.of(
            new RankItem("i4"),
            new RankItem("i44"),
            new RankItem("new", Map.of("kind", "k0", "words", List.of())),
            new RankItem("i77"));
    Map<String, Object> context = new HashMap<>(CONTEXT);
    context.put(
        "history",
        List.of(
            Map.of("item", "i9", "scenario", "feed"), Map.of("item", "i8", "scenario", "feed")));
    try (Ranker ranker = ranker(kind)) {
      RankRequest request = new RankRequest(17, "feed", items).with(context);
      RankResult before = ranker.rank(request);
      assertThat(before.probability(1)).isNotCloseTo(before.probability(0), within(1e-4f));

      fresh.items.put("i44", shop.item("i4"));
      fresh.items.put("new", shop.item("i4"));
      for (int time = 0; time < 2; time++) {
        RankResult found = ranker.rank(request);
        assertThat(found.probability(1)).isCloseTo(before.probability(0), within(1e-5f));
        assertThat(found.probability(2)).isCloseTo(before.probability(0), within(1e-5f));
        assertThat(found.probability(3)).isEqualTo(before.probability(3));
        assertThat(found.status(2)).isEqualTo(ItemStatus.UNKNOWN);
      }
      fresh.items.clear();
      fresh.scenarios.clear();
      assertSame(before, ranker.rank(request));
    }
  }

  @Test
  void aVectorOfAnotherWidthDoesNotCount() {
    try (Ranker ranker = ranker(shop.compiled)) {
      RankRequest request = new RankRequest(10, "feed", ITEMS).with(CONTEXT);
      RankResult before = ranker.rank(request);
      fresh.users.put("10", new float[15]);
      fresh.items.put("i1", new float[17]);

      assertSame(before, ranker.rank(request));
    }
  }

  @Test
  void batchesOfRowsReadThemToo() {
    Map<String, String> row =
        Map.of(
            "user",
            "new",
            "scenario",
            "feed",
            "item",
            "i1",
            "hour",
            "3",
            "price",
            "12.5",
            "tags",
            "a");
    Map<String, Object> context = Map.of("hour", 3, "price", 12.5, "tags", "a");
    try (Ranker ranker = ranker(shop.compiled);
        BufferAllocator allocator = new RootAllocator();
        VectorSchemaRoot rows = root(row, allocator)) {
      float before = ranker.score(rows)[0];
      fresh.users.put("new", shop.user("10"));
      float found = ranker.score(rows)[0];
      RankRequest same = new RankRequest("new", "feed", ITEMS).with(context);

      assertThat(found)
          .isNotCloseTo(before, within(1e-4f))
          .isCloseTo(ranker.rank(same).probability(0), within(1e-5f));
    }
  }

  private static VectorSchemaRoot root(Map<String, String> row, BufferAllocator allocator) {
    Schema schema =
        new Schema(
            row.keySet().stream()
                .map(column -> Field.nullable(column, ArrowType.Utf8.INSTANCE))
                .toList());
    VectorSchemaRoot root = VectorSchemaRoot.create(schema, allocator);
    row.forEach(
        (column, value) -> ((VarCharVector) root.getVector(column)).setSafe(0, new Text(value)));
    root.setRowCount(1);
    return root;
  }
}
