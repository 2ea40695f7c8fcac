package org.llm4msr.runtime.experiment;

import jakarta.inject.Inject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.api.knowledge.ScenarioPromptBuilder;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.runtime.assembly.ModelMemory;
import org.llm4msr.runtime.assembly.fields.FieldProblems;
import org.llm4msr.runtime.assembly.sequences.SequenceInputs;
import org.llm4msr.runtime.assembly.sequences.SequencePlan;
import org.llm4msr.runtime.assembly.sequences.SequenceProblems;
import org.llm4msr.runtime.config.DatasetConfig;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.KnowledgeConfig;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.ModelPart;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.SplitConfig;
import org.llm4msr.runtime.config.loading.LoadedConfig;
import org.llm4msr.runtime.config.loading.MeantSetting;
import org.llm4msr.runtime.config.loading.Origin;
import org.llm4msr.runtime.config.loading.Problems;
import org.llm4msr.runtime.config.past.HistoryConfig;
import org.llm4msr.runtime.config.past.SequenceConfig;
import org.llm4msr.runtime.data.preparation.DatasetPreparation;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.engine.EngineFeatures;
import org.llm4msr.runtime.evaluation.metric.MetricList;
import org.llm4msr.runtime.files.Scratch;
import org.llm4msr.runtime.text.NearestName;

/** Checks that the parts of a valid configuration fit each other, before anything runs. */
final class ConfigCheck {

  /** Errors in the content of a file that readers find when they look at its beginning. */
  private static final Set<String> DAMAGED_FILE =
      Set.of("data/DAMAGED_GZIP", "data/MALFORMED_ROW", "data/UNREADABLE");

  @Inject
  ConfigCheck() {}

  /**
   * Checks head, backbone, meta networks and engine.
   *
   * @throws MsrException {@code config/INVALID} with everything that does not fit, {@code
   *     config/NO_MODEL} where there is no model
   */
  void checkModel(RunWiring runWiring) {
    Problems problems = new Problems();
    new Check(runWiring, problems).model(runWiring.config().model());
    problems.throwIfAny(runWiring.config().file().toString());
  }

  /**
   * Checks the model as {@link #checkModel} if there is one, and the raw data: its folder, columns,
   * split and scenarios.
   */
  void checkData(RunWiring runWiring) {
    Problems problems = new Problems();
    Check check = new Check(runWiring, problems);
    check.modelIfAny();
    check.data();
    problems.throwIfAny(runWiring.config().file().toString());
  }

  /**
   * Checks all that {@link #checkData} does, prompt templates, the files of the encoder, and
   * whether the model has room.
   *
   * @return what training takes at least, where that is known
   */
  Optional<ModelMemory> checkAll(RunWiring runWiring) {
    String file = runWiring.config().file().toString();
    Problems problems = new Problems();
    Check check = new Check(runWiring, problems);
    check.modelIfAny();
    check.data();
    check.knowledge();
    problems.throwIfAny(file);
    Optional<ModelMemory> memory = check.memory();
    problems.throwIfAny(file);
    return memory;
  }

  /** One pass over one configuration. */
  private static final class Check {

    private final RunWiring runWiring;
    private final LoadedConfig loaded;
    private final ExperimentConfig config;
    private final Problems problems;
    private ModelMemory.@Nullable Data data;

    Check(RunWiring runWiring, Problems problems) {
      this.runWiring = runWiring;
      this.loaded = runWiring.config();
      this.config = loaded.config();
      this.problems = problems;
    }

    private void add(String path, @Nullable String value, String rule) {
      problems.add(path, value, loaded.effective().origin(path), rule);
    }

    void modelIfAny() {
      if (config.model() != null) {
        model(config.model());
      }
    }

