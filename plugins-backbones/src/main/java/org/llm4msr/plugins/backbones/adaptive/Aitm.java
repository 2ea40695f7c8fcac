package org.llm4msr.plugins.backbones.adaptive;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.Grouping.Segment;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.api.model.Scenario;
import org.llm4msr.toolkit.model.BlockSettings;
import org.llm4msr.toolkit.model.Mlp;
import org.llm4msr.toolkit.model.ScenarioTowers;

/**
 * Adaptive information transfer (Xi et al., KDD 2021) with scenarios in place of tasks. Along the
 * chain of scenarios q_t = bottom_t(x), p_t = transfer_t(z_t-1), z_1 = q_1 and z_t is the attention
 * over q_t and p_t: the sum of softmax(key * query / sqrt H) value over the two. hidden = z of the
 * row's scenario, logit = its tower(hidden). For small scenarios that can learn from large ones.
 *
 * <p>A row passes through the bottoms of its scenario and of all before it, as the formula
 * requires, so a step costs more with more scenarios. A bottom is normalised over the rows that
 * pass through it, a tower over the rows of its scenario. The paper's calibrator, which expects
 * later tasks to be rarer, has no meaning for scenarios and is left out.
 */
final class Aitm implements Backbone {

  private final int[] positionOfScenario;
  private final List<Mlp> bottoms = new ArrayList<>();
  private final List<AitmTransfer> transfers = new ArrayList<>();
  private final ScenarioTowers towers;
  private final int hiddenSize;

  Aitm(AitmConfig config, ModelContext context) {
    int width = context.layout().width();
    hiddenSize = config.bottom().get(config.bottom().size() - 1);
    BlockSettings handing = new BlockSettings(config.activation(), config.dropout(), false);
    List<Scenario> chain = chain(config.order(), context.scenarios());
    positionOfScenario = new int[chain.size()];
    for (Scenario scenario : chain) {
      int position = bottoms.size();
      positionOfScenario[scenario.rank()] = position;
      ModelContext own = context.scope("scenario." + scenario.rank());
      if (position > 0) {
        // Named after the previous scenario, so that another chain does not reuse it.
        ModelContext link = own.scope("after." + chain.get(position - 1).rank());
        transfers.add(new AitmTransfer(link, hiddenSize, handing));
      }
      bottoms.add(new Mlp(own.scope("bottom"), width, config.bottom(), config.block()));
    }
    towers = new ScenarioTowers(context, hiddenSize, config.tower(), config.block());
  }

  private static List<Scenario> chain(AitmConfig.Order order, List<Scenario> scenarios) {
    Comparator<Scenario> first =
        switch (order) {
          case SIZE -> Comparator.comparingLong(Scenario::trainingRows).reversed();
          case RANK -> Comparator.comparingInt(Scenario::rank);
        };
    return scenarios.stream().sorted(first).toList();
  }

  @Override
  public BackboneOutput forward(Pass pass, Features features) {
    NDArray hidden = hidden(pass, features.flat());
    return new BackboneOutput(hidden, towers.forward(pass, hidden));
  }

  private NDArray hidden(Pass pass, NDArray x) {
    Grouping grouping = pass.scenarios();
    List<Segment> segments = grouping.segments();
    List<Integer> inChain =
        IntStream.range(0, segments.size())
            .boxed()
            .sorted(Comparator.comparingInt(i -> position(segments.get(i))))
            .toList();
    NDList pieces = pieces(grouping.order(x), segments);
    NDList rows = new NDList(inChain.stream().map(pieces::get).toList());
    NDList results = walk(pass, rows, inChain.stream().map(segments::get).toList());
    NDList bySegment = new NDList(pieces);
    for (int i = 0; i < results.size(); i++) {
      bySegment.set(inChain.get(i), results.get(i));
    }
    return grouping.restore(NDArrays.concat(bySegment, 0));
  }

  private int position(Segment segment) {
    return positionOfScenario[segment.group()];
  }

  private static NDList pieces(NDArray ordered, List<Segment> segments) {
    long[] cuts = segments.stream().skip(1).mapToLong(Segment::from).toArray();
    return cuts.length == 0 ? new NDList(ordered) : ordered.split(cuts, 0);
  }

  /** Takes all rows along the chain; the rows of each scenario leave it at its place. */
  private NDList walk(Pass pass, NDList rows, List<Segment> segments) {
    NDArray x = NDArrays.concat(rows, 0);
    NDArray z = bottoms.get(0).forward(pass, x);
    NDList results = new NDList();
    int position = 0;
    for (Segment segment : segments) {
      for (; position < position(segment); position++) {
        NDArray own = bottoms.get(position + 1).forward(pass, x);
        z = transfers.get(position).forward(pass, own, z);
      }
      if (results.size() + 1 == segments.size()) {
        results.add(z);
      } else {
        long[] here = {segment.rows()};
        NDList parts = z.split(here, 0);
        results.add(parts.get(0));
        z = parts.get(1);
        x = x.split(here, 0).get(1);
      }
    }
    return results;
  }

  @Override
  public int hiddenSize() {
    return hiddenSize;
  }
}
