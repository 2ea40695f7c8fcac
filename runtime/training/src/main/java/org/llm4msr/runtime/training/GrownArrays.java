package org.llm4msr.runtime.training;

import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.toolkit.safetensors.Tensor;

/**
 * The dense arrays of a model that has more scenarios than the saved one. What belongs to a
 * scenario is recognised by its name, which contains the rank as in {@code tower.3/logit/weight},
 * or by an axis that has grown with the number of scenarios and is ordered by rank. A new scenario
 * gets a copy of one known scenario: unlike a mean of several, that is a working network.
 */
final class GrownArrays {

  private static final Pattern RANK = Pattern.compile("\\.(\\d+)(?=/|$)");

  private final Map<String, Tensor> saved;
  private final int known;
  private final int now;
  private final int model;
  private final Set<String> unused;

  /**
   * Makes the arrays.
   *
   * @param saved by full name
   * @param known scenarios that the saved model had
   * @param now scenarios that the model has
   * @param model rank of the scenario that new ones are copied from
   */
  public GrownArrays(Map<String, Tensor> saved, int known, int now, int model) {
    this.saved = saved;
    this.known = known;
    this.now = now;
    this.model = model;
    this.unused = new TreeSet<>(saved.keySet());
  }

  /** Returns the names that were not asked for. */
  public Set<String> unused() {
    return unused;
  }

  /**
   * Returns the values of an array of the model.
   *
   * @throws MsrException {@code bundle/OTHER_MODEL} where nothing saved fits
   */
  public float[] values(String name, long[] shape) {
    Tensor tensor = saved.containsKey(name) ? saved.get(name) : ofModelScenario(name);
    if (tensor == null) {
      throw misfit(name, shape, "nothing");
    }
    unused.remove(name);
    long[] before = tensor.shape().stream().mapToLong(Long::longValue).toArray();
    float[] values = new float[tensor.values().limit()];
    tensor.values().get(0, values);
    if (Arrays.equals(before, shape)) {
      return values;
    }
    int axis = grownAxis(before, shape);
    if (axis < 0) {
      throw misfit(name, shape, "shape " + tensor.shape());
    }
    return grow(values, before, axis);
  }

  /** Returns the array of the copied scenario if the name is that of a new scenario. */
  private @Nullable Tensor ofModelScenario(String name) {
    Matcher rank = RANK.matcher(name);
    while (rank.find()) {
      int number = Integer.parseInt(rank.group(1));
      if (number >= known && number < now) {
        String other = name.substring(0, rank.start(1)) + model + name.substring(rank.end(1));
        if (saved.containsKey(other)) {
          return saved.get(other);
        }
      }
    }
    return null;
  }

  /** Returns the one axis of c * known that is now c * now long, or -1. */
  private int grownAxis(long[] before, long[] shape) {
    int axis = -1;
    if (before.length != shape.length) {
      return axis;
    }
    for (int a = 0; a < shape.length; a++) {
      if (before[a] != shape[a]) {
        boolean grown = before[a] % known == 0 && shape[a] == before[a] / known * now;
        if (!grown || axis >= 0) {
          return -1;
        }
        axis = a;
      }
    }
    return axis;
  }

  private float[] grow(float[] values, long[] before, int axis) {
    int inner = (int) LongStream.of(before).skip(axis + 1L).reduce(1, (a, b) -> a * b);
    int block = (int) (before[axis] / known) * inner;
    int outer = values.length / (block * known);
    float[] grown = new float[outer * now * block];
    for (int o = 0; o < outer; o++) {
      System.arraycopy(values, o * known * block, grown, o * now * block, known * block);
      for (int rank = known; rank < now; rank++) {
        int from = (o * known + model) * block;
        System.arraycopy(values, from, grown, (o * now + rank) * block, block);
      }
    }
    return grown;
  }

  private static MsrException misfit(String name, long[] shape, String found) {
    return new MsrException(
        ErrorType.USER,
        "bundle/OTHER_MODEL",
        "The model has %s of shape %s, for which the bundle has %s. Use the plugins and settings with which the bundle was trained, or train without --from."
            .formatted(name, Arrays.toString(shape), found));
  }
}
