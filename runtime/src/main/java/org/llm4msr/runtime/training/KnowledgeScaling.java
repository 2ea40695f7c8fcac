package org.llm4msr.runtime.training;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * How the knowledge of both levels is standardised. Learned in training; travels with the model.
 */
public final class KnowledgeScaling {

  private static final String USERS = "users";
  private static final String SCENARIOS = "scenarios";

  private final KnowledgeStatistics users;
  private final @Nullable KnowledgeStatistics scenarios;

  KnowledgeScaling(KnowledgeStatistics users, @Nullable KnowledgeStatistics scenarios) {
    this.users = users;
    this.scenarios = scenarios;
  }

  /** Learns from the users of the training part. */
  static KnowledgeScaling learn(KnowledgeInputs inputs, Population who, boolean forScenarios) {
    KnowledgeStatistics users = KnowledgeStatistics.over(inputs.users(), who.trainingKeys());
    return new KnowledgeScaling(
        users,
        forScenarios
            ? KnowledgeStatistics.forScenarios(inputs.scenarios(), who.scenarios(), users)
            : null);
  }

  KnowledgeStatistics users() {
    return users;
  }

  /** Returns what standardises scenarios; null where the model does not read them. */
  @Nullable KnowledgeStatistics scenarios() {
    return scenarios;
  }

  /** Returns K. */
  int dimension() {
    return users.mean().length;
  }

  /** Writes a safetensors file. */
  void write(Path file) throws IOException {
    List<Safetensors.Tensor> tensors = new ArrayList<>();
    add(tensors, USERS, users);
    if (scenarios != null) {
      add(tensors, SCENARIOS, scenarios);
    }
    Safetensors.write(file, tensors);
  }

  private static void add(
      List<Safetensors.Tensor> tensors, String level, KnowledgeStatistics statistics) {
    tensors.add(tensor(level + "/mean", statistics.mean()));
    tensors.add(tensor(level + "/deviation", statistics.deviation()));
  }

  private static Safetensors.Tensor tensor(String name, float[] values) {
    return new Safetensors.Tensor(name, List.of((long) values.length), FloatBuffer.wrap(values));
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @throws MsrException of type DATA where it is something else
   */
  public static KnowledgeScaling read(Path file) throws IOException {
    Map<String, Safetensors.Tensor> tensors = Safetensors.read(file);
    KnowledgeStatistics users = statistics(tensors, USERS);
    KnowledgeStatistics scenarios = statistics(tensors, SCENARIOS);
    if (users == null
        || tensors.size() != (scenarios == null ? 2 : 4)
        || (scenarios != null && scenarios.mean().length != users.mean().length)) {
      throw new MsrException(
          ErrorType.DATA,
          "model/DAMAGED_FILE",
          file
              + " does not hold the statistics of a model's knowledge. Use the file of this model.");
    }
    return new KnowledgeScaling(users, scenarios);
  }

  private static @Nullable KnowledgeStatistics statistics(
      Map<String, Safetensors.Tensor> tensors, String level) {
    Safetensors.Tensor mean = tensors.get(level + "/mean");
    Safetensors.Tensor deviation = tensors.get(level + "/deviation");
    return mean == null || deviation == null || !mean.shape().equals(deviation.shape())
        ? null
        : new KnowledgeStatistics(mean.values().array(), deviation.values().array());
  }
}
