package org.llm4msr.plugins.backbones.adaptive;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Buffer;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.Dropout;
import org.llm4msr.toolkit.model.Gate;
import org.llm4msr.toolkit.model.Scale;

/**
 * Adaptive distribution hierarchical model (Li et al., 2022): a row goes to the cluster c whose
 * centre is most similar to its input, and through layers act((W_i * W_i,c) h + b_i + b_i,c), where
 * * is element-wise; hidden = the input of the last layer. Centres move in training only: a_rc =
 * softmax over c of x_r . centre_c / temperature, centre_c = unit(m centre_c + (1 - m) unit(sum
 * over r of a_rc x_r)), several times per step, without a gradient. For rows whose distributions do
 * not follow the scenarios.
 *
 * <p>x and the sum are scaled to length 1 before they are compared, so that neither the size of
 * embeddings nor that of the batch determines how fast centres move; the temperature restores the
 * range of the softmax that this takes away, without which all centres move to one point. Centres
 * are a buffer and are saved. All rows pass through the weights of all clusters, of which there are
 * few, and each keeps the result of its own.
 */
final class AdaptDhm implements Backbone {

  private static final float TINY = 1e-12f;

  private final List<StarLayer> layers = new ArrayList<>();
  private final StarLayer logit;
  private final Buffer centres;
  private final AdaptDhmConfig config;
  private final int hiddenSize;

  AdaptDhm(AdaptDhmConfig config, ModelContext context) {
    this.config = config;
    int width = context.layout().width();
    int clusters = config.clusters();
    centres = context.buffer("centres", new Shape(clusters, width), new Initializer.Normal(1));
    for (int out : config.layers()) {
      ModelContext layer = context.scope("layer." + layers.size());
      layers.add(new StarLayer(layer, "cluster", clusters, width, out));
      width = out;
    }
    hiddenSize = width;
    logit = new StarLayer(context.scope("logit"), "cluster", clusters, width, 1);
  }

  @Override
  public BackboneOutput forward(Pass pass, Features features) {
    NDArray cluster = clusters(pass, unit(features.flat().stopGradient()));
    NDArray x = features.flat();
    NDArray h = x.expandDims(0).broadcast(new Shape(config.clusters()).addAll(x.getShape()));
    for (StarLayer layer : layers) {
      NDArray y = config.activation().apply(layer.forwardAll(h));
      h = Dropout.apply(pass, y, config.dropout());
    }
    return new BackboneOutput(
        mix(pass, cluster, h), mix(pass, cluster, logit.forwardAll(h)).squeeze(-1));
  }

  /** Picks the result of each row's cluster from (C, B, n): (B, n). */
  private static NDArray mix(Pass pass, NDArray cluster, NDArray outputs) {
    return Gate.mix(pass, cluster, outputs.transpose(1, 0, 2));
  }

  /** Returns 1 at each row's cluster and 0 elsewhere: (B, C). */
  private NDArray clusters(Pass pass, NDArray x) {
    NDArray centre = unit(centres.array());
    if (pass.training()) {
      for (int i = 0; i < config.routings(); i++) {
        NDArray near = x.matMul(centre.transpose());
        NDArray shares = Scale.by(near, 1 / config.temperature()).softmax(-1);
        NDArray pull = unit(shares.transpose().matMul(x));
        double stays = config.momentum();
        centre = unit(Scale.by(centre, stays).add(Scale.by(pull, 1 - stays)));
      }
      centres.set(centre);
    }
    NDArray nearest = x.matMul(centre.transpose()).argMax(1);
    return nearest.oneHot(config.clusters()).toType(DataType.FLOAT32, false);
  }

  private static NDArray unit(NDArray rows) {
    return rows.div(rows.square().sum(new int[] {1}, true).add(TINY).sqrt());
  }

  @Override
  public int hiddenSize() {
    return hiddenSize;
  }
}
