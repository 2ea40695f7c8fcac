package org.llm4msr.runtime.assembly.labels;

/**
 * A further label of a model.
 *
 * @param name its name in the data
 * @param column its place among the further labels of the data
 * @param weight factor on its loss
 * @param after the place in the model of the label that it comes after; {@link #AFTER_MAIN} or
 *     {@link #ALONE}
 */
public record ModelLabel(String name, int column, double weight, int after) {

  /** It comes after the main label. */
  public static final int AFTER_MAIN = -1;

  /** It comes after none. */
  public static final int ALONE = -2;
}
