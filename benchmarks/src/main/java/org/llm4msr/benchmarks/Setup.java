package org.llm4msr.benchmarks;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.PluginFactory;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.plugins.backbones.experts.MmoeConfig;
import org.llm4msr.plugins.backbones.experts.MmoeFactory;
import org.llm4msr.plugins.fusion.HierarchicalConfig;
import org.llm4msr.plugins.fusion.HierarchicalConfig.Placement;
import org.llm4msr.plugins.fusion.HierarchicalFactory;
import org.llm4msr.plugins.fusion.MlpMetaConfig;
import org.llm4msr.plugins.fusion.MlpMetaFactory;
import org.llm4msr.plugins.fusion.NoneConfig;
import org.llm4msr.plugins.fusion.NoneFactory;
import org.llm4msr.runtime.config.CalibrationMethod;
import org.llm4msr.runtime.config.KnowledgeConfig.Missing;
import org.llm4msr.runtime.config.LossConfig;
import org.llm4msr.runtime.config.MetaNetworkConfig;
import org.llm4msr.runtime.config.MetaNetworksConfig;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.OptimizerConfig;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.Precision;
import org.llm4msr.runtime.config.ScheduleConfig;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.config.labels.LabelConfig;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.config.past.SequenceConfig;
import org.llm4msr.runtime.knowledge.vectors.KnowledgeInputs;
import org.llm4msr.runtime.plugins.PluginRegistry;

/**
 * Data and model of a contender: Adam without decay and, unless another backbone is given, MMoE
 * with 4 experts W -> 128 -> 64 and one tower 64 -> 64 -> 1 per scenario.
 *
 * @param data the rows
 * @param backbone with its settings
 * @param head with its settings
 * @param lazy whether Adam leaves rows unchanged that a batch does not have
 * @param knowledge that the head reads, through layers W -> 64 -> W
 * @param precision of products
 * @param sequences of the log that {@link SequenceLog} draws
 */
