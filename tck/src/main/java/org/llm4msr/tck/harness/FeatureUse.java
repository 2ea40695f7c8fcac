package org.llm4msr.tck.harness;

import ai.djl.pytorch.jni.JniUtils;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.EngineFeature;

/**
 * Finds the engine features that some work uses by running it: PyTorch traces its operations,
 * another engine refuses the first one that it lacks.
 */
public final class FeatureUse {

  private static final Map<String, EngineFeature> OPERATIONS =
      Map.of(
          "gather", EngineFeature.GATHER,
          "scatter", EngineFeature.SCATTER,
          "put", EngineFeature.SCATTER,
          "topk", EngineFeature.TOP_K);

  private FeatureUse() {}

  /** Returns the features whose use can be observed. */
  public static Set<EngineFeature> visible() {
    return EnumSet.copyOf(OPERATIONS.values());
  }

  /** An operation that is missing in the engine. */
  public record Missing(String operation, @Nullable EngineFeature feature, String place) {
    @Override
    public String toString() {
      String name = feature == null ? "no feature" : feature.name();
      return "%s (%s) at %s".formatted(operation, name, place);
    }
  }

  /** Returns the operation at which the engine refuses some work, or nothing. */
  public static Optional<Missing> missing(Runnable work) {
    try {
      work.run();
      return Optional.empty();
    } catch (UnsupportedOperationException e) {
      List<StackTraceElement> trace = Arrays.asList(e.getStackTrace());
      return trace.stream()
          .takeWhile(FeatureUse::ofTheEngine)
          .findFirst()
          .map(
              frame ->
                  new Missing(
                      frame.getMethodName(),
                      OPERATIONS.get(frame.getMethodName().toLowerCase(Locale.ROOT)),
                      trace.stream()
                          .dropWhile(FeatureUse::ofTheEngine)
                          .findFirst()
                          .map(String::valueOf)
                          .orElse("an unknown place")));
    }
  }

  private static boolean ofTheEngine(StackTraceElement frame) {
    return frame.getClassName().startsWith("ai.djl.");
  }

  /** Returns the features that some work uses; PyTorch only, in this thread. */
  public static Set<EngineFeature> traced(Runnable work) {
    try {
      Path file = Files.createTempFile("operations", ".json");
      try {
        trace(work, file);
        return features(new ObjectMapper().readTree(file.toFile()));
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void trace(Runnable work, Path file) {
    JniUtils.startProfile(false, false, false);
    try {
      work.run();
    } finally {
      JniUtils.stopProfile(file.toString());
    }
  }

  /** An operation, and when it ran, in microseconds. */
  private record Operation(String name, int thread, double begin, double end) {

    static Operation of(JsonNode event) {
      double begin = event.path("ts").asDouble();
      return new Operation(
          event.path("name").asText(),
          event.path("tid").asInt(),
          begin,
          begin + event.path("dur").asDouble());
    }

    /** Returns whether another operation ran this one as a part, as one-hot rows use scatter. */
    boolean within(Operation other) {
      return !equals(other) && other.thread == thread && other.begin <= begin && end <= other.end;
    }
  }

  private static Set<EngineFeature> features(JsonNode events) {
    List<Operation> operations = new ArrayList<>();
    events.forEach(event -> operations.add(Operation.of(event)));
    Set<EngineFeature> features = EnumSet.noneOf(EngineFeature.class);
    for (Operation operation : operations) {
      EngineFeature feature = OPERATIONS.get(operation.name().replace("aten::", ""));
      if (feature != null && operations.stream().noneMatch(operation::within)) {
        features.add(feature);
      }
    }
    return features;
  }
}
