package org.llm4msr.tck;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.features.FeatureContext;
import org.llm4msr.api.features.FeatureQuery;
import org.llm4msr.api.features.FeatureSource;
import org.llm4msr.api.features.FeatureSourceFactory;
import org.llm4msr.api.features.FeatureValues;
import org.llm4msr.tck.harness.Finding;
import org.llm4msr.tck.rule.Rule;

/**
 * The rules of feature sources. They hold whether the store can be reached or not. Extend it, and
 * name the factory:
 *
 * <pre>{@code
 * class MySourceTest extends FeatureSourceConformance {
 *   @Override
 *   protected FeatureSourceFactory<?> factory() {
 *     return new MySourceFactory();
 *   }
 * }
 * }</pre>
 */
public abstract class FeatureSourceConformance extends PluginConformance<FeatureSourceFactory<?>> {

  private static final long SECONDS = 10;
  private static final int SEVERAL = 4;
  private static final List<String> ITEMS = List.of("a4", "b 7", "a4", "");

  @TempDir
  @SuppressWarnings("NullAway.Init")
  private Path temporary;

  private record Context(Path base) implements FeatureContext {
    @Override
    public Duration timeout() {
      return Duration.ofSeconds(SECONDS);
    }
  }

  /** Makes the kit. */
  protected FeatureSourceConformance() {
    super(FeatureSourceFactory.class);
  }

  private FeatureSource create() {
    return create(factory(), config());
  }

  private <C extends Record> FeatureSource create(FeatureSourceFactory<C> factory, Record config) {
    return factory.create(factory.configType().cast(config), new Context(temporary));
  }

  private static FeatureQuery query(@Nullable String user) {
    return new FeatureQuery(user, "feed", ITEMS);
  }

  @Override
  final void use() {
    try (FeatureSource source = create()) {
      FeatureValues unused = answer(ask(source, query("17")));
    }
  }

  /** Asks; an exception at once is an answer that failed. */
  private static CompletableFuture<FeatureValues> ask(FeatureSource source, FeatureQuery query) {
    CompletionStage<FeatureValues> asked;
    try {
      asked = source.fetch(query);
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
    Finding.unless(asked != null, "a stage of fetch()", "null");
    return asked.toCompletableFuture();
  }

  /** Returns an answer; null where the source failed. */
  private static @Nullable FeatureValues answer(CompletableFuture<FeatureValues> asked) {
    try {
      return asked.get(SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      return null;
    } catch (TimeoutException e) {
      throw new Finding("an answer or a failure in %d s".formatted(SECONDS), "none");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Finding("an answer", "the thread was interrupted");
    }
  }

  private static void requireWhole(@Nullable FeatureValues values) {
    if (values != null) {
      Finding.unlessEqual("number of items in the answer", ITEMS.size(), values.items().size());
      Finding.unless(values.user() != null, "values of the user, empty if none", "null");
      for (Map<String, ?> item : values.items()) {
        Finding.unless(item != null, "values of each item, empty if none", "null");
      }
    }
  }

  /** What is answered. */
  @Nested
  class Answers {

    @Rule(
        id = "SOURCE-01",
        says = "answers each item in the order asked, also one that is asked twice, or fails",
        checkFirst = {
          "an item that is not known has an empty map, and so has a request without a user",
          "a store that is down fails the answer, not create()"
        })
    final void answersEachItem() {
      try (FeatureSource source = create()) {
        requireWhole(answer(ask(source, query("17"))));
        requireWhole(answer(ask(source, query(null))));
      }
    }

    @Rule(
        id = "SOURCE-02",
        says = "answers a request as if others were not under way",
        checkFirst = {"what a request collects is in no field of the source"})
    final void answersSeveralAtOnce() {
      try (FeatureSource source = create()) {
        List<CompletableFuture<FeatureValues>> asked = new ArrayList<>();
        for (int user = 0; user < SEVERAL; user++) {
          asked.add(ask(source, query("user " + user)));
        }
        for (int user = 0; user < SEVERAL; user++) {
          FeatureValues among = answer(asked.get(user));
          FeatureValues alone = answer(ask(source, query("user " + user)));
          if (among != null && alone != null) {
            Finding.unlessEqual("answer of user " + user, alone, among);
          }
        }
      }
    }
  }
}
