package org.llm4msr.runtime.knowledge.vectors;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;
import org.llm4msr.runtime.tables.Safetensors;
import org.llm4msr.toolkit.safetensors.SafetensorsWriter;
import org.llm4msr.toolkit.safetensors.Tensor;

/**
 * How the knowledge of both levels is standardised, and reduced to principal components where that
 * is configured. Learned in training; travels with the model.
 */
public final class KnowledgeScaling {

  private static final String USERS = "users";
  private static final String SCENARIOS = "scenarios";
  private static final String COMPONENTS = "components";

  private final KnowledgeTransform users;
  private final @Nullable KnowledgeTransform scenarios;

  private KnowledgeScaling(KnowledgeTransform users, @Nullable KnowledgeTransform scenarios) {
    this.users = users;
    this.scenarios = scenarios;
  }

  /** Learns from the users of the training part. */
  static KnowledgeScaling learn(KnowledgeInputs inputs, Population who, boolean forScenarios) {
    Iterable<String> keys = who.trainingKeys();
    requireAny(inputs.users(), keys);
    KnowledgeStatistics users = KnowledgeStatistics.over(inputs.users(), keys);
    KnowledgeStatistics scenarios =
        forScenarios
            ? KnowledgeStatistics.forScenarios(inputs.scenarios(), who.scenarios(), users)
            : null;
    if (inputs.components() == 0) {
      return new KnowledgeScaling(users, scenarios);
    }
    PrincipalComponents components =
        PrincipalComponents.of(inputs.users(), keys, users, inputs.components());
    return new KnowledgeScaling(
        ReducedKnowledge.of(users, components, inputs.users(), keys),
        scenarios == null
            ? null
            : ReducedKnowledge.of(scenarios, components, inputs.scenarios(), who.scenarios()));
  }

  /** Without any vector the deviations, by which all knowledge is divided, would be 0. */
  private static void requireAny(KnowledgeSource source, Iterable<String> keys) {
    float[] vector = new float[source.dimension()];
    for (String key : keys) {
      if (source.read(key, vector)) {
        return;
      }
    }
    throw new MsrException(
        ErrorType.USER,
        "knowledge/NO_USERS",
        "The knowledge has no vectors of users in the training part, which determine how all"
            + " vectors are standardised. Lower knowledge.minInteractions and extract again, or"
            + " provide a file with vectors of users.");
  }

  KnowledgeTransform users() {
    return users;
  }

  /** Returns what transforms scenarios; null where the model does not read them. */
  @Nullable KnowledgeTransform scenarios() {
    return scenarios;
  }

  /** Returns the size of a vector as the model reads it. */
  public int dimension() {
    return users.dimension();
  }

  /** Writes a safetensors file. */
  public void write(Path file) throws IOException {
    List<Tensor> tensors = new ArrayList<>();
    if (users instanceof ReducedKnowledge reduced) {
      tensors.add(tensor(reduced.components()));
    }
    add(tensors, USERS, users);
    if (scenarios != null) {
      add(tensors, SCENARIOS, scenarios);
    }
    SafetensorsWriter.write(file, tensors);
  }

  private static Tensor tensor(PrincipalComponents components) {
    int dimension = components.directions()[0].length;
    FloatBuffer values = FloatBuffer.allocate(components.count() * dimension);
    for (float[] direction : components.directions()) {
      values.put(direction);
    }
    return new Tensor(
        COMPONENTS, List.of((long) components.count(), (long) dimension), values.flip());
  }

  private static void add(List<Tensor> tensors, String level, KnowledgeTransform transform) {
    KnowledgeStatistics statistics;
    if (transform instanceof ReducedKnowledge reduced) {
      statistics = reduced.statistics();
      tensors.add(tensor(level + "/factor", reduced.factor()));
    } else {
      statistics = (KnowledgeStatistics) transform;
    }
    tensors.add(tensor(level + "/mean", statistics.mean()));
    tensors.add(tensor(level + "/deviation", statistics.deviation()));
  }

  private static Tensor tensor(String name, float... values) {
    return new Tensor(name, List.of((long) values.length), FloatBuffer.wrap(values));
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @throws MsrException of type DATA where it is something else
   */
  public static KnowledgeScaling read(Path file) throws IOException {
    Map<String, Tensor> tensors = new HashMap<>(Safetensors.read(file));
    Tensor directions = tensors.remove(COMPONENTS);
    PrincipalComponents components = directions == null ? null : components(directions);
    KnowledgeTransform users = transform(tensors, USERS, components);
    KnowledgeTransform scenarios = transform(tensors, SCENARIOS, components);
    if (users == null
        || !tensors.isEmpty()
        || (directions != null && components == null)
        || (scenarios != null && size(scenarios) != size(users))) {
      throw new MsrException(
          ErrorType.DATA,
          "model/DAMAGED_FILE",
          file
              + " does not hold the statistics of a model's knowledge. Use the file of this"
              + " model.");
    }
    return new KnowledgeScaling(users, scenarios);
  }

  private static int size(KnowledgeTransform transform) {
    return transform instanceof ReducedKnowledge reduced
        ? reduced.statistics().dimension()
        : transform.dimension();
  }

  private static @Nullable PrincipalComponents components(Tensor tensor) {
    if (tensor.shape().size() != 2 || tensor.shape().contains(0L)) {
      return null;
    }
    int dimension = Math.toIntExact(tensor.shape().get(1));
    float[][] directions = new float[Math.toIntExact(tensor.shape().get(0))][dimension];
    for (int k = 0; k < directions.length; k++) {
      tensor.values().get(k * dimension, directions[k]);
    }
    return new PrincipalComponents(directions);
  }

  /** Takes the tensors of a level; null where they are not there or do not fit. */
  private static @Nullable KnowledgeTransform transform(
      Map<String, Tensor> tensors, String level, @Nullable PrincipalComponents components) {
    Tensor mean = tensors.remove(level + "/mean");
    Tensor deviation = tensors.remove(level + "/deviation");
    if (mean == null || deviation == null || !mean.shape().equals(deviation.shape())) {
      return null;
    }
    KnowledgeStatistics statistics =
        new KnowledgeStatistics(mean.values().array(), deviation.values().array());
    if (components == null) {
      return statistics;
    }
    Tensor factor = tensors.remove(level + "/factor");
    return factor == null
            || !factor.shape().equals(List.of(1L))
            || components.directions()[0].length != statistics.dimension()
        ? null
        : new ReducedKnowledge(statistics, components, factor.values().get(0));
  }
}
