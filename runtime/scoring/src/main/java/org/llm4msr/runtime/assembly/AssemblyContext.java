package org.llm4msr.runtime.assembly;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.FeatureLayout;
import org.llm4msr.api.model.Field;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.LayerSpec;
import org.llm4msr.api.model.Level;
import org.llm4msr.api.model.MetaContext;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.MetaNetworkFactory;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.runtime.assembly.labels.SharedState;
import org.llm4msr.runtime.config.MetaNetworkConfig;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.model.ModelShape;
import org.llm4msr.runtime.plugins.PluginCall;

/** Makes the parts that a fusion head asks for, each under the name of its place. */
final class AssemblyContext implements FusionContext {

  private final BiFunction<String, ModelShape, ModelContext> places;
  private final Function<String, Optional<String>> closed;
  private final ModelShape shape;
  private final ModelConfig config;
  private final int knowledgeSize;
  private final Map<Level, MetaNetworkConfig> configs = new EnumMap<>(Level.class);
  private final Map<Level, MetaNetwork> networks = new EnumMap<>(Level.class);
  private @Nullable SharedState shared;
  private boolean backboneMade;

  /**
   * Makes a context.
   *
   * @param places gives each part of the model, by name, where it makes its arrays
   * @param closed names an array of a part that has been closed, if any
   * @param knowledgeSize K, or 0 if the head reads no knowledge
   */
  AssemblyContext(
      BiFunction<String, ModelShape, ModelContext> places,
      Function<String, Optional<String>> closed,
      ModelShape shape,
      ModelConfig config,
      int knowledgeSize) {
    this.places = places;
    this.closed = closed;
    this.shape = shape;
    this.config = config;
    this.knowledgeSize = knowledgeSize;
  }

  /** Returns the settings of the meta networks that the head asked for. */
  List<MetaNetworkConfig> metaNetworkConfigs() {
    return List.copyOf(configs.values());
  }

  /** Returns the meta networks that the head asked for. */
  Map<Level, MetaNetwork> metaNetworks() {
    return Map.copyOf(networks);
  }

  /** Returns what the backbone shares with further labels. */
  SharedState shared() {
    if (shared == null) {
      throw new MsrException(
          ErrorType.PLUGIN,
          "model/NOT_SHARED",
          "The fusion head '%s' makes no backbone, so that further labels have nothing to read. Use another head, or remove model.labels."
              .formatted(config.fusion().name()));
    }
    return shared;
  }

  @Override
  public ModelContext model() {
    return places.apply("fusion", shape);
  }

  @Override
  public int knowledgeSize() {
    return knowledgeSize;
  }

  @Override
  public Backbone backbone(FeatureLayout layout) {
    if (backboneMade) {
      throw twice("the backbone");
    }
    backboneMade = true;
    if (!layout.uniform()
        && config.backbone().ask(BackboneFactory::inputs).contains(ModelInput.FIELDS)) {
      throw new MsrException(
          ErrorType.USER,
          "model/NO_FIELDS",
          "The backbone '%s' reads the fields separately, which needs one width for all; behind the fusion head '%s' they have the widths %s. Give the head's features, model.itemKnowledge and knowledge.history the width of model.embeddingSize, or choose another head or backbone."
              .formatted(
                  config.backbone().name(),
                  config.fusion().name(),
                  layout.fields().stream().map(Field::width).distinct().toList()));
    }
    Backbone backbone =
        config
            .backbone()
            .create(BackboneFactory::create, places.apply("backbone", shape.with(layout)));
    PluginCall plugin = config.backbone().calls();
    if (backbone.hiddenSize() < 0) {
      throw plugin.error(
          "HIDDEN_SIZE",
          "has a hiddenSize() of %d. Have it return the width of hidden(), or 0 if there is none."
              .formatted(backbone.hiddenSize()),
          null);
    }
    if (backbone.hiddenSize() == 0 && config.requires().contains(ModelInput.HIDDEN)) {
      throw plugin.error(
          "HIDDEN_SIZE",
          "has a hiddenSize() of 0, but its factory's hasHidden() is true. Make the two agree.",
          null);
    }
    shared = new SharedState(backbone.hiddenSize(), this.shape.layout().width());
    return new CheckedBackbone(
        backbone, new CheckedPart(plugin, closed, "backbone"), shared::hidden);
  }

  @Override
  public MetaNetwork metaNetwork(Level level, int inputWidth, int outputWidth) {
    MetaNetworkConfig meta = config.metaNetworks().of(level);
    if (configs.put(level, meta) != null) {
      throw twice("the meta network of level " + level);
    }
    if (knowledgeSize == 0) {
      throw new MsrException(
          ErrorType.PLUGIN,
          "model/UNDECLARED_INPUT",
          "The fusion head '"
              + config.fusion().name()
              + "' asks for a meta network but names no knowledge in requires(). Name it there.");
    }
    List<Integer> widths = new ArrayList<>(meta.layers());
    widths.add(outputWidth);
    LayerSpec layers =
        new LayerSpec(inputWidth, widths, meta.activation(), meta.outputActivation());
    String scope = "meta/" + level.name().toLowerCase(Locale.ROOT);
    MetaNetwork made =
        meta.network()
            .create(
                MetaNetworkFactory::create,
                new Meta(places.apply(scope, shape), level, knowledgeSize, layers));
    MetaNetwork network =
        new CheckedMetaNetwork(made, new CheckedPart(meta.network().calls(), closed, scope));
    networks.put(level, network);
    return network;
  }

  private MsrException twice(String part) {
    return new MsrException(
        ErrorType.PLUGIN,
        "model/PART_ASKED_TWICE",
        "The fusion head '" + config.fusion().name() + "' asked twice for " + part + ".");
  }

  private record Meta(ModelContext model, Level level, int knowledgeSize, LayerSpec layers)
      implements MetaContext {}
}
