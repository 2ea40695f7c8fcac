package org.llm4msr.server.features;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.features.FeatureQuery;
import org.llm4msr.api.features.FeatureSource;
import org.llm4msr.api.features.FeatureValues;
import org.llm4msr.runtime.plugins.PluginCall;

class SourceCallsTest {

  private static final PluginCall PLUGIN = new PluginCall("The feature source 'mine'");
  private static final FeatureQuery QUERY = new FeatureQuery("17", "feed", List.of("a", "b"));
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final CountDownLatch end = new CountDownLatch(1);

  @AfterEach
  void release() {
    end.countDown();
  }

  private record Source(
      Function<FeatureQuery, CompletionStage<FeatureValues>> answers, Runnable end)
      implements FeatureSource {
    @Override
    public CompletionStage<FeatureValues> fetch(FeatureQuery query) {
      return answers.apply(query);
    }

    @Override
    public void close() {
      end.run();
    }
  }

  private static SourceCalls calls(Function<FeatureQuery, CompletionStage<FeatureValues>> answers) {
    return new SourceCalls(PLUGIN, new Source(answers, () -> {}), 1);
  }

  private void await() {
    boolean waits = true;
    while (waits) {
      try {
        end.await();
        waits = false;
      } catch (InterruptedException e) {
        // As a plugin that cannot be interrupted.
      }
    }
  }

  private static MsrException failure(SourceCalls calls, Duration time) {
    return catchThrowableOfType(MsrException.class, () -> calls.ask(QUERY, time));
  }

  @Test
  void callsThatDoNotReturnAreAbandonedUntilTheyAreTooMany() throws InterruptedException {
    int most = 1 + 64;
    CountDownLatch begun = new CountDownLatch(most);
    AtomicInteger number = new AtomicInteger();
    SourceCalls calls =
        calls(
            query -> {
              number.incrementAndGet();
              begun.countDown();
              await();
              return CompletableFuture.completedFuture(new FeatureValues(Map.of(), List.of(), 0));
            });

    while (begun.getCount() > 0) { // One that is given up before its thread runs is not begun.
      MsrException late = failure(calls, Duration.ofMillis(1));
      assertThat(late.code()).isEqualTo(SourceCalls.TIMEOUT);
      assertThat(late.type()).isEqualTo(ErrorType.PLUGIN);
    }
    MsrException refused = failure(calls, MINUTE);

    assertThat(refused.code()).isEqualTo(SourceCalls.TIMEOUT);
    assertThat(refused.text())
        .startsWith("The feature source 'mine' has not returned from 65 calls of fetch().");
    assertThat(number).hasValue(most);
  }

  @Test
  void anAnswerThatNobodyWaitsForIsCancelled() {
    AtomicReference<CompletableFuture<FeatureValues>> asked = new AtomicReference<>();
    SourceCalls calls =
        calls(
            query -> {
              asked.set(new CompletableFuture<>());
              return asked.get();
            });

    MsrException late = failure(calls, Duration.ofMillis(5));
    while (asked.get() == null) {
      failure(calls, Duration.ofMillis(5));
    }

    assertThat(late.text())
        .isEqualTo(
            "The feature source 'mine' gave no answer within 5 ms. Have fetch() return a stage at"
                + " once, or raise features.timeoutMillis.");
    assertThatThrownBy(() -> asked.get().get(1, TimeUnit.MINUTES))
        .isInstanceOf(CancellationException.class);
  }

  @SuppressWarnings({"unchecked", "rawtypes"}) // As a plugin that casts without looking.
  private static List<Arguments> badAnswers() {
    Map<String, Object> withoutColumn = Collections.singletonMap(null, "x");
    Map<String, ?> otherColumn = (Map) Map.of(3, "x");
    List<Map<String, ?>> none = List.of(Map.of(), Map.of());
    return List.of(
        bad(null, "gave null in place of values."),
        bad(new FeatureValues(null, none, 0), "gave null in place of values."),
        bad(new FeatureValues(Map.of(), null, 0), "gave null in place of values."),
        bad(
            new FeatureValues(Map.of(), List.of(Map.of()), 0),
            "gave values of 1 items, and was asked for 2."),
        bad(
            new FeatureValues(Map.of(), Arrays.asList(Map.of(), null), 0),
            "gave no map of the values of the item at place 1."),
        bad(
            new FeatureValues(Map.of(), (List) List.of("a", "b"), 0),
            "gave no map of the values of the item at place 0."),
        bad(
            new FeatureValues(withoutColumn, none, 0),
            "gave a value of the user without a column."),
        bad(
            new FeatureValues(Map.of(), List.of(Map.of(), otherColumn), 0),
            "gave a value of the item at place 1 for the column 3, which is no text."));
  }

