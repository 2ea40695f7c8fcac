package org.llm4msr.api.model;

import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.llm4msr.api.Stability;

/** What every model gets when it is created. Names are relative to the model's place. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface ModelContext {

  /** Returns the positions of the fields in the input. */
  FeatureLayout layout();

  /** Returns the S scenarios, by rank. */
  List<Scenario> scenarios();

  /** Returns Ds, the width of the scenario embedding. */
  int scenarioEmbeddingSize();

  /** Returns the shapes of {@link Features#sequences()}. */
  default List<SequenceShape> sequences() {
    return List.of();
  }

  /**
   * Makes a trained array of float32. Called at creation only.
   *
   * @param name unique within the plugin: {@code [a-z0-9.-]+} in segments joined by slashes
   * @throws org.llm4msr.api.MsrException of type PLUGIN if the name is taken or has another form,
   *     of type RESOURCES if the array takes 2 GiB or more
   */
  Parameter parameter(String name, Shape shape, Initializer initializer, Decay decay);

  /** Makes an array without gradient, otherwise as {@link #parameter}. */
  Buffer buffer(String name, Shape shape, Initializer initializer);

  /**
   * Has the values of a parameter written with the metrics of training, each number by name. For a
   * few numbers that tell what was learned, such as the weight of a part. Called at creation only.
   *
   * @throws org.llm4msr.api.MsrException of type PLUGIN if the parameter is not of this model
   */
  void watch(Parameter parameter);

  /** Returns this context for a part of the model: names are prefixed with {@code name/}. */
  ModelContext scope(String name);

  /**
   * Returns this context for {@code count} parts of the same shape, such as one per scenario: an
   * array made in it has the parts as its first axis and holds, one after the other, the arrays
   * that {@code scope(name + "." + i)} would make. Each part is initialised, saved and updated
   * separately: a part without a gradient in a batch stays as it is. All parts of an array together
   * must take less than 2 GiB. {@code toolkit.model.GroupedRows} computes with such arrays.
   */
  ModelContext each(String name, int count);
}
