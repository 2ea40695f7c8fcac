package org.llm4msr.runtime.knowledge.vectors;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;
import org.llm4msr.runtime.tables.Safetensors;
import org.llm4msr.toolkit.safetensors.SafetensorsWriter;
import org.llm4msr.toolkit.safetensors.Tensor;

/**
 * How the knowledge of each level is standardised, and reduced to principal components where that
 * is configured. Learned in training; travels with the model.
 */
public final class KnowledgeScaling {

  private static final String COMPONENTS = "components";

  /** By level; without those that the model does not read, except what scenarios need of users. */
  private final Map<Level, KnowledgeTransform> levels;

  private KnowledgeScaling(Map<Level, KnowledgeTransform> levels) {
    this.levels = levels;
  }

  /**
   * Learns from the users and items of the training part. What levels share is that of the
   * knowledge itself, so that a control of one level leaves the others as they are.
   */
  static KnowledgeScaling learn(KnowledgeInputs inputs, Population who, Set<Level> wanted) {
    Map<Level, KnowledgeTransform> levels = new EnumMap<>(Level.class);
    if (wanted.contains(Level.USER) || wanted.contains(Level.SCENARIO)) {
      learnUsers(inputs, who, wanted.contains(Level.SCENARIO), levels);
    }
    if (wanted.contains(Level.ITEM)) {
      Iterable<String> keys = who.trainingItemKeys();
      KnowledgeSource knowledge = inputs.items().uncontrolled();
      requireAny(knowledge, keys, Level.ITEM);
      KnowledgeStatistics items = KnowledgeStatistics.over(knowledge, keys);
      levels.put(
          Level.ITEM,
          reduced(
              items, components(Level.ITEM, knowledge, keys, items, inputs), inputs.items(), keys));
    }
    return new KnowledgeScaling(levels);
  }

  private static void learnUsers(
      KnowledgeInputs inputs,
      Population who,
      boolean forScenarios,
      Map<Level, KnowledgeTransform> levels) {
    Iterable<String> keys = who.trainingUserKeys();
    KnowledgeSource knowledge = inputs.users().uncontrolled();
    requireAny(knowledge, keys, Level.USER);
    KnowledgeStatistics users = KnowledgeStatistics.over(knowledge, keys);
    PrincipalComponents components = components(Level.USER, knowledge, keys, users, inputs);
    levels.put(Level.USER, reduced(users, components, inputs.users(), keys));
    if (forScenarios) {
      KnowledgeStatistics scenarios =
          KnowledgeStatistics.forScenarios(inputs.scenarios(), who.scenarios(), users);
      levels.put(
          Level.SCENARIO, reduced(scenarios, components, inputs.scenarios(), who.scenarios()));
    }
  }

  private static @Nullable PrincipalComponents components(
      Level level,
      KnowledgeSource source,
      Iterable<String> keys,
      KnowledgeStatistics statistics,
      KnowledgeInputs inputs) {
    return inputs.components() == 0
        ? null
        : PrincipalComponents.of(level, source, keys, statistics, inputs.components());
  }

  private static KnowledgeTransform reduced(
      KnowledgeStatistics statistics,
      @Nullable PrincipalComponents components,
      KnowledgeSource source,
      Iterable<String> keys) {
    return components == null
        ? statistics
        : ReducedKnowledge.of(statistics, components, source, keys);
  }

  /** Without any vector the deviations, by which all knowledge is divided, would be 0. */
  private static void requireAny(KnowledgeSource source, Iterable<String> keys, Level level) {
    float[] vector = new float[source.dimension()];
    for (String key : keys) {
      if (source.read(key, vector)) {
        return;
      }
    }
    throw new MsrException(
        ErrorType.USER,
        "knowledge/NO_" + plural(level).toUpperCase(Locale.ROOT),
        ("The knowledge has no vectors of %s in the training part, which determine how all"
                + " vectors are standardised. %s, or provide a file with vectors of %s.")
            .formatted(
                plural(level),
                level == Level.USER
                    ? "Lower knowledge.minInteractions and extract again"
                    : "Add knowledge.items, see that the data has texts of items, and extract"
                        + " again",
                plural(level)));
  }

