package org.llm4msr.plugins.fusion;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.LayerSpec;
import org.llm4msr.api.model.Level;
import org.llm4msr.api.model.MetaContext;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.MetaWeights;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;
import org.llm4msr.api.support.GroupedRows;
import org.llm4msr.api.support.Linear;

/**
 * The meta network of LLM4MSR (CIKM 2024): a linear map takes knowledge to the weights and biases
 * of every generated layer, W(i) = A(i) k + C(i) and b(i) = a(i) k + c(i). One head a layer is the
 * same as one map whose result is cut up. With {@code generatorHidden} the heads read relu(H k + g)
 * in place of k, which takes far fewer parameters.
 *
 * <p>Where groups have few rows, as users in a shuffled batch have, W(i) x is computed without ever
 * writing W(i): the sum over k of source_k (x A_k) is a plain product over the rows of the batch,
 * where the matrices of 4,000 users would fill and drain memory many times over. The weights that
 * are handed on are then the source itself.
 *
 * <p>The first W(i) have the variance 2 / inputs before a ReLU and 1 / inputs elsewhere, so that
 * activations neither grow nor vanish; C carries most of it, so that groups start alike and drift
 * apart as training finds use for it.
 */
final class MlpMetaNetwork implements MetaNetwork {

  /** Below so many rows a group its matrices are not worth writing. */
  private static final long FEW_ROWS = 2;

  /** Above so many inputs of the heads the products over rows outgrow the matrices. */
  private static final int MOST_INPUTS = 512;

  private final LayerSpec spec;
  private final Level level;
  private final int inputs;
  private final @Nullable Linear hidden;
  private final List<Head> heads = new ArrayList<>();

  MlpMetaNetwork(MlpMetaConfig config, MetaContext context) {
    spec = context.layers();
    level = context.level();
    ModelContext model = context.model();
    boolean bottleneck = config.generatorHidden() > 0;
    inputs = bottleneck ? config.generatorHidden() : context.knowledgeSize();
    hidden = bottleneck ? new Linear(model.scope("hidden"), context.knowledgeSize(), inputs) : null;
    // Knowledge has unit variance; relu of a usual layer over it has a mean square of 1/6.
    double power = bottleneck ? inputs / 6.0 : inputs;
    List<LayerSpec.Layer> layers = spec.layers();
    for (int i = 0; i < layers.size(); i++) {
      heads.add(
          new Head(model.scope("layer." + i), layers.get(i), inputs, power, config.initialShare()));
    }
  }

  @Override
  public MetaWeights generate(Pass pass, NDArray knowledge) {
    NDArray source = hidden == null ? knowledge : Activation.RELU.apply(hidden.forward(knowledge));
    if (hasFewRows(pass)) {
      return new MetaWeights(new NDList(withOne(source)));
    }
    NDList arrays = new NDList();
    for (Head head : heads) {
      arrays.add(head.weights(source));
      arrays.add(head.biases(source));
    }
    return new MetaWeights(arrays);
  }

  @Override
  public NDArray apply(Pass pass, MetaWeights weights, Grouping grouping, NDArray x) {
    if (weights.arrays().size() == 1) {
      return contract(grouping.rowValues(weights.arrays().get(0)), x);
    }
    GroupedRows rows = GroupedRows.of(grouping, x);
    for (int i = 0; i < heads.size(); i++) {
      NDArray weight = weights.arrays().get(2 * i);
      NDArray bias = weights.arrays().get(2 * i + 1);
      rows = rows.linear(weight, bias).map(heads.get(i).layer.activation()::apply);
    }
    return rows.toRows();
  }

  private boolean hasFewRows(Pass pass) {
    Grouping grouping = level == Level.USER ? pass.users() : pass.scenarios();
    return inputs <= MOST_INPUTS
        && grouping.groups() > 1
        && grouping.rows() < FEW_ROWS * grouping.groups();
  }

  /** Appends a column of ones, which the bases of weights and biases are multiplied by. */
  private static NDArray withOne(NDArray source) {
    NDArray one = source.getManager().ones(new Shape(source.getShape().get(0), 1));
    return source.concat(one, 1);
  }

  /** Applies the layers to rows (n, in) with the source of each row (n, inputs + 1). */
  private NDArray contract(NDArray source, NDArray x) {
    NDArray result = x;
    for (Head head : heads) {
      result = head.layer.activation().apply(head.contract(source, result));
    }
    return result;
  }

  @Override
  public long bytesPerGroup() {
    return (long) spec.size() * Float.BYTES;
  }

  @Override
  public boolean cacheable() {
    return true;
  }

  /** Makes the weights (G, in, out) and biases (G, out) of one layer from (G, inputs). */
  private static final class Head {

    private final LayerSpec.Layer layer;
    private final Parameter weight;
    private final Parameter weightBase;
    private final Parameter bias;
    private final Parameter biasBase;

    Head(ModelContext context, LayerSpec.Layer layer, int inputs, double power, double share) {
      this.layer = layer;
      int size = layer.in() * layer.out();
      double variance = (layer.activation() == Activation.NONE ? 1.0 : 2.0) / layer.in();
      weight =
          context.parameter(
              "weight", new Shape(inputs, size), uniform(variance * share / power), Decay.YES);
      weightBase =
          context.parameter(
              "weight-base", new Shape(size), uniform(variance * (1 - share)), Decay.YES);
      bias =
          context.parameter("bias", new Shape(inputs, layer.out()), Initializer.zeros(), Decay.YES);
      biasBase =
          context.parameter("bias-base", new Shape(layer.out()), Initializer.zeros(), Decay.NO);
    }

    NDArray weights(NDArray source) {
      return source
          .matMul(weight.array())
          .add(weightBase.array())
          .reshape(source.getShape().get(0), layer.in(), layer.out());
    }

    NDArray biases(NDArray source) {
      return source.matMul(bias.array()).add(biasBase.array());
    }

    /** Sums over source and input at once, through the smaller of the two intermediate arrays. */
    NDArray contract(NDArray source, NDArray x) {
      long rows = x.getShape().get(0);
      long terms = source.getShape().get(1);
      NDArray all = weight.array().concat(weightBase.array().reshape(1, -1), 0);
      NDArray product;
      if (layer.out() < layer.in()) {
        NDArray columns =
            all.reshape(terms, layer.in(), layer.out())
                .transpose(1, 0, 2)
                .reshape(layer.in(), terms * layer.out());
        NDArray perTerm = x.matMul(columns).reshape(rows, terms, layer.out());
        product = source.reshape(rows, 1, terms).matMul(perTerm).reshape(rows, layer.out());
      } else {
        NDArray pairs = source.reshape(rows, terms, 1).mul(x.reshape(rows, 1, layer.in()));
        product =
            pairs
                .reshape(rows, terms * layer.in())
                .matMul(all.reshape(terms * layer.in(), layer.out()));
      }
      NDArray biases = bias.array().concat(biasBase.array().reshape(1, -1), 0);
      return product.add(source.matMul(biases));
    }

    private static Initializer uniform(double variance) {
      return new Initializer.Uniform(Math.sqrt(3 * variance));
    }
  }
}
