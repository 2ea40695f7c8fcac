package org.llm4msr.api.model;

import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.llm4msr.api.Stability;

/** What every model is handed at creation. Names are relative to the place it is created for. */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface ModelContext {

  /** Returns where the fields lie in the input. */
  FeatureLayout layout();

  /** Returns the S scenarios, by rank. */
  List<Scenario> scenarios();

  /** Returns Ds, the width of the scenario embedding. */
  int scenarioEmbeddingSize();

  /**
   * Makes a trained array of float32. Called at creation only.
   *
   * @param name unique within the plugin: {@code [a-z0-9.-]+} in segments joined by slashes
   * @throws org.llm4msr.api.MsrException of type PLUGIN where the name is taken or has another
   *     form, of type RESOURCES where the array takes 2 GiB or more
   */
  Parameter parameter(String name, Shape shape, Initializer initializer, Decay decay);

  /** Makes an array without gradient, otherwise as {@link #parameter}. */
  Buffer buffer(String name, Shape shape, Initializer initializer);

  /** Returns this context for a part of the model: names get {@code name/} in front. */
  ModelContext scope(String name);

  /**
   * Returns this context for {@code count} parts of the same shape, such as one per scenario: an
   * array made in it has an axis of parts in front and holds, one after the other, the arrays that
   * {@code scope(name + "." + i)} would make. Each is started, saved and moved as one: what has no
   * gradient in a batch stays as it is. All parts of an array together take less than 2 GiB. {@link
   * org.llm4msr.api.support.GroupedRows} takes such arrays.
   */
  ModelContext each(String name, int count);
}
