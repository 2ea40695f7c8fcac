package org.llm4msr.spark.train;

import java.io.IOException;
import java.io.Serializable;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkEnv;
import org.llm4msr.spark.home.JobException;
import org.llm4msr.spark.home.LoadedRuntime;
import scala.collection.Iterator;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.AbstractFunction1;

/**
 * The worker that a task of a barrier stage is. Errors that no repetition mends are returned; Spark
 * repeats the stage, all workers of it, where a task throws or its executor is lost.
 */
final class TrainTask
    extends AbstractFunction1<Iterator<Integer>, Iterator<HashMap<String, String>>>
    implements Serializable {

  private static final long serialVersionUID = 1L;

  private static final int FEWEST_WAITING = 16;

  private final TrainRequest request;

  TrainTask(TrainRequest request) {
    this.request = request;
  }

  @Override
  @SuppressWarnings("NonApiType") // What is sent must be serializable.
  public Iterator<HashMap<String, String>> apply(Iterator<Integer> none) {
    HashMap<String, String> told = new HashMap<>();
    work(BarrierTaskContext.get()).forEach((name, value) -> told.put(name, String.valueOf(value)));
    told.put("rank", String.valueOf(BarrierTaskContext.get().partitionId()));
    return CollectionConverters.asScala(List.of(told).iterator());
  }

  private Map<String, ?> work(BarrierTaskContext context) {
    String host = SparkEnv.get().blockManager().blockManagerId().host();
    try (ServerSocket server = new ServerSocket(0, backlog(), InetAddress.getByName(host))) {
      LoadedRuntime runtime = null;
      String failure = "";
      try {
        runtime = LoadedRuntime.of(request.runtime());
      } catch (JobException e) {
        failure = String.valueOf(e.getMessage());
      }
      Meeting meeting =
          Meeting.of(
              context.allGather(
                  Meeting.message(
                      context.partitionId(),
                      host + ":" + server.getLocalPort(),
                      SparkEnv.get().executorId(),
                      new SecureRandom().nextLong(),
                      failure)));
      String problem = meeting.problem();
      return problem != null || runtime == null
          ? Map.of("error", String.valueOf(problem), "ofUser", true)
          : train(context, runtime, meeting, server);
    } catch (IOException e) {
      throw JobException.of(
          "spark/NO_ADDRESS",
          "No port of %s can be opened for other workers: %s.".formatted(host, e.getMessage()),
          e);
    }
  }

  /** All may connect at once. */
  private int backlog() {
    return Math.max(FEWEST_WAITING, request.workers());
  }

  private Map<String, ?> train(
      BarrierTaskContext context, LoadedRuntime runtime, Meeting meeting, ServerSocket server) {
    Map<String, Object> settings = new HashMap<>();
    settings.put("experiment", request.experiment());
    settings.put("run", request.run());
    settings.put("overrides", new ArrayList<>(request.overrides()));
    settings.put("plugins", new ArrayList<>(request.plugins()));
    settings.put("threads", request.threads());
    settings.put("rank", context.partitionId());
    settings.put("attempt", context.stageAttemptNumber());
    settings.put("addresses", new ArrayList<>(meeting.addresses()));
    settings.put("server", server);
    settings.put("secret", meeting.secret());
    settings.put("patience", request.patienceSeconds());
    settings.put("partition", request.partitions());
    if (request.from() != null) {
      settings.put("from", request.from());
    }
    settings.put("force", request.force());
    settings.put("job", request.job());
    Map<String, Object> told = new HashMap<>();
    ((Map<?, ?>) runtime.call("TrainWorker", settings))
        .forEach((name, value) -> told.put((String) name, value));
    return told;
  }
}
