package com.example.film;

import ai.djl.ndarray.NDArray;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;

/**
 * Feature-wise linear modulation (Perez et al., AAAI 2018): x' = (1 + gamma(k)) x + beta(k), where
 * k is the knowledge of the row's scenario and then, if that is set, of its user; logit =
 * backbone(x'). Training starts at gamma = beta = 0, which is the backbone alone.
 */
final class FilmHead implements FusionHead {

  private final Backbone backbone;
  private final Modulation byScenario;
  private final @Nullable Modulation byUser;

  FilmHead(FilmConfig config, FusionContext context) {
    ModelContext model = context.model();
    backbone = context.backbone(model.layout());
    byScenario = new Modulation(model.scope("scenario"), context.knowledgeSize());
    byUser = config.users() ? new Modulation(model.scope("user"), context.knowledgeSize()) : null;
  }

  @Override
  public NDArray logits(Pass pass, Features features) {
    NDArray x = byScenario.apply(pass.scenarios(), features.scenarioKnowledge(), features.flat());
    if (byUser != null) {
      x = byUser.apply(pass.users(), features.userKnowledge(), x);
    }
    return backbone.forward(pass, features.withFlat(x)).logit();
  }
}
