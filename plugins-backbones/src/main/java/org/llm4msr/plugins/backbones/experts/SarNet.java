package org.llm4msr.plugins.backbones.experts;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;
import org.llm4msr.api.model.Sequence;
import org.llm4msr.api.model.SequenceShape;
import org.llm4msr.toolkit.model.BatchNorm;
import org.llm4msr.toolkit.model.Gate;
import org.llm4msr.toolkit.model.GroupedRows;
import org.llm4msr.toolkit.model.Linear;
import org.llm4msr.toolkit.model.Mlp;

/**
 * Scenario-aware ranking network (Shen et al., CIKM 2021): x' = scale_s * x + shift_s,
 * element-wise, where x ends in a {@link CrossScenarioInterest} for each sequence of the run;
 * experts are linear layers over the normalised x', some shared by all scenarios and some of
 * scenario s; hidden = sum over both of softmax(gate(x'))_e * expert_e, logit = MLP(hidden). For
 * many scenarios with few rows each: a scenario's own part is small.
 *
 * <p>Shared experts see x' normalised over the batch, those of a scenario over its rows. One
 * normalisation serves all experts of a kind: an expert's own scale and shift would merge with its
 * linear layer. There is one gate, as in the public benchmark: its input is already modified by
 * scenario.
 */
final class SarNet implements Backbone {

  private final List<SequencePair> pairs;
  private final List<CrossScenarioInterest> interests = new ArrayList<>();
  private final Parameter scales;
  private final Parameter shifts;
  private final Linear specific;
  private final @Nullable BatchNorm specificNorm;
  private final Linear shared;
  private final @Nullable BatchNorm sharedNorm;
  private final Gate gate;
  private final Mlp tower;
  private final Linear logit;
  private final SarNetConfig config;

  SarNet(SarNetConfig config, ModelContext context) {
    this.config = config;
    int width = context.layout().width();
    List<SequenceShape> shapes = context.sequences();
    pairs = SequencePair.of(shapes, config.eventScenarios());
    for (SequencePair pair : pairs) {
      SequenceShape shape = shapes.get(pair.items());
      CrossScenarioInterest interest =
          new CrossScenarioInterest(
              context.scope("interest").scope(shape.name()), shape, pair.scenarios(shapes));
      interests.add(interest);
      width += interest.width();
    }
    ModelContext own = context.each("scenario", context.scenarios().size());
    Shape units = new Shape(width);
    scales = own.parameter("scale", units, Initializer.ones(), Decay.NO);
    shifts = own.parameter("shift", units, Initializer.zeros(), Decay.NO);
    ModelContext ownExperts = own.scope("experts");
    specific = new Linear(ownExperts, width, config.specificExperts() * config.expertWidth());
    specificNorm = config.batchNorm() ? new BatchNorm(ownExperts.scope("norm"), width) : null;
    ModelContext experts = context.scope("experts");
    shared = new Linear(experts, width, config.sharedExperts() * config.expertWidth());
    sharedNorm = config.batchNorm() ? new BatchNorm(experts.scope("norm"), width) : null;
    gate = Gate.shared(context, width, config.sharedExperts() + config.specificExperts());
    tower = new Mlp(context.scope("tower"), config.expertWidth(), config.tower(), config.block());
    logit = new Linear(context.scope("logit"), tower.outputWidth(), 1);
  }

  @Override
  public BackboneOutput forward(Pass pass, Features features) {
    Grouping scenarios = pass.scenarios();
    NDArray x =
        input(pass, features)
            .mul(scenarios.rowValues(scales.array()))
            .add(scenarios.rowValues(shifts.array()));
    NDArray experts = apart(sharedExperts(pass, x)).concat(apart(ownExperts(pass, x)), 1);
    NDArray hidden = Gate.mix(pass, gate.forward(pass, x), experts);
    return new BackboneOutput(hidden, logit.forward(tower.forward(pass, hidden)).squeeze(-1));
  }

  private NDArray input(Pass pass, Features features) {
    NDList parts = new NDList(features.flat());
    List<Sequence> sequences = features.sequences();
    for (int i = 0; i < interests.size(); i++) {
      SequencePair pair = pairs.get(i);
      parts.add(interests.get(i).of(pass, sequences.get(pair.items()), pair.scenarios(sequences)));
    }
    return parts.size() == 1 ? features.flat() : NDArrays.concat(parts, 1);
  }

  private NDArray sharedExperts(Pass pass, NDArray x) {
    return shared.forward(sharedNorm == null ? x : sharedNorm.forward(pass, x));
  }

  private NDArray ownExperts(Pass pass, NDArray x) {
    GroupedRows rows = GroupedRows.of(pass.scenarios(), x);
    if (specificNorm != null) {
      rows = rows.normalize(pass, specificNorm);
    }
    return rows.linear(specific).toRows();
  }

  /** Separates experts that lie side by side: (B, n * H) to (B, n, H). */
  private NDArray apart(NDArray experts) {
    return experts.reshape(experts.getShape().get(0), -1, config.expertWidth());
  }

  @Override
  public int hiddenSize() {
    return config.expertWidth();
  }
}
