package org.llm4msr.plugins.fusion;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.Level;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;

/**
 * The topology of LLM4MSR (CIKM 2024) and its ablations. Layers generated from knowledge are placed
 * at the bottom, where they compute the backbone's input, h = backbone(layers(x)), or in parallel,
 * where they compute their own logit, l = layers(x); logit = h + sum of alpha * (l - h) over the
 * levels in parallel, each with one learned alpha.
 *
 * <p>In the paper the user level is at the bottom and the scenario level in parallel: logit = alpha
 * * l + (1 - alpha) * h. User knowledge is personal and cuts across scenarios, scenario knowledge
 * is general.
 */
final class HierarchicalHead implements FusionHead {

  private final List<GeneratedLayers> bottom = new ArrayList<>();
  private final List<GeneratedLayers> parallel = new ArrayList<>();
  private final Backbone backbone;
  private final @Nullable Parameter alpha;
  private final boolean residual;

  HierarchicalHead(HierarchicalConfig config, FusionContext context) {
    int width = context.model().layout().width();
    backbone = context.backbone(context.model().layout());
    for (Level level : Level.values()) {
      switch (config.placement(level)) {
        case BOTTOM -> bottom.add(GeneratedLayers.of(level, width, context));
        case PARALLEL -> parallel.add(GeneratedLayers.of(level, 1, context));
        case NONE -> {}
      }
    }
    alpha = parallel.isEmpty() ? null : alpha(config.initialAlpha(), context);
    residual = config.residual();
  }

  private Parameter alpha(double sum, FusionContext context) {
    Parameter alpha =
        context
            .model()
            .parameter(
                "alpha",
                new Shape(parallel.size()),
                new Initializer.Constant((float) (sum / parallel.size())),
                Decay.NO);
    context.model().watch(alpha);
    return alpha;
  }

  @Override
  public NDArray logits(Pass pass, Features features) {
    NDArray x = features.flat();
    for (GeneratedLayers layers : bottom) {
      NDArray adapted = layers.apply(pass, features, x);
      x = residual ? adapted.add(x) : adapted;
    }
    NDArray h = backbone.forward(pass, features.withFlat(x)).logit();
    return alpha == null ? h : h.add(parallelSum(pass, features, h, alpha));
  }

  /** The sum of alpha * (l - h) over the levels in parallel: (B). */
  private NDArray parallelSum(Pass pass, Features features, NDArray h, Parameter alpha) {
    NDList logits = new NDList();
    for (GeneratedLayers layers : parallel) {
      logits.add(layers.apply(pass, features, features.flat()));
    }
    nameTerms(pass, h, logits, alpha);
    NDArray all = logits.size() == 1 ? logits.get(0) : logits.get(0).concat(logits.get(1), 1);
    return all.sub(h.expandDims(1)).mul(alpha.array()).sum(new int[] {1});
  }

  /** The logit is (1 - sum of alpha) * h + sum of alpha * l. */
  private void nameTerms(Pass pass, NDArray h, NDList logits, Parameter alpha) {
    pass.term("backbone (h)", () -> h.sub(h.mul(alpha.array().sum())));
    for (int i = 0; i < parallel.size(); i++) {
      NDArray l = logits.get(i);
      long at = i;
      pass.term(
          parallel.get(i).level().name().toLowerCase(Locale.ROOT) + " level (l)",
          () -> l.squeeze(1).mul(alpha.array().get(at)));
    }
  }
}