    void model(ModelConfig model) {
      String monitor = config.training().monitor();
      runWiring
          .metrics()
          .unknown(monitor)
          .ifPresent(rule -> add(MetricList.MONITOR, monitor, rule));
      PluginChoice<FusionHeadFactory<Record>, Record> head = model.fusion();
      PluginChoice<BackboneFactory<Record>, Record> backbone = model.backbone();
      Set<ModelInput> required = model.requires();
      boolean readsKnowledge = model.readsKnowledge();
      if (model.headReadsKnowledge() && config.knowledge() == null) {
        add(
            "model.fusion.name",
            head.name(),
            "reads the knowledge of a language model, but there is no section knowledge. Add"
                + " one, or choose a head that reads none");
      }
      if (model.readsItems()
          && (config.knowledge() == null || config.knowledge().items() == null)) {
        add(
            model.readerOfItems(),
            model.readerOfItems().equals("model.fusion.name") ? head.name() : null,
            "reads the knowledge of items, but there is no section knowledge.items. Add knowledge:"
                + " {items: {}}, or remove what reads it");
      }
      boolean hasHistory = config.knowledge() != null && config.knowledge().history() != null;
      if (config.knowledge() != null
          && config.knowledge().history() != null
          && config.knowledge().items() == null) {
        add(
            "knowledge.history",
            null,
            "compares items by their vectors, but there is no section knowledge.items. Add it, or"
                + " remove the history");
      }
      if (config.knowledge() != null
          && config.knowledge().history() != null
          && config.knowledge().history().whitening() > 0
          && config.knowledge().components() == 0) {
        add(
            "knowledge.history.whitening",
            String.valueOf(config.knowledge().history().whitening()),
            "scales principal components, but the model reads none. Set knowledge.components, or"
                + " remove the whitening");
      }
      if (required.contains(ModelInput.HISTORY) && !hasHistory) {
        add(
            "model.fusion.name",
            head.name(),
            "reads the similarity to the user's history, but there is no section"
                + " knowledge.history. Add one, or choose another head");
      }
      if (config.knowledge() != null
          && config.knowledge().periods() > 1
          && config.knowledge().prompts().leakFutureInteractions()) {
        add(
            "knowledge.periods",
            String.valueOf(config.knowledge().periods()),
            "keeps training rows from reading their own labels, while"
                + " knowledge.prompts.leakFutureInteractions lets them. Set only one of the two");
      }
      if (readsKnowledge && config.knowledge() != null) {
        components(config.knowledge());
      }
      if (required.contains(ModelInput.HIDDEN) && !backbone.ask(BackboneFactory::hasHidden)) {
        add(
            "model.fusion.name",
            head.name(),
            "needs the hidden state of the backbone, but "
                + backbone.name()
                + " has none. Choose another head or another backbone");
      }
      ModelPart.of(model).forEach(part -> isServed(part.key(), part.choice()));
    }

    private void components(KnowledgeConfig knowledge) {
      OptionalInt dimension = knowledge.encoder().ask(KnowledgeEncoderFactory::dimension);
      if (dimension.isPresent() && knowledge.components() > dimension.getAsInt()) {
        add(
            "knowledge.components",
            String.valueOf(knowledge.components()),
            "vectors of the encoder %s have %d dimensions. Use a smaller number, or leave it out"
                .formatted(knowledge.encoder().name(), dimension.getAsInt()));
      }
    }

    /** Checks that the engine has what a plugin needs; without that, it is not created. */
    private boolean isServed(String path, PluginChoice<?, ?> choice) {
      Set<EngineFeature> needed = choice.engineFeatures();
      Set<EngineFeature> missing = new TreeSet<>(needed);
      missing.removeAll(EngineFeatures.of(config.runtime().engine()));
      if (!missing.isEmpty()) {
        String lacking = missing.stream().map(Enum::name).collect(Collectors.joining(", "));
        add(
            path,
            choice.name(),
            "needs what the engine %s does not have: %s. %s"
                .formatted(config.runtime().engine(), lacking, EngineFeatures.wayOut(needed)));
      }
      return missing.isEmpty();
    }

    void data() {
      DatasetConfig dataset = config.dataset();
      Path folder = loaded.base().resolve(dataset.path()).normalize();
      split(dataset.split());
      boolean served = isServed("dataset.name", dataset.reader());
      if (!Files.exists(folder)) {
        String rule = "there is no " + folder + startOfPaths("dataset.path");
        add("dataset.path", dataset.path(), rule + expansion(dataset.path()));
        return;
      }
      if (!served) {
        return;
      }
      try (Scratch context = config.runtime().scratch(folder);
          DatasetReader reader =
              runWiring.wiring(new DataModule(context)).get(DatasetReader.class)) {
        columns(dataset, reader);
        refusal(
            "dataset", dataset.reader(), () -> DatasetPreparation.requireFields(reader.schema()));
        List<RawScenario> known = reader.scenarios();
        scenarios(dataset, known);
        data = ModelMemory.Data.of(reader.schema(), kept(dataset, known));
        fields(data.fields(), SequenceInputs.of(reader.schema()));
      } catch (MsrException e) {
        if (!isOfConfiguration(e)) {
          throw e;
        }
        add("dataset.path", dataset.path(), String.valueOf(e.getMessage()));
      }
    }

