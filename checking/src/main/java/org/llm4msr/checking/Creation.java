package org.llm4msr.checking;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.llm4msr.api.data.DatasetGeneratorFactory;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.api.features.FeatureContext;
import org.llm4msr.api.features.FeatureQuery;
import org.llm4msr.api.features.FeatureSource;
import org.llm4msr.api.features.FeatureSourceFactory;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.api.knowledge.PromptBuilderFactory;
import org.llm4msr.api.knowledge.ScenarioPromptBuilder;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.Level;
import org.llm4msr.api.model.MetaNetworkFactory;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.engine.EngineFeatures;
import org.llm4msr.runtime.plugins.ContextWrappers;
import org.llm4msr.tck.harness.HeadParts;
import org.llm4msr.tck.harness.KitContext;
import org.llm4msr.tck.harness.LayersBetween;
import org.llm4msr.tck.harness.ModelData;
import org.llm4msr.tck.harness.ModelHarness;
import org.llm4msr.tck.harness.PromptData;
import org.llm4msr.tck.harness.ReferenceBackbone;
import org.llm4msr.tck.harness.ReferenceHead;
import org.llm4msr.tck.harness.TestBatch;
import org.llm4msr.tck.harness.TestEngines;
import org.llm4msr.tck.process.ReaderProcess;

/**
 * Creates a plugin as a run does, and uses it once on small data: the plugin's class loader is the
 * thread's while a run sees to that, and not elsewhere. What it says has no format, as the plugin
 * may have changed the default locale.
 */
final class Creation {

  private static final List<String> TEXTS =
      List.of("This user likes science fiction films.", "In the scenario feed there are 12 users.");

  /** For an answer of a source. */
  private static final long SECONDS = 10;

  private final Subject subject;
  private final Path scratch;

  Creation(Subject subject, Path scratch) {
    this.subject = subject;
    this.scratch = scratch;
  }

  /** Creates and uses the plugin; says what was done. */
  String run() throws IOException {
    return switch (subject.kind()) {
      case BACKBONE -> backbone(subject.choice());
      case FUSION_HEAD -> head(subject.choice());
      case META_NETWORK -> network(subject.choice());
      case PROMPT_BUILDER -> prompts(subject.choice());
      case KNOWLEDGE_ENCODER -> encoder(subject.choice());
      case DATASET_READER -> reader(subject.choice());
      case DATASET_GENERATOR -> generator(subject.choice());
      case FEATURE_SOURCE -> source(subject.choice());
    };
  }

  private void requireEngine(PluginChoice<?, ?> choice) {
    EngineFeatures.require(TestEngines.name(), subject.name(), choice.engineFeatures());
  }

  private String backbone(PluginChoice<BackboneFactory<Record>, Record> choice) {
    requireEngine(choice);
    return trained(
        ModelHarness.of(ModelData.EVEN, model -> choice.create(BackboneFactory::create, model)));
  }

  private String head(PluginChoice<FusionHeadFactory<Record>, Record> choice) {
    requireEngine(choice);
    HeadParts parts = new HeadParts(true);
    Set<ModelInput> needed = choice.ask(FusionHeadFactory::requires);
    Set<ModelInput> knowledge =
        Set.of(ModelInput.USER_KNOWLEDGE, ModelInput.SCENARIO_KNOWLEDGE, ModelInput.ITEM_KNOWLEDGE);
    int size = Collections.disjoint(needed, knowledge) ? 0 : ModelData.KNOWLEDGE;
    ModelHarness.Parts model =
        ModelHarness.of(ModelData.EVEN, parts::backbone)
            .head(size, context -> choice.create(FusionHeadFactory::create, context));
    for (Level level : Level.values()) {
      model.metaNetwork(level, LayersBetween.USUAL, parts::metaNetwork);
    }
    return trained(model);
  }

