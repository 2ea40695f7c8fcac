package org.llm4msr.plugins.fusion;

import ai.djl.ndarray.NDArray;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.FeatureLayout;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.Level;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.Linear;

/**
 * Knowledge as an extra feature, which LLM4MSR (CIKM 2024) argues against: logit = backbone([x, P_u
 * k_u, P_s k_s, P_i k_i]), where P is one learned projection per level and k the knowledge of the
 * row's user, scenario or item.
 */
final class ConcatHead implements FusionHead {

  private final Backbone backbone;
  private final Map<Level, Linear> projections = new EnumMap<>(Level.class);

  ConcatHead(ConcatConfig config, FusionContext context) {
    FeatureLayout layout = context.model().layout();
    for (Level level : Level.values()) {
      if (config.levels().contains(level)) {
        String name = level.name().toLowerCase(Locale.ROOT);
        projections.put(
            level,
            new Linear(context.model().scope(name), context.knowledgeSize(), config.width()));
        layout = layout.with(name + "-knowledge", role(level), config.width());
      }
    }
    backbone = context.backbone(layout);
  }

  private static FieldRole role(Level level) {
    return switch (level) {
      case USER -> FieldRole.USER;
      case SCENARIO -> FieldRole.SCENARIO;
      case ITEM -> FieldRole.ITEM;
    };
  }

  @Override
  public NDArray logits(Pass pass, Features features) {
    NDArray x = features.flat();
    for (Map.Entry<Level, Linear> projection : projections.entrySet()) {
      LevelKnowledge known = LevelKnowledge.of(projection.getKey(), pass, features);
      NDArray feature = projection.getValue().forward(known.values());
      x = x.concat(known.grouping().rowValues(feature), 1);
    }
    return backbone.forward(pass, features.withFlat(x)).logit();
  }
}
