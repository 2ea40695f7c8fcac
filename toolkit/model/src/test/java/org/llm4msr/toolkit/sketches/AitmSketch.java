package org.llm4msr.toolkit.sketches;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.api.model.Scenario;
import org.llm4msr.toolkit.model.BlockSettings;
import org.llm4msr.toolkit.model.Linear;
import org.llm4msr.toolkit.model.Mlp;
import org.llm4msr.toolkit.model.Scale;
import org.llm4msr.toolkit.model.ScenarioRouter;

/**
 * AITM (KDD 2021) with scenarios in place of tasks, largest first: tower t attends over its own
 * bottom and the output of tower t - 1. A row needs only the towers up to that of its scenario.
 */
final class AitmSketch implements Backbone {

  private static final int H = 6;

  private final int[] positionOfScenario;
  private final List<Mlp> bottoms = new ArrayList<>();
  private final List<Linear> transfers = new ArrayList<>();
  private final List<Attention> attentions = new ArrayList<>();
  private final List<Linear> logits = new ArrayList<>();

  AitmSketch(ModelContext context) {
    List<Scenario> bySize =
        context.scenarios().stream()
            .sorted(Comparator.comparingLong(Scenario::trainingRows).reversed())
            .toList();
    positionOfScenario = new int[bySize.size()];
    for (int t = 0; t < bySize.size(); t++) {
      positionOfScenario[bySize.get(t).rank()] = t;
      ModelContext own = context.scope("scenario." + bySize.get(t).rank());
      BlockSettings block = BlockSettings.of(Activation.LEAKY_RELU);
      bottoms.add(new Mlp(own.scope("bottom"), own.layout().width(), List.of(H), block));
      logits.add(new Linear(own.scope("logit"), H, 1));
      if (t > 0) {
        transfers.add(new Linear(own.scope("transfer"), H, H));
        attentions.add(new Attention(own.scope("attention")));
      }
    }
  }

  @Override
  public BackboneOutput forward(Pass pass, Features features) {
    NDArray logit =
        ScenarioRouter.apply(
            pass.scenarios(),
            features.flat(),
            (scenario, rows) -> tower(pass, positionOfScenario[scenario], rows));
    return new BackboneOutput(null, logit.squeeze(-1));
  }

  private NDArray tower(Pass pass, int position, NDArray rows) {
    NDArray handed = bottoms.get(0).forward(pass, rows);
    for (int t = 1; t <= position; t++) {
      NDArray own = bottoms.get(t).forward(pass, rows);
      NDArray received = transfers.get(t - 1).forward(handed);
      handed = attentions.get(t - 1).forward(own, received);
    }
    return logits.get(position).forward(handed);
  }

  @Override
  public int hiddenSize() {
    return 0;
  }

  /** Attention of two vectors on themselves: sum of softmax(k . q / sqrt H) v. */
  private record Attention(Linear key, Linear query, Linear value) {

    Attention(ModelContext context) {
      this(
          new Linear(context.scope("key"), H, H),
          new Linear(context.scope("query"), H, H),
          new Linear(context.scope("value"), H, H));
    }

    NDArray forward(NDArray own, NDArray received) {
      NDArray scores = NDArrays.concat(new NDList(score(own), score(received)), 1);
      NDArray weights = scores.softmax(-1).expandDims(1);
      NDArray values = NDArrays.stack(new NDList(value.forward(own), value.forward(received)), 1);
      return weights.matMul(values).squeeze(1);
    }

    private NDArray score(NDArray x) {
      NDArray product = key.forward(x).mul(query.forward(x)).sum(new int[] {1}, true);
      return Scale.by(product, 1 / Math.sqrt(H));
    }
  }
}
