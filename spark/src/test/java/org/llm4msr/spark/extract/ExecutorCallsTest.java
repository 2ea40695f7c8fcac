package org.llm4msr.spark.extract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.spark.FutureAction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.llm4msr.spark.extract.ExecutorCalls.Answer;
import org.llm4msr.spark.home.JobException;
import scala.Function1;
import scala.Option;
import scala.collection.immutable.Seq;
import scala.concurrent.CanAwait;
import scala.concurrent.ExecutionContext;
import scala.concurrent.Future;
import scala.concurrent.duration.Duration;
import scala.runtime.BoxedUnit;
import scala.util.Try;

/** What the driver hears of a job, whatever Spark makes of it. */
class ExecutorCallsTest {

  private final BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();
  private final FakeJob job = new FakeJob();

  @Test
  void thereIsNoAnswerWhileTheJobRuns() {
    assertThat(ExecutorCalls.next(answers, job)).isNull();
  }

  @Test
  void answersComeInTheirOrder() {
    Answer first = new Answer(3, "vectors");
    Answer second = new Answer(1, "others");
    answers.add(first);
    answers.add(second);

    assertThat(ExecutorCalls.next(answers, job)).isSameAs(first);
    assertThat(ExecutorCalls.next(answers, job)).isSameAs(second);
  }

  @Test
  void answersOfAJobThatFailedCountBeforeItsError() {
    Answer last = new Answer(0, "vectors");
    answers.add(last);
    job.failure = new IllegalStateException("an executor was lost");

    assertThat(ExecutorCalls.next(answers, job)).isSameAs(last);
    assertThatThrownBy(() -> ExecutorCalls.next(answers, job))
        .isInstanceOf(JobException.class)
        .hasMessage("[spark/FAILED] Executors failed: an executor was lost");
  }

  @Test
  void theErrorOfAUserStaysWhatItIs() {
    JobException error = JobException.ofUser("knowledge/NO_FILE", "Name a file.");
    job.failure = new IllegalStateException(error);

    assertThatThrownBy(() -> ExecutorCalls.next(answers, job)).isSameAs(error);
  }

  @Test
  void anInterruptionEndsTheWaitAndIsKept() {
    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> ExecutorCalls.next(answers, job))
        .hasMessage("[spark/INTERRUPTED] The extraction was interrupted.");
    assertThat(Thread.interrupted()).isTrue();
  }

  /** A job that runs until it fails. */
  private static final class FakeJob implements FutureAction<BoxedUnit> {

    private @Nullable RuntimeException failure;

    @Override
    public boolean isCompleted() {
      return failure != null;
    }

    @Override
    public BoxedUnit get() {
      if (failure != null) {
        throw failure;
      }
      throw never();
    }

    private static AssertionError never() {
      return new AssertionError("nobody asks a job that runs for this");
    }

    @Override
    public void cancel(Option<String> reason) {
      throw never();
    }

    @Override
    public FutureAction<BoxedUnit> ready(Duration most, CanAwait permit) {
      throw never();
    }

    @Override
    public BoxedUnit result(Duration most, CanAwait permit) {
      throw never();
    }

    @Override
    public <U> void onComplete(Function1<Try<BoxedUnit>, U> function, ExecutionContext executor) {
      throw never();
    }

    @Override
    public boolean isCancelled() {
      throw never();
    }

    @Override
    public Option<Try<BoxedUnit>> value() {
      throw never();
    }

    @Override
    public Seq<Object> jobIds() {
      throw never();
    }

    @Override
    public <S> Future<S> transform(
        Function1<Try<BoxedUnit>, Try<S>> function, ExecutionContext executor) {
      throw never();
    }

    @Override
    public <S> Future<S> transformWith(
        Function1<Try<BoxedUnit>, Future<S>> function, ExecutionContext executor) {
      throw never();
    }
  }
}