  private static Arguments bad(FeatureValues values, String text) {
    return Arguments.of(values, text);
  }

  @ParameterizedTest
  @MethodSource("badAnswers")
  void anAnswerOfAnotherFormIsToldWithThePlugin(FeatureValues values, String text) {
    MsrException failure =
        failure(calls(query -> CompletableFuture.completedFuture(values)), MINUTE);

    assertThat(failure.code()).isEqualTo("plugin/BAD_ANSWER");
    assertThat(failure.text()).startsWith("The feature source 'mine' " + text);
  }

  @SuppressWarnings("InfiniteRecursion")
  private static FeatureValues deeper(FeatureQuery query) {
    return deeper(new FeatureQuery(query.user(), "deeper", query.items()));
  }

  @Test
  void whatIsThrownIsToldWithThePluginAndItsLine() {
    String thrown = "The feature source 'mine' threw java.lang.%s in " + getClass().getName();
    MsrException own = new MsrException(ErrorType.EXTERNAL, "mine/DOWN", "It is down.");

    assertThat(
            failure(
                calls(
                    query -> {
                      throw new ArithmeticException("too far");
                    }),
                MINUTE))
        .hasMessageStartingWith(
            "[plugin/FAULT] " + thrown.formatted("ArithmeticException: too far"));
    assertThat(
            failure(
                calls(
                    query -> {
                      throw new NoClassDefFoundError("lib/Gone");
                    }),
                MINUTE))
        .hasMessageStartingWith(
            "[plugin/FAULT] " + thrown.formatted("NoClassDefFoundError: lib/Gone"));
    assertThat(failure(calls(query -> CompletableFuture.completedFuture(deeper(query))), MINUTE))
        .hasMessageStartingWith(
            "[plugin/STACK_OVERFLOW] The feature source 'mine' in fetch() overflowed the stack");
    assertThat(failure(calls(query -> null), MINUTE))
        .hasMessageStartingWith(
            "[plugin/NULL] The feature source 'mine' returned null from fetch().");
    assertThat(
            failure(
                calls(query -> CompletableFuture.failedFuture(new CompletionException(own))),
                MINUTE))
        .isSameAs(own);
    assertThat(
            failure(
                calls(query -> CompletableFuture.failedFuture(new IOException("away"))), MINUTE))
        .hasMessageStartingWith(
            "[plugin/FAULT] The feature source 'mine' threw java.io.IOException: away in");
  }

  @Test
  void aSourceThatDoesNotCloseIsLeft() throws InterruptedException {
    CountDownLatch closing = new CountDownLatch(1);
    AtomicReference<Thread> thread = new AtomicReference<>();
    SourceCalls calls =
        new SourceCalls(
            PLUGIN,
            new Source(
                query -> null,
                () -> {
                  thread.set(Thread.currentThread());
                  closing.countDown();
                  await();
                }),
            1);

    calls.close(Duration.ofMillis(1));

    assertThat(closing.await(1, TimeUnit.MINUTES)).isTrue();
    assertThat(thread.get().isAlive()).isTrue();
    assertThat(thread.get().isDaemon()).isTrue();
  }

  @Test
  void aSourceThatFailsInCloseIsClosed() {
    SourceCalls calls =
        new SourceCalls(
            PLUGIN,
            new Source(
                query -> null,
                () -> {
                  throw new IllegalStateException("already");
                }),
            1);
    calls.close(MINUTE);

    assertThat(failure(calls, MINUTE).code()).isEqualTo(SourceCalls.TIMEOUT);
  }
}