  private static String plural(Level level) {
    return level.name().toLowerCase(Locale.ROOT) + "s";
  }

  /** Returns what transforms the vectors of a level that the model reads. */
  KnowledgeTransform of(Level level) {
    return requireNonNull(levels.get(level), "the model does not read this level");
  }

  /** Returns the size of a vector as the model reads it, which is that of all levels. */
  public int dimension() {
    return levels.values().iterator().next().dimension();
  }

  /** Writes a safetensors file. */
  public void write(Path file) throws IOException {
    List<Tensor> tensors = new ArrayList<>();
    levels.forEach(
        (level, transform) -> {
          if (level != Level.SCENARIO && transform instanceof ReducedKnowledge reduced) {
            tensors.add(tensor(componentsName(level), reduced.components()));
          }
          add(tensors, plural(level), transform);
        });
    SafetensorsWriter.write(file, tensors);
  }

  /** Scenarios are reduced to the components of the users. */
  private static String componentsName(Level level) {
    return level == Level.ITEM ? plural(level) + "/" + COMPONENTS : COMPONENTS;
  }

  private static Tensor tensor(String name, PrincipalComponents components) {
    int dimension = components.directions()[0].length;
    FloatBuffer values = FloatBuffer.allocate(components.count() * dimension);
    for (float[] direction : components.directions()) {
      values.put(direction);
    }
    return new Tensor(name, List.of((long) components.count(), (long) dimension), values.flip());
  }

  private static void add(List<Tensor> tensors, String level, KnowledgeTransform transform) {
    KnowledgeStatistics statistics;
    if (transform instanceof ReducedKnowledge reduced) {
      statistics = reduced.statistics();
      tensors.add(tensor(level + "/factor", reduced.factor()));
      tensors.add(tensor(level + "/deviations", reduced.deviations()));
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
    Map<Level, KnowledgeTransform> levels = new EnumMap<>(Level.class);
    boolean sound = true;
    for (Level level : Level.values()) {
      Tensor directions =
          level == Level.ITEM ? tensors.remove(componentsName(level)) : tensors.get(COMPONENTS);
      PrincipalComponents components = directions == null ? null : components(directions);
      sound &= directions == null || components != null;
      boolean isThere =
          tensors.keySet().stream().anyMatch(name -> name.startsWith(plural(level) + "/"));
      KnowledgeTransform transform = transform(tensors, plural(level), components);
      sound &= isThere == (transform != null);
      if (transform != null) {
        levels.put(level, transform);
      }
    }
    if (levels.containsKey(Level.USER)) {
      tensors.remove(COMPONENTS);
    }
    if (!sound
        || !tensors.isEmpty()
        || levels.isEmpty()
        || (levels.containsKey(Level.SCENARIO) && !levels.containsKey(Level.USER))
        || levels.values().stream().mapToInt(KnowledgeScaling::size).distinct().count() > 1) {
      throw new MsrException(
          ErrorType.DATA,
          "model/DAMAGED_FILE",
          file
              + " does not hold the statistics of a model's knowledge. Use the file of this"
              + " model.");
    }
    return new KnowledgeScaling(levels);
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
    Tensor deviations = tensors.remove(level + "/deviations");
    return factor == null
            || !factor.shape().equals(List.of(1L))
            || (deviations != null && deviations.values().limit() != components.count())
            || components.directions()[0].length != statistics.dimension()
        ? null
        : new ReducedKnowledge(
            statistics,
            components,
            factor.values().get(0),
            deviations == null
                ? new float[components.count()] // No earlier model reads them.
                : deviations.values().array());
  }
}
