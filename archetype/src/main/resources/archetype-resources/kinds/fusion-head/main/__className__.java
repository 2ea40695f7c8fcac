package ${package};

import ai.djl.ndarray.NDArray;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.Linear;
import org.llm4msr.toolkit.model.Scale;

/**
 * Adds how well a user fits a scenario, by their knowledge: logit = backbone(x) + (P u + p) . (Q s +
 * q) / sqrt(N).
 */
final class ${className} implements FusionHead {

  private final Backbone backbone;
  private final Linear user;
  private final Linear scenario;
  private final double scale;

  ${className}(${className}Config config, FusionContext context) {
    ModelContext model = context.model();
    backbone = context.backbone(model.layout());
    user = new Linear(model.scope("user"), context.knowledgeSize(), config.size());
    scenario = new Linear(model.scope("scenario"), context.knowledgeSize(), config.size());
    scale = 1 / Math.sqrt(config.size());
  }

  @Override
  public NDArray logits(Pass pass, Features features) {
    NDArray logit = backbone.forward(pass, features).logit(); // (B)
    NDArray users = user.forward(features.userKnowledge()); // (U, N)
    NDArray scenarios = scenario.forward(features.scenarioKnowledge()); // (S, N)
    NDArray products =
        pass.users().rowValues(users).mul(pass.scenarios().rowValues(scenarios)); // (B, N)
    NDArray fit = Scale.by(products.sum(new int[] {1}), scale); // (B)
    pass.term("backbone", () -> logit);
    pass.term("fit", () -> fit);
    return logit.add(fit);
  }
}
