package org.llm4msr.plugins.fusion;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.LayerSpec;
import org.llm4msr.api.model.Level;
import org.llm4msr.api.model.MetaContext;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.MetaWeights;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.GroupedRows;
import org.llm4msr.toolkit.model.Linear;

/**
 * The meta network of LLM4MSR (CIKM 2024): a linear map turns knowledge into the weights and biases
 * of every generated layer, W(i) = A(i) k + C(i) and b(i) = a(i) k + c(i). One map per layer is
 * equivalent to one map whose result is cut up. With {@code generatorHidden} the maps read relu(H k
 * + g) in place of k, which takes far fewer parameters; with {@code rank} they generate factors of
 * W(i); see {@link GeneratedLayer}.
 *
 * <p>If groups have few rows, as users in a shuffled batch do, W(i) x is computed without forming
 * W(i): the sum over k of source_k (x A_k) is a plain product over the rows of the batch, whereas
 * the matrices of 4,000 users would fill and drain memory many times over. The weights that are
 * passed on are then the source itself.
 *
 * <p>The initial W(i) have the variance 2 / inputs before a ReLU and 1 / inputs elsewhere, so that
 * activations neither grow nor vanish; most of it comes from C, so that groups start alike and
 * diverge as far as training finds useful.
 */
final class MlpMetaNetwork implements MetaNetwork {

  /** With fewer rows per group it is not worthwhile to form its matrices. */
  private static final long FEW_ROWS = 2;

  /** With more inputs of the maps the products over rows become larger than the matrices. */
  private static final int MOST_INPUTS = 512;

  private final Level level;
  private final int inputs;
  private final @Nullable Linear hidden;
  private final List<GeneratedLayer> layers = new ArrayList<>();

  MlpMetaNetwork(MlpMetaConfig config, MetaContext context) {
    level = context.level();
    ModelContext model = context.model();
    boolean bottleneck = config.generatorHidden() > 0;
    inputs = bottleneck ? config.generatorHidden() : context.knowledgeSize();
    hidden = bottleneck ? new Linear(model.scope("hidden"), context.knowledgeSize(), inputs) : null;
    // Knowledge has unit variance; the ReLU of a usual layer over it has a mean square of 1/6.
    double power = bottleneck ? inputs / 6.0 : inputs;
    for (LayerSpec.Layer layer : context.layers().layers()) {
      layers.add(
          new GeneratedLayer(
              model.scope("layer." + layers.size()),
              layer,
              inputs,
              power,
              config.rank(),
              config.initialShare()));
    }
  }

  @Override
  public MetaWeights generate(Pass pass, NDArray knowledge) {
    NDArray source = hidden == null ? knowledge : hidden.forward(pass, knowledge, Activation.RELU);
    if (hasFewRows(pass)) {
      return new MetaWeights(new NDList(withOne(source)));
    }
    List<GeneratedWeights> generated = layers.stream().map(GeneratedLayer::generated).toList();
    return new MetaWeights(GeneratedWeights.generate(pass, source, generated));
  }

  @Override
  public NDArray apply(Pass pass, MetaWeights weights, Grouping grouping, NDArray x) {
    if (weights.arrays().size() == 1) {
      return contract(pass, grouping.rowValues(weights.arrays().get(0)), x);
    }
    return apply(pass, weights.arrays(), GroupedRows.of(grouping, x)).toRows();
  }

  private GroupedRows apply(Pass pass, NDList arrays, GroupedRows x) {
    if (layers.stream().allMatch(GeneratedLayer::isFull)) {
      return x.linear(
          IntStream.range(0, layers.size())
              .mapToObj(i -> layers.get(i).full(arrays.get(2 * i), arrays.get(2 * i + 1)))
              .toList());
    }
    GroupedRows rows = x;
    for (int i = 0; i < layers.size(); i++) {
      rows = layers.get(i).apply(pass, rows, arrays.get(2 * i), arrays.get(2 * i + 1));
    }
    return rows;
  }

  private boolean hasFewRows(Pass pass) {
    Grouping grouping =
        switch (level) {
          case USER -> pass.users();
          case SCENARIO -> pass.scenarios();
          case ITEM -> pass.items();
        };
    return inputs <= MOST_INPUTS
        && grouping.groups() > 1
        && grouping.rows() < FEW_ROWS * grouping.groups();
  }

  /** Appends a column of ones, by which the constant parts of weights and biases are multiplied. */
  private static NDArray withOne(NDArray source) {
    NDArray ones = source.getManager().ones(new Shape(source.getShape().get(0), 1));
    return source.concat(ones, 1);
  }

  /** Applies the layers to rows (n, in) with the source of each row (n, inputs + 1). */
  private NDArray contract(Pass pass, NDArray source, NDArray x) {
    NDArray result = x;
    for (GeneratedLayer layer : layers) {
      result = layer.contract(pass, source, result);
    }
    return result;
  }

  @Override
  public long bytesPerGroup() {
    // The larger of the two forms, of which the source is one.
    long numbers = layers.stream().mapToLong(GeneratedLayer::size).sum();
    return (inputs <= MOST_INPUTS ? Math.max(numbers, inputs + 1) : numbers) * Float.BYTES;
  }

  @Override
  public boolean cacheable() {
    return true;
  }
}