    /** Returns whether another path or setting can fix a reader's error. */
    private static boolean isOfConfiguration(MsrException e) {
      return e.type() == ErrorType.USER
          || (e.type() == ErrorType.DATA && !DAMAGED_FILE.contains(e.code()));
    }

    private static String expansion(String path) {
      return path.startsWith("~") || path.contains("$")
          ? ". Neither ~ nor variables such as ${HOME} are expanded: write the path out"
          : "";
    }

    /** Says where relative paths start, if the path was written in a file that is extended. */
    private String startOfPaths(String path) {
      Origin origin = loaded.effective().origin(path);
      return origin.line() > 0 && !origin.source().equals(loaded.file().toString())
          ? ". Relative paths start at the folder of %s, which extends %s"
              .formatted(loaded.file(), origin.source())
          : "";
    }

    void knowledge() {
      KnowledgeConfig knowledge = config.knowledge();
      if (knowledge == null) {
        return;
      }
      PluginChoice<?, ?> prompts = knowledge.prompts().builder();
      if (isServed("knowledge.prompts.name", prompts)) {
        refusal("knowledge.prompts", prompts, this::prompts);
      }
      if (isServed("knowledge.encoder.name", knowledge.encoder())) {
        refusal("knowledge.encoder", knowledge.encoder(), () -> files(knowledge.encoder()));
      }
    }

    private void prompts() {
      runWiring.wiring().get(ScenarioPromptBuilder.class);
    }

    private void files(PluginChoice<KnowledgeEncoderFactory<Record>, Record> encoder) {
      encoder.ask(
          (factory, settings) -> {
            factory.check(settings, loaded.base());
            return factory;
          });
    }

    /** Reports an error of a plugin at the setting that it speaks of, or else at its name. */
    private void refusal(String path, PluginChoice<?, ?> plugin, Runnable attempt) {
      try {
        attempt.run();
      } catch (MsrException e) {
        MeantSetting at =
            MeantSetting.in(loaded.effective(), loaded.base(), path, e.text())
                .orElse(new MeantSetting(path + ".name", plugin.name()));
        add(at.path(), at.value(), String.valueOf(e.getMessage()));
      }
    }

    private void columns(DatasetConfig dataset, DatasetReader reader) {
      List<String> legal = new ArrayList<>(List.of("random"));
      if (reader.schema().time()) {
        legal.add("time");
        legal.add("user-time");
      }
      if (reader.schema().split()) {
        legal.add("given");
      }
      String by = dataset.split().by().name().toLowerCase(Locale.ROOT).replace('_', '-');
      if (!legal.contains(by)) {
        String lacking =
            by.equals("given") ? "the data has no split of its own" : "the data has no time";
        add("dataset.split.by", by, lacking + ". Allowed here: " + String.join(", ", legal));
      }
      if (!reader.schema().time()) {
        TimeNeeds.find(config, this::add);
      }
      labels(reader.schema().labels());
    }

    private Map<String, SequenceConfig> sequences() {
      return config.model() == null ? Map.of() : config.model().sequences();
    }

    private void fields(List<PreparedField> fields, SequenceInputs inputs) {
      if (config.model() != null) {
        FieldProblems.find(config.model(), fields, this::add);
        SequenceProblems.find(
            config.model(),
            fields,
            inputs,
            (name, rule) -> add(SequencePlan.key(name), null, rule));
      }
    }

    private void labels(List<String> known) {
      for (String label :
          config.model() == null ? Set.<String>of() : config.model().labels().keySet()) {
        if (!known.contains(label)) {
          add("model.labels." + label, null, "the data has the further labels " + known);
        }
      }
      sequences()
          .forEach(
              (name, sequence) ->
                  positive(SequencePlan.key(name) + ".positive", sequence.positive(), known));
      KnowledgeConfig knowledge = config.knowledge();
      if (knowledge != null) {
        positive("knowledge.prompts.positive", knowledge.prompts().positive(), known);
        HistoryConfig history = knowledge.history();
        positive("knowledge.history.positive", history == null ? null : history.positive(), known);
      }
    }

