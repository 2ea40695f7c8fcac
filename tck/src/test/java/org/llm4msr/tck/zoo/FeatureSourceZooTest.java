package org.llm4msr.tck.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.features.FeatureQuery;
import org.llm4msr.api.features.FeatureSource;
import org.llm4msr.api.features.FeatureSourceFactory;
import org.llm4msr.api.features.FeatureValues;
import org.llm4msr.tck.FeatureSourceConformance;
import org.llm4msr.tck.KitRun;
import org.llm4msr.tck.Rules;

/** Each flaw of a feature source breaks its rule and no other. */
class FeatureSourceZooTest {

  private static final Map<String, Supplier<FeatureSource>> FLAWS =
      Map.of(
          "RUN-01", FailsToClose::new,
          "SOURCE-01", AnswersItemsOnce::new,
          "SOURCE-02", CollectsInAField::new);

  static class Kit extends FeatureSourceConformance {
    @Override
    protected FeatureSourceFactory<?> factory() {
      return new ZooSourceFactory();
    }
  }

  @AfterEach
  void heal() {
    ZooSourceFactory.CAGE.clear();
  }

  @Test
  void theSoundOneKeepsAllRules() {
    KitRun run = KitRun.of(Kit.class);

    assertThat(run.failures()).isEmpty();
    assertThat(run.passed()).hasSize(Rules.of(Kit.class).size());
  }

  @Test
  void aStoreThatIsDownBreaksNoRule() {
    ZooSourceFactory.CAGE.put(Fails::new);

    assertThat(KitRun.of(Kit.class).failures()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"RUN-01", "SOURCE-01", "SOURCE-02"})
  void aFlawBreaksItsRuleAndNoOther(String rule) {
    ZooSourceFactory.CAGE.put(FLAWS.get(rule));

    assertThat(KitRun.of(Kit.class).broken()).containsExactly(rule);
  }

  private static final class Fails extends SoundSource {
    @Override
    public CompletionStage<FeatureValues> fetch(FeatureQuery query) {
      throw new IllegalStateException("down");
    }
  }

  private static final class FailsToClose extends SoundSource {
    @Override
    public void close() {
      throw new IllegalStateException("still in use");
    }
  }

  private static final class AnswersItemsOnce extends SoundSource {
    @Override
    FeatureValues values(FeatureQuery query) {
      FeatureValues all = super.values(query);
      return new FeatureValues(all.user(), all.items().stream().distinct().toList(), 0);
    }
  }

  private static final class CollectsInAField extends SoundSource {

    private String user = "";

    @Override
    public CompletionStage<FeatureValues> fetch(FeatureQuery query) {
      user = String.valueOf(query.user());
      FeatureValues all = values(query);
      return new CompletableFuture<FeatureValues>() {
        @Override
        public FeatureValues get(long timeout, TimeUnit unit) {
          return new FeatureValues(Map.of("id", user), all.items(), 0);
        }
      };
    }
  }
}
