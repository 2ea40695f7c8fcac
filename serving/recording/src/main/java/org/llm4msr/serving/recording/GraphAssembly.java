package org.llm4msr.serving.recording;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;

/**
 * An ONNX graph that is put together from recorded ones and from nodes beside them. Its methods
 * return names of values, by which nodes read them. Equal constants are stored once. Inputs come
 * first.
 */
public final class GraphAssembly {

  private final OnnxGraph graph;

  /** Begins an empty graph. */
  public GraphAssembly() {
    this(new OnnxGraph());
  }

  private GraphAssembly(OnnxGraph graph) {
    this.graph = graph;
  }

  /** Adds nodes to a branch and returns the value that it gives. */
  @FunctionalInterface
  public interface Branch {
    String fill(GraphAssembly branch);
  }

  /**
   * Adds an input, and returns its name.
   *
   * @throws IllegalArgumentException for a name that is taken
   */
  public String input(String name, NumberType type, List<Axis> axes) {
    graph.input(name, type, axes);
    return name;
  }

  /**
   * Makes a value an output, of float32.
   *
   * @throws IllegalArgumentException for a name that is taken
   */
  public void output(String value, String name, List<Axis> axes) {
    graph.output(value, name, axes);
  }

  /** Adds a node with one result. */
  public String node(String operator, String... inputs) {
    return graph.node(operator, List.of(inputs));
  }

  /** Adds a node that converts numbers. */
  public String cast(String value, NumberType type) {
    return graph.node("Cast", List.of(value), OnnxGraph.attribute("to", type.code()));
  }

  /** Adds a node that gives the largest along an axis, which stays with one element. */
  public String largest(String value, int axis) {
    return graph.node("ReduceMax", List.of(value), OnnxGraph.attribute("axes", new long[] {axis}));
  }

  /** Adds a node that joins values along an axis. */
  public String concat(List<String> values, int axis) {
    return graph.node("Concat", values, OnnxGraph.attribute("axis", axis));
  }

  /**
   * Adds a choice: of two branches one is computed. They may read all values of this graph.
   *
   * @param condition one boolean
   * @return what the branch gives, of float32
   */
  public String choose(String condition, Branch then, Branch otherwise) {
    GraphAssembly first = new GraphAssembly(graph.branch());
    GraphAssembly second = new GraphAssembly(graph.branch());
    return graph.node(
        "If",
        List.of(condition),
        first.graph.asBranch("then_branch", then.fill(first)),
        second.graph.asBranch("else_branch", otherwise.fill(second)));
  }

  /**
   * Adds all that another graph computes.
   *
   * @param inputs values of this graph by the other's inputs; more than it reads do no harm
   * @return values of this graph by the other's outputs
   */
  public Map<String, String> include(OnnxModel other, Map<String, String> inputs) {
    return graph.include(other.graph(), inputs);
  }

  /** Adds constants of int64, (n). */
  public String wholeNumbers(long... values) {
    return graph.wholeNumbers(values);
  }

  /** Adds a constant of int64 without axes. */
  public String wholeNumber(long value) {
    return graph.wholeNumber(value);
  }

  /** Adds constants of float32, (n). */
  public String numbers(float... values) {
    return graph.numbers(values);
  }

  /** Adds constants of float64, (n). */
  public String doubles(double... values) {
    return graph.doubles(values);
  }

  /**
   * Adds constants of float32.
   *
   * @param values row after row; less than 2 GiB
   */
  public String table(FloatBuffer values, long... shape) {
    return graph.constant(values, shape);
  }

  /** Returns the model with this graph, which is complete. */
  public OnnxModel model() {
    return graph.model();
  }
}
