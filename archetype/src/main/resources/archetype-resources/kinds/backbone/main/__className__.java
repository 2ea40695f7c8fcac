package ${package};

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.BlockSettings;
import org.llm4msr.toolkit.model.Linear;
import org.llm4msr.toolkit.model.Mlp;

/** A network that all scenarios share: hidden = MLP(x), logit = w . hidden + b + b(scenario). */
final class ${className} implements Backbone {

  private final Mlp network;
  private final Linear logit;
  private final @Nullable Parameter scenarioBias;

  ${className}(${className}Config config, ModelContext context) {
    network =
        new Mlp(
            context.scope("network"),
            context.layout().width(),
            config.layers(),
            new BlockSettings(Activation.RELU, config.dropout(), false));
    logit = new Linear(context.scope("logit"), network.outputWidth(), 1);
    scenarioBias =
        config.scenarioBias()
            ? context.parameter(
                "scenario/bias",
                new Shape(context.scenarios().size(), 1),
                Initializer.zeros(),
                Decay.NO)
            : null;
  }

  @Override
  public BackboneOutput forward(Pass pass, Features features) {
    NDArray hidden = network.forward(pass, features.flat()); // (B, H)
    NDArray score = logit.forward(hidden); // (B, 1)
    if (scenarioBias != null) {
      score = score.add(pass.scenarios().rowValues(scenarioBias.array()));
    }
    return new BackboneOutput(hidden, score.squeeze(-1)); // (B, H) and (B)
  }

  @Override
  public int hiddenSize() {
    return network.outputWidth();
  }
}
