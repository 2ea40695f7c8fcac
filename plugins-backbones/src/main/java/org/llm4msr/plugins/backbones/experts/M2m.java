package org.llm4msr.plugins.backbones.experts;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;
import org.llm4msr.api.model.SequenceShape;
import org.llm4msr.toolkit.model.BlockSettings;
import org.llm4msr.toolkit.model.ExpertGroup;
import org.llm4msr.toolkit.model.Gate;
import org.llm4msr.toolkit.model.GroupedRows;
import org.llm4msr.toolkit.model.Linear;
import org.llm4msr.toolkit.model.Mlp;

/**
 * Multi-scenario multi-task meta learning (Zhang et al., WSDM 2022) with one task. x ends in a
 * {@link SelfAttention} for each sequence of the run. With k = MLP(scenario embedding), a meta unit
 * is the layer W(k) h + b(k), both linear in k. Attention: a_e = v . act(meta([expert_e(x),
 * task])), hidden = sum over e of softmax(a)_e * expert_e(x). Tower: h = act(meta_j(h) + h) layer
 * by layer; logit = MLP(h). For many scenarios whose differences their embeddings can express.
 *
 * <p>A task vector replaces the paper's network over the task embedding, which is constant with one
 * task. Weights are generated once per scenario, not once per row.
 */
final class M2m implements Backbone {

  private final List<SelfAttention> sequences = new ArrayList<>();
  private final ExpertGroup experts;
  private final Mlp knowledge;
  private final Parameter task;
  private final MetaUnit attention;
  private final Parameter attentionVector;
  private final List<MetaUnit> tower = new ArrayList<>();
  private final Mlp output;
  private final Linear logit;
  private final M2mConfig config;

  M2m(M2mConfig config, ModelContext context) {
    this.config = config;
    int width = config.width();
    int in = context.layout().width();
    for (SequenceShape shape : context.sequences()) {
      ModelContext scope = context.scope("sequence").scope(shape.name());
      SelfAttention sequence = new SelfAttention(scope, shape, config.heads(), config.positions());
      sequences.add(sequence);
      in += sequence.width();
    }
    experts =
        new ExpertGroup(
            context.scope("experts"), in, config.experts(), List.of(width), config.block());
    knowledge =
        new Mlp(
            context.scope("knowledge"),
            context.scenarioEmbeddingSize(),
            List.of(width),
            BlockSettings.of(config.activation()));
    task = context.parameter("task", new Shape(width), Initializer.linear(width), Decay.YES);
    ModelContext above = context.scope("attention");
    attention = new MetaUnit(above, width, 2 * width, 2 * width);
    attentionVector =
        above.parameter(
            "vector", new Shape(2L * width, 1), Initializer.linear(2 * width), Decay.YES);
    for (int i = 0; i < config.towerLayers(); i++) {
      tower.add(new MetaUnit(context.scope("tower." + i), width, width, width));
    }
    output = new Mlp(context.scope("output"), width, config.output(), config.block());
    logit = new Linear(context.scope("logit"), output.outputWidth(), 1);
  }

  @Override
  public BackboneOutput forward(Pass pass, Features features) {
    NDArray known = knowledge.forward(pass, features.scenarioTable());
    NDArray outputs = experts.forward(pass, input(features));
    NDArray hidden = Gate.mix(pass, attention(pass, known, outputs), outputs);
    NDArray h = tower(pass, known, hidden);
    return new BackboneOutput(hidden, logit.forward(output.forward(pass, h)).squeeze(-1));
  }

  private NDArray input(Features features) {
    NDList parts = new NDList(features.flat());
    for (int i = 0; i < sequences.size(); i++) {
      parts.add(sequences.get(i).of(features.sequences().get(i)));
    }
    return parts.size() == 1 ? features.flat() : NDArrays.concat(parts, 1);
  }

  /** Computes the weights of experts: outputs (B, E, d) to (B, E). */
  private NDArray attention(Pass pass, NDArray known, NDArray outputs) {
    // meta([expert, task]) = expert W' + (task W'' + b): the part that does not depend on the row
    // is a bias.
    NDList weights = attention.weights(known).split(2, 1);
    NDArray ofTask = weights.get(1).mul(task.array().reshape(1, -1, 1)).sum(new int[] {1});
    NDArray bias = ofTask.add(attention.biases(known));
    int each = config.experts();
    NDArray h =
        GroupedRows.of(pass.scenarios().repeated(each), outputs.reshape(-1, config.width()))
            .linear(weights.get(0), bias)
            .map(config.activation()::apply)
            .toRows();
    return h.matMul(attentionVector.array()).reshape(-1, each).softmax(-1);
  }

  private NDArray tower(Pass pass, NDArray known, NDArray hidden) {
    GroupedRows rows = GroupedRows.of(pass.scenarios(), hidden);
    for (MetaUnit layer : tower) {
      rows =
          rows.linear(layer.weights(known), layer.biases(known))
              .with(rows, NDArray::add)
              .map(config.activation()::apply);
    }
    return rows.toRows();
  }

  @Override
  public int hiddenSize() {
    return config.width();
  }

  /** The weights of a layer, linear in the vector k of a scenario. */
  private static final class MetaUnit {

    private final Linear weight;
    private final Linear bias;
    private final int in;
    private final int out;

    MetaUnit(ModelContext context, int known, int in, int out) {
      this.in = in;
      this.out = out;
      weight = new Linear(context.scope("weight"), known, in * out);
      bias = new Linear(context.scope("bias"), known, out);
    }

    /** Returns the weights of all scenarios: (S, in, out). */
    NDArray weights(NDArray known) {
      return weight.forward(known).reshape(-1, in, out);
    }

    /** Returns the biases of all scenarios: (S, out). */
    NDArray biases(NDArray known) {
      return bias.forward(known);
    }
  }
}
