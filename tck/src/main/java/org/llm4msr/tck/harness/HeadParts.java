package org.llm4msr.tck.harness;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.FeatureLayout;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.Level;
import org.llm4msr.api.model.MetaContext;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.MetaWeights;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;

/**
 * The parts below a head under test; they record how it uses them. Rows of another width than
 * announced are cut or filled up, so that one rule finds them and the others can still run.
 */
public final class HeadParts {

  private final boolean givesHidden;
  private final List<Level> metaNetworks = new ArrayList<>();
  private final Set<String> mismatches = new ConcurrentSkipListSet<>();
  private final AtomicLong mostGroups = new AtomicLong();
  private int backbones;

  public HeadParts(boolean givesHidden) {
    this.givesHidden = givesHidden;
  }

  /** Returns how often the head asked for the backbone. */
  public int backbones() {
    return backbones;
  }

  /** Returns the levels that the head asked for, in its order. */
  public List<Level> metaNetworks() {
    return metaNetworks;
  }

  /** Returns descriptions of inputs whose widths differ from what the head announced. */
  public Set<String> mismatches() {
    return mismatches;
  }

  /** Returns the largest number of groups whose weights one call generated. */
  public long mostGroups() {
    return mostGroups.get();
  }

  /** Returns the context with requests recorded; a second request gets the part of the first. */
  public FusionContext recording(FusionContext context) {
    return new AskedContext(context);
  }

  public Backbone backbone(ModelContext context) {
    return new FittedBackbone(
        new ReferenceBackbone(context, givesHidden), context.layout().width());
  }

  public MetaNetwork metaNetwork(MetaContext context) {
    return new FittedMetaNetwork(new ReferenceMetaNetwork(context), context);
  }

  private NDArray fitted(String part, NDArray x, int width) {
    long own = x.getShape().get(1);
    if (own == width) {
      return x;
    }
    mismatches.add("%d columns for %s, which was made for %d".formatted(own, part, width));
    long rows = x.getShape().get(0);
    return own > width
        ? x.get(":, :" + width)
        : x.concat(x.getManager().zeros(new Shape(rows, width - own)), 1);
  }

  private final class AskedContext implements FusionContext {

    private final FusionContext context;
    private final Map<Level, MetaNetwork> made = new EnumMap<>(Level.class);
    private @Nullable Backbone backbone;

    AskedContext(FusionContext context) {
      this.context = context;
    }

    @Override
    public ModelContext model() {
      return context.model();
    }

    @Override
    public int knowledgeSize() {
      return context.knowledgeSize();
    }

    @Override
    public Backbone backbone(FeatureLayout layout) {
      backbones++;
      Backbone first = backbone == null ? context.backbone(layout) : backbone;
      backbone = first;
      return first;
    }

    @Override
    public MetaNetwork metaNetwork(Level level, int inputWidth, int outputWidth) {
      metaNetworks.add(level);
      return made.computeIfAbsent(
          level, none -> context.metaNetwork(level, inputWidth, outputWidth));
    }
  }

  private final class FittedBackbone implements Backbone {

    private final Backbone backbone;
    private final int width;

    FittedBackbone(Backbone backbone, int width) {
      this.backbone = backbone;
      this.width = width;
    }

    @Override
    public BackboneOutput forward(Pass pass, Features features) {
      NDArray x = fitted("the backbone", features.flat(), width);
      return backbone.forward(pass, features.withFlat(x));
    }

    @Override
    public int hiddenSize() {
      return backbone.hiddenSize();
    }
  }

  private final class FittedMetaNetwork implements MetaNetwork {

    private final MetaNetwork network;
    private final Level level;
    private final int width;

    FittedMetaNetwork(MetaNetwork network, MetaContext context) {
      this.network = network;
      level = context.level();
      width = context.layers().inputWidth();
    }

    @Override
    public MetaWeights generate(Pass pass, NDArray knowledge) {
      mostGroups.accumulateAndGet(knowledge.getShape().get(0), Math::max);
      return network.generate(pass, knowledge);
    }

    @Override
    public NDArray apply(Pass pass, MetaWeights weights, Grouping grouping, NDArray x) {
      NDArray rows = fitted("the meta network of level " + level, x, width);
      return network.apply(pass, weights, grouping, rows);
    }

    @Override
    public long bytesPerGroup() {
      return network.bytesPerGroup();
    }

    @Override
    public boolean cacheable() {
      return network.cacheable();
    }
  }
}