  private String network(PluginChoice<MetaNetworkFactory<Record>, Record> choice) {
    requireEngine(choice);
    ModelHarness.Parts model =
        ModelHarness.of(ModelData.EVEN, ReferenceBackbone::new)
            .head(ModelData.KNOWLEDGE, ReferenceHead::new);
    for (Level level : Level.values()) {
      model.metaNetwork(
          level,
          LayersBetween.USUAL,
          context -> choice.create(MetaNetworkFactory::create, context));
    }
    return trained(model);
  }

  private static String trained(ModelHarness.Parts parts) {
    TestBatch batch = ModelData.batch(ModelData.EVEN);
    try (ModelHarness model = parts.create()) {
      model.infer(batch);
      model.train(batch, ModelData.factors(batch));
    }
    return "created; " + batch.rows() + " rows scored, and one training step";
  }

  private String prompts(PluginChoice<PromptBuilderFactory<Record>, Record> choice) {
    KitContext context = KitContext.files(subject.base(), scratch);
    ScenarioPromptBuilder made = choice.create(PromptBuilderFactory::create, context);
    ScenarioPromptBuilder builder = ContextWrappers.of(choice.calls(), made);
    int scenarios = builder.scenarioPrompts(PromptData.SCENARIOS).size();
    builder.userPrompt(PromptData.history("anna", 3));
    builder.itemPrompt(PromptData.ITEMS.get(0));
    return "created; prompts of " + scenarios + " scenarios, a user and an item";
  }

  private String encoder(PluginChoice<KnowledgeEncoderFactory<Record>, Record> choice) {
    KitContext context = KitContext.files(subject.base(), scratch);
    KnowledgeEncoder made = choice.create(KnowledgeEncoderFactory::create, context);
    try (KnowledgeEncoder encoder = ContextWrappers.of(choice.calls(), made)) {
      int answers = encoder.encode(TEXTS).size();
      return "created; " + answers + " texts encoded by " + encoder.info().model();
    }
  }

  private String reader(PluginChoice<DatasetReaderFactory<Record>, Record> choice)
      throws IOException {
    Path data = subject.data();
    if (data == null) {
      throw new NotPossible(
          "a reader needs raw files: name an experiment that reads them, with --config FILE");
    }
    KitContext context = KitContext.dataset(data, scratch, ReaderProcess.MEMORY_BYTES);
    DatasetReader made = choice.create(DatasetReaderFactory::create, context);
    try (DatasetReader reader = ContextWrappers.of(choice.calls(), made);
        BufferAllocator allocator = new RootAllocator();
        ArrowReader batches = reader.open(RawTable.INTERACTIONS, allocator)) {
      batches.loadNextBatch();
      int rows = batches.getVectorSchemaRoot().getRowCount();
      return "created; the first " + rows + " interactions of " + data + " read";
    }
  }

  private String generator(PluginChoice<DatasetGeneratorFactory<Record>, Record> choice) {
    KitContext context = KitContext.dataset(scratch, scratch, ReaderProcess.MEMORY_BYTES);
    choice.create(DatasetGeneratorFactory::create, context);
    return "created; it generated nothing: its settings may ask for much";
  }

  private String source(PluginChoice<FeatureSourceFactory<Record>, Record> choice) {
    FeatureSource made = choice.create(FeatureSourceFactory::create, new Asking(subject.base()));
    try (FeatureSource source = ContextWrappers.of(choice.calls(), made)) {
      FeatureQuery query = new FeatureQuery("1", "1", List.of("1", "2"));
      Object failure =
          source
              .fetch(query)
              .toCompletableFuture()
              .orTimeout(SECONDS, TimeUnit.SECONDS)
              .handle((values, error) -> error)
              .join();
      return failure == null ? "created; it answered" : "created; it failed: " + failure;
    }
  }

  private record Asking(Path base) implements FeatureContext {
    @Override
    public Duration timeout() {
      return Duration.ofSeconds(1);
    }
  }

  /** Something outside of the plugin is needed. */
  static final class NotPossible extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NotPossible(String reason) {
      super(reason);
    }
  }
}