    private void positive(String path, @Nullable String label, List<String> known) {
      if (label != null && !label.equals(RawSchema.LABEL) && !known.contains(label)) {
        add(path, label, "the data has label, the main one, and the further labels " + known);
      }
    }

    private void scenarios(DatasetConfig dataset, List<RawScenario> known) {
      Set<String> seen = new HashSet<>();
      for (String key : dataset.scenarios()) {
        if (!seen.add(key)) {
          add("dataset.scenarios", key, "is listed twice");
        }
      }
      List<String> keys = known.stream().map(RawScenario::key).toList();
      weights(kept(dataset, known));
      if (known.isEmpty()) {
        return;
      }
      Stream.concat(
              dataset.scenarios().stream().map(key -> List.of("dataset.scenarios", key)),
              config.training().scenarioWeights().keySet().stream()
                  .map(key -> List.of("training.scenarioWeights", key)))
          .filter(use -> !keys.contains(use.get(1)))
          .forEach(
              use ->
                  add(
                      use.get(0),
                      use.get(1),
                      "there is no such scenario. There are %s.%s"
                          .formatted(String.join(", ", keys), NearestName.hint(use.get(1), keys))));
    }

    private static List<String> kept(DatasetConfig dataset, List<RawScenario> known) {
      return dataset.scenarios().isEmpty()
          ? known.stream().map(RawScenario::key).toList()
          : dataset.scenarios();
    }

    private void weights(List<String> kept) {
      Map<String, Double> weights = config.training().scenarioWeights();
      if (!kept.isEmpty() && kept.stream().allMatch(key -> weights.getOrDefault(key, 1.0) == 0)) {
        add(
            "training.scenarioWeights",
            String.valueOf(weights),
            "leaves no rows to train on. Give at least one scenario a weight above 0");
      }
    }

    private void split(SplitConfig split) {
      Long validation = millis("dataset.split.validationFrom", split.validationFrom());
      Long test = millis("dataset.split.testFrom", split.testFrom());
      if ((split.validationFrom() == null) != (split.testFrom() == null)) {
        add(
            "dataset.split.by",
            null,
            "validationFrom and testFrom must be given together or not at all");
      }
      boolean dates = split.validationFrom() != null || split.testFrom() != null;
      if (dates && !split.ratio().equals(SplitConfig.DEFAULT_RATIO)) {
        add(
            "dataset.split.ratio",
            split.ratio().toString(),
            "cannot be combined with dataset.split.validationFrom and testFrom. Remove the ratio"
                + " or both dates");
      }
      if (validation != null && test != null && validation > test) {
        add("dataset.split.testFrom", split.testFrom(), "must not be before validationFrom");
      }
    }

    /** Prepared data tells the rows of tables, and the scenarios that the raw files have. */
    Optional<ModelMemory> memory() {
      Workspace workspace = new Workspace(loaded.base().resolve(config.workspace()).normalize());
      Path manifest = workspace.prepared().resolve(DatasetManifest.FILE);
      if (Files.exists(manifest)) {
        try (PreparedData prepared = PreparedData.open(workspace.prepared())) {
          PreparedSettings.requireSame(prepared.manifest(), manifest, loaded);
          SequenceInputs inputs =
              SequenceInputs.of(workspace.prepared(), prepared.manifest(), null);
          data = ModelMemory.Data.of(prepared.manifest(), inputs.itemField());
          fields(data.fields(), inputs);
        } catch (MsrException e) {
          // Training says so; what the raw data tells is enough here.
        }
      }
      Optional<ModelMemory> memory =
          Optional.ofNullable(data).flatMap(known -> ModelMemory.of(config, known));
      memory.ifPresent(needed -> needed.tooMuch().ifPresent(rule -> add(needed.key(), null, rule)));
      return memory;
    }

    private @Nullable Long millis(String path, @Nullable String text) {
      if (text == null) {
        return null;
      }
      try {
        return SplitConfig.millis(text);
      } catch (DateTimeException e) {
        add(
            path,
            text,
            "must be a day such as 2023-05-01 or an instant such as 2023-05-01T12:00:00Z");
        return null;
      }
    }
  }
}
