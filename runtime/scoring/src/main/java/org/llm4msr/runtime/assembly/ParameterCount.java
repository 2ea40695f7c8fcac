package org.llm4msr.runtime.assembly;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.llm4msr.api.model.Buffer;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.FeatureLayout;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Scenario;
import org.llm4msr.api.model.SequenceShape;
import org.llm4msr.runtime.model.ModelShape;

/** Counts the numbers that a model would make, and makes none. */
final class ParameterCount {

  /** No model has so many; its layers, which are made, take 200 MB. */
  private static final int MOST_ARRAYS = 500_000;

  /** The parts of a model through which each row of a batch passes. */
  private static final Set<String> LAYERS = Set.of("backbone", "fusion", "labels");

  private final long most;
  private final Map<String, Long> byScope = new TreeMap<>();
  private long numbers;
  private double widths;
  private int arrays;

  /**
   * Makes a count.
   *
   * @param most numbers, above which counting ends
   */
  ParameterCount(long most) {
    this.most = most;
  }

  /** Ends the creation of a model that is too large anyway. */
  static final class Enough extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Enough() {
      super("the model is too large to be counted", null, false, false);
    }
  }

  /** Returns how many there are so far. */
  long numbers() {
    return numbers;
  }

  /**
   * Returns how many numbers the layers of head and backbone give for a row: the columns of all
   * matrices, one of several parts of a shape.
   */
  double widths() {
    return widths;
  }

  /** Returns the part of the model that has most of them, {@code backbone} if none has any. */
  String largest() {
    return byScope.entrySet().stream()
        .max(Map.Entry.comparingByValue())
        .map(Map.Entry::getKey)
        .orElse("backbone");
  }

  /** Returns a place in which the arrays of a part of the model are counted. */
  ModelContext context(String scope, ModelShape shape) {
    return new Context(scope, scope, 1, shape);
  }

  /**
   * Counts an array.
   *
   * @throws Enough if there are too many
   */
  void add(String scope, long parts, Shape shape) {
    double size = (double) parts * shape.size(); // Negative where widths were beyond an int.
    boolean tooMany = size < 0 || numbers + size > most;
    long added = tooMany ? most - numbers : (long) size;
    numbers += added;
    byScope.merge(scope, added, Long::sum);
    if (shape.dimension() > 1 && LAYERS.contains(scope)) {
      widths += Math.max(0, (double) shape.size() / Math.max(1, shape.get(shape.dimension() - 2)));
    }
    if (tooMany || ++arrays > MOST_ARRAYS) {
      throw new Enough();
    }
  }

  /** An array without numbers. */
  private record Absent(String name) implements Parameter, Buffer {

    @Override
    public NDArray array() {
      throw new IllegalStateException(name + " is only counted");
    }

    @Override
    public void set(NDArray values) {
      array();
    }
  }

  /** A place whose arrays stand for several parts of a shape each. */
  private final class Context implements ModelContext {

    private final String scope;
    private final String prefix;
    private final long parts;
    private final ModelShape shape;

    Context(String scope, String prefix, long parts, ModelShape shape) {
      this.scope = scope;
      this.prefix = prefix;
      this.parts = parts;
      this.shape = shape;
    }

    @Override
    public FeatureLayout layout() {
      return shape.layout();
    }

    @Override
    public List<Scenario> scenarios() {
      return shape.scenarios();
    }

    @Override
    public int scenarioEmbeddingSize() {
      return shape.scenarioEmbeddingSize();
    }

    @Override
    public List<SequenceShape> sequences() {
      return shape.sequences();
    }

    @Override
    public Parameter parameter(String name, Shape dims, Initializer initializer, Decay decay) {
      add(scope, parts, dims);
      return new Absent(prefix + "/" + name);
    }

    @Override
    public Buffer buffer(String name, Shape dims, Initializer initializer) {
      return new Absent(prefix + "/" + name);
    }

    @Override
    public void watch(Parameter parameter) {}

    @Override
    public ModelContext scope(String name) {
      return new Context(scope, prefix + "/" + name, parts, shape);
    }

    @Override
    public ModelContext each(String name, int count) {
      return new Context(scope, prefix + "/" + name + ".*", parts * count, shape);
    }
  }
}
