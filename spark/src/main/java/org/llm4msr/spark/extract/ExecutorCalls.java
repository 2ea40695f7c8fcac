package org.llm4msr.spark.extract;

import static java.util.Objects.requireNonNull;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apache.spark.FutureAction;
import org.apache.spark.SimpleFutureAction;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import org.jspecify.annotations.Nullable;
import org.llm4msr.spark.home.JobException;
import org.llm4msr.spark.home.RuntimePlace;
import scala.Function2;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.BoxedUnit;

/**
 * Makes calls of the encoder on executors, as the runtime's {@code ExtractKnowledge} asks for. Each
 * is a task, whose vectors come to the driver as soon as it is done: a lost executor repeats the
 * call that it was making, and no other.
 */
final class ExecutorCalls implements Consumer<Object> {

  private static final long CHECK_MILLIS = 200;

  private final SparkContext context;
  private final RuntimePlace runtime;
  private final int threads;
  private final List<String> plugins;
  private final ClassLoader loader = Thread.currentThread().getContextClassLoader();
  private long made;

  /** The answer of a call. */
  record Answer(int call, Object value) {}

  /**
   * Makes the function.
   *
   * @param threads of the encoder of an executor
   * @param plugins more plugin folders, the same on every node
   */
  ExecutorCalls(SparkContext context, RuntimePlace runtime, int threads, List<String> plugins) {
    this.context = context;
    this.runtime = runtime;
    this.threads = threads;
    this.plugins = plugins;
  }

  /** Returns how many calls were asked for. */
  long made() {
    return made;
  }

  @Override
  public void accept(Object argument) {
    Map<?, ?> asked = (Map<?, ?>) argument;
    List<List<String>> calls = texts((List<?>) value(asked, "calls"));
    Runnable between = (Runnable) value(asked, "between");
    @SuppressWarnings("unchecked") // The runtime passes one of this type.
    BiConsumer<Integer, Object> answered = (BiConsumer<Integer, Object>) value(asked, "answered");
    between.run();
    made += calls.size();
    BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();
    SimpleFutureAction<BoxedUnit> job = start(calls, settings(asked), answers);
    try {
      for (int done = 0; done < calls.size(); ) {
        Answer answer = next(answers, job);
        if (answer == null) {
          between.run();
        } else {
          answered.accept(answer.call(), answer.value());
          done++;
        }
      }
    } finally {
      if (!job.isCompleted()) {
        job.cancel();
      }
    }
  }

  /** Spark starts a job with the class loader of its thread, which is the runtime's here. */
  private SimpleFutureAction<BoxedUnit> start(
      List<List<String>> calls, Map<String, Serializable> settings, BlockingQueue<Answer> answers) {
    Thread thread = Thread.currentThread();
    ClassLoader former = thread.getContextClassLoader();
    thread.setContextClassLoader(loader);
    try {
      RDD<List<String>> partitions =
          JavaSparkContext.fromSparkContext(context).parallelize(calls, calls.size()).rdd();
      List<Object> numbers = new ArrayList<>(IntStream.range(0, calls.size()).boxed().toList());
      Function2<Object, Object, BoxedUnit> taken =
          (call, value) -> {
            answers.add(new Answer((Integer) call, value));
            return BoxedUnit.UNIT;
          };
      return context.submitJob(
          partitions,
          new EncodeCall(runtime, new HashMap<>(settings)),
          CollectionConverters.asScala(numbers).toSeq(),
          taken,
          () -> BoxedUnit.UNIT);
    } finally {
      thread.setContextClassLoader(former);
    }
  }

  /** Waits for an answer; null where there is none yet. */
  static @Nullable Answer next(BlockingQueue<Answer> answers, FutureAction<BoxedUnit> job) {
    try {
      Answer answer = answers.poll(CHECK_MILLIS, TimeUnit.MILLISECONDS);
      if (answer == null && job.isCompleted() && answers.isEmpty()) {
        job.get(); // It failed.
      }
      return answer;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw JobException.of("spark/INTERRUPTED", "The extraction was interrupted.", e);
    } catch (Exception e) { // Scala declares none of those that a failed job throws.
      JobException known = JobException.in(e);
      throw known != null
          ? known
          : JobException.of("spark/FAILED", "Executors failed: " + e.getMessage(), e);
    }
  }

  private Map<String, Serializable> settings(Map<?, ?> asked) {
    HashMap<String, Serializable> settings = new HashMap<>();
    ((Map<?, ?>) value(asked, "encoding"))
        .forEach((name, setting) -> settings.put((String) name, (Serializable) setting));
    settings.put("threads", threads);
    settings.put("plugins", new ArrayList<>(plugins));
    return settings;
  }

  private static List<List<String>> texts(List<?> calls) {
    List<List<String>> all = new ArrayList<>();
    for (Object call : calls) {
      List<String> texts = new ArrayList<>();
      ((List<?>) call).forEach(text -> texts.add((String) text));
      all.add(texts);
    }
    return all;
  }

  private static Object value(Map<?, ?> asked, String name) {
    return requireNonNull(asked.get(name), name);
  }
}