record Setup(
    RandomData data,
    PluginChoice<BackboneFactory<Record>, Record> backbone,
    PluginChoice<FusionHeadFactory<Record>, Record> head,
    boolean lazy,
    @Nullable Knowledge knowledge,
    Precision precision,
    Map<String, SequenceConfig> sequences) {

  static final int BATCH = Integer.getInteger("batch", 4096);
  static final int DIMENSION = 16;
  static final double LEARNING_RATE = 0.001;
  static final MmoeConfig MMOE =
      new MmoeConfig(4, List.of(128, 64), List.of(64), Activation.RELU, 0, false, false);

  static final MmoeConfig WIDE =
      new MmoeConfig(4, List.of(256, 128), List.of(64), Activation.RELU, 0, false, false);

  static final Precision PRECISION =
      Precision.valueOf(System.getProperty("precision", Precision.FLOAT32.name()));

  /** Of the layers that are generated for users and scenarios. */
  static final int META_HIDDEN = Integer.getInteger("layer", 64);

  private static final PluginChoice<BackboneFactory<Record>, Record> MMOE_CHOICE =
      PluginChoice.of("mmoe", new MmoeFactory(), MMOE);
  private static final PluginChoice<FusionHeadFactory<Record>, Record> NONE =
      PluginChoice.of("none", new NoneFactory(), new NoneConfig());
  private static final PluginChoice<FusionHeadFactory<Record>, Record> HIERARCHICAL =
      PluginChoice.of(
          "hierarchical",
          new HierarchicalFactory(),
          new HierarchicalConfig(Placement.BOTTOM, Placement.PARALLEL, 0.5, false));

  /**
   * Random vectors, one per user and one per scenario.
   *
   * @param dimension K
   * @param hidden width of the generators
   * @param rank of the generated matrices; 0: full matrices
   */
  record Knowledge(int dimension, int hidden, int rank) {}

  /** Returns how many numbers make the layers {@code width -> META_HIDDEN -> out}. */
  static int generatedWeights(int width, int out) {
    return (width + 1) * META_HIDDEN + (META_HIDDEN + 1) * out;
  }

  static Setup plain(RandomData data) {
    return plain(data, MMOE_CHOICE);
  }

  static Setup plain(RandomData data, PluginChoice<BackboneFactory<Record>, Record> backbone) {
    return new Setup(data, backbone, NONE, true, null, Precision.FLOAT32, Map.of());
  }

  /** MMoE with one sequence of the log. */
  static Setup sequence(RandomData data, SequenceConfig sequence) {
    return new Setup(
        data, MMOE_CHOICE, NONE, true, null, Precision.FLOAT32, Map.of("history", sequence));
  }

  /** MMoE with wide layers: 4 experts W -> 256 -> 128. */
  static Setup wide(RandomData data, Precision precision) {
    return new Setup(
        data,
        PluginChoice.of("mmoe", new MmoeFactory(), WIDE),
        NONE,
        true,
        null,
        precision,
        Map.of());
  }

  static Setup dense(RandomData data) {
    return new Setup(data, MMOE_CHOICE, NONE, false, null, Precision.FLOAT32, Map.of());
  }

  static Setup enhanced(RandomData data, Knowledge knowledge) {
    return new Setup(data, MMOE_CHOICE, HIERARCHICAL, true, knowledge, PRECISION, Map.of());
  }

  static Setup headed(RandomData data, PluginChoice<FusionHeadFactory<Record>, Record> head) {
    return new Setup(data, MMOE_CHOICE, head, true, null, Precision.FLOAT32, Map.of());
  }

  /**
   * Finds a backbone.
   *
   * @param settings {@code KEY=VALUE} each; the others have their defaults
   */
  static PluginChoice<BackboneFactory<Record>, Record> backbone(
      String name, List<String> settings) {
    PluginRegistry registry = PluginRegistry.load();
    return choice(registry, registry.factory(BackboneFactory.class, name), name, settings);
  }

  /** Finds a head that reads no knowledge. */
  static PluginChoice<FusionHeadFactory<Record>, Record> head(String name, List<String> settings) {
    PluginRegistry registry = PluginRegistry.load();
    return choice(registry, registry.factory(FusionHeadFactory.class, name), name, settings);
  }

  private static <F extends PluginFactory<Record>> PluginChoice<F, Record> choice(
      PluginRegistry registry, PluginFactory<?> factory, String name, List<String> settings) {
    ConfigLoader loader = ConfigLoader.standard(registry);
    return PluginChoice.of(name, factory, loader.bind(factory.configType(), settings, name));
  }

  ModelConfig model() {
    MetaNetworkConfig meta =
        new MetaNetworkConfig(
            PluginChoice.of(
                "mlp",
                new MlpMetaFactory(),
                knowledge == null
                    ? new MlpMetaConfig(1, 0, 0.1)
                    : new MlpMetaConfig(knowledge.hidden, knowledge.rank, 0.1)),
            List.of(META_HIDDEN),
            Activation.RELU,
            Activation.NONE);
    return new ModelConfig(
        DIMENSION,
        DIMENSION,
        backbone,
        head,
        new MetaNetworksConfig(meta, meta, meta),
        null,
        Map.of(),
        false,
        sequences,
        null,
        labels(),
        ModelConfig.DEVIATION);
  }

  /** All further labels of the data, with towers as those of MMoE. */
  private Map<String, LabelConfig> labels() {
    return data.furtherLabels().stream()
        .collect(
            Collectors.toMap(Function.identity(), label -> new LabelConfig(1, null, MMOE.tower())));
  }

  TrainingConfig training() {
    return new TrainingConfig(
        1,
        BATCH,
        new OptimizerConfig(OptimizerConfig.Rule.ADAM, LEARNING_RATE, 0.9, 0.999, 1e-8, lazy, 0, 0),
        new ScheduleConfig(0, ScheduleConfig.Decay.NONE, 0),
        null,
        1,
        Map.of(),
        true,
        null,
        LossConfig.CROSS_ENTROPY,
        0,
        TrainingConfig.AUC,
        0,
        1_000_000,
        1,
        precision,
        CalibrationMethod.OFF,
        7);
  }

  @Nullable KnowledgeInputs vectors() {
    if (knowledge == null) {
      return null;
    }
    RandomVectors vectors = new RandomVectors(knowledge.dimension);
    return new KnowledgeInputs(vectors, vectors, Missing.MEAN);
  }
}
