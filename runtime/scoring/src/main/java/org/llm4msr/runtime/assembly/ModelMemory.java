package org.llm4msr.runtime.assembly;

import ai.djl.ndarray.types.Shape;
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.runtime.assembly.fields.FieldTables;
import org.llm4msr.runtime.assembly.labels.LabelTowers;
import org.llm4msr.runtime.assembly.labels.ModelLabels;
import org.llm4msr.runtime.assembly.sequences.ModelSequences;
import org.llm4msr.runtime.assembly.sequences.SequenceInputs;
import org.llm4msr.runtime.assembly.sequences.SequencePlan;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.KnowledgeConfig;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.OptimizerConfig;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.PreparedScenario;
import org.llm4msr.runtime.data.prepared.SplitCounts;
import org.llm4msr.runtime.model.ModelShape;
import org.llm4msr.runtime.tables.UpdateRule;

/**
 * The memory that training takes at least: of what its optimiser moves, and of what layers give for
 * a batch; without knowledge and the copies of a step. No parameter is made for it.
 *
 * @param parameters numbers of dense parameters
 * @param counted whether that is all; counting ends where no machine has so many
 * @param tableNumbers numbers in embedding tables; null where no data is prepared
 * @param states numbers of the optimiser beside each
 * @param optimizer its name
 * @param batchSize rows of a batch
 * @param batchBytes what layers give for them
 * @param largest the part of the model that has most parameters, such as {@code meta/user}
 */
public record ModelMemory(
    long parameters,
    boolean counted,
    @Nullable Long tableNumbers,
    int states,
    String optimizer,
    int batchSize,
    long batchBytes,
    String largest) {

  private static final long MIB = 1L << 20;
  private static final long GIB = 1L << 30;

  /** 1 PiB: sums of a few such numbers are still a long. */
  private static final long MOST = 1L << 50;

  /** More than any machine has by so much need not be counted to the end. */
  private static final int FAR_TOO_MUCH = 8;

  /**
   * What is known of the data.
   *
   * @param prepared whether it is prepared, so that the tables have rows
   * @param itemField the name of the field of raw ids of items; null where there is none
   */
  public record Data(
      List<PreparedField> fields,
      List<PreparedScenario> scenarios,
      boolean prepared,
      @Nullable String itemField) {

    /** Returns what prepared data says. */
    public static Data of(DatasetManifest manifest, @Nullable String itemField) {
      return new Data(manifest.fields(), manifest.scenarios(), true, itemField);
    }

    /**
     * Returns what a reader says before its data is prepared.
     *
     * @param scenarios those that are known; of data there is at least one
     */
    public static Data of(RawSchema schema, List<String> scenarios) {
      List<String> keys = scenarios.isEmpty() ? List.of("unknown") : scenarios;
      return new Data(
          schema.fields().stream()
              .map(
                  field ->
                      new PreparedField(
                          field.name(),
                          field.role(),
                          field.kind(),
                          0,
                          0,
                          0,
                          field.vocabulary(),
                          field.weights() != null))
              .toList(),
          keys.stream()
              .map(key -> new PreparedScenario(key, key, "", new SplitCounts(1, 1, 1)))
              .toList(),
          false,
          SequenceInputs.of(schema).itemField());
    }

    private SequencePlan sequences(ModelConfig model) {
      return SequencePlan.of(
          model, fields, new SequenceInputs(null, itemField, field -> new int[0]));
    }
  }

  /**
   * Counts; nothing where the model cannot be created without its arrays or its knowledge. The
   * stage that creates it says why.
   */
  public static Optional<ModelMemory> of(ExperimentConfig config, Data data) {
    ModelConfig model = config.model();
    if (model == null) {
      return Optional.empty();
    }
    OptimizerConfig optimizer = config.training().optimizer();
    int states = UpdateRule.dense(optimizer).stateSlots();
    ParameterCount count =
        new ParameterCount(FAR_TOO_MUCH * machineBytes() / Float.BYTES / (2 + states));
    boolean counted = true;
    try {
      create(config, model, data, count);
    } catch (ParameterCount.Enough e) {
      counted = false;
    } catch (RuntimeException | LinkageError | StackOverflowError e) {
      return Optional.empty();
    }
    int batchSize = config.training().batchSize();
    return Optional.of(
        new ModelMemory(
            count.numbers(),
            counted,
            tableNumbers(model, data),
            states,
            optimizer.name().name().toLowerCase(Locale.ROOT),
            batchSize,
            (long) Math.min(MOST, count.widths() * batchSize * Float.BYTES),
            count.largest()));
  }

  private static void create(
      ExperimentConfig config, ModelConfig model, Data data, ParameterCount count) {
    KnowledgeConfig knowledge = config.knowledge();
    SequencePlan plan = data.sequences(model);
    ModelShape shape =
        ModelAssembly.shape(
            data.fields(),
            data.scenarios(),
            model,
            knowledge == null ? null : knowledge.history(),
            plan);
    ModelSequences.makeParameters(plan, count.context(ModelSequences.SCOPE, shape));
    if (ModelAssembly.required(model).contains(ModelInput.SCENARIO_EMBEDDING)) {
      count.add("scenario", shape.scenarios().size(), new Shape(shape.scenarioEmbeddingSize()));
    }
    int size = knowledge == null || !model.headReadsKnowledge() ? 0 : size(knowledge);
    AssemblyContext context =
        new AssemblyContext(count::context, scope -> Optional.empty(), shape, model, size);
    model.fusion().create(FusionHeadFactory::create, context);
    LabelTowers.of(
        ModelLabels.of(model.labels(), List.copyOf(model.labels().keySet())),
        model.labels(),
        context::shared,
        count.context("labels", shape));
  }

  /** Returns K, or 1 where it is known only from vectors. */
  private static int size(KnowledgeConfig knowledge) {
    return knowledge.components() > 0
        ? knowledge.components()
        : knowledge.encoder().ask(KnowledgeEncoderFactory::dimension).orElse(1);
  }

  private static @Nullable Long tableNumbers(ModelConfig model, Data data) {
    if (!data.prepared()) {
      return null;
    }
    FieldTables tables = new FieldTables(model, data.fields());
    long numbers = tables.numbers().values().stream().mapToLong(Long::longValue).sum();
    for (PreparedField field : data.sequences(model).ownTables(data.fields()).values()) {
      numbers += (long) field.tableRows() * tables.width(field);
    }
    return numbers;
  }

  /** Returns the bytes on Java's heap: the optimiser's state, and the tables with theirs. */
  public long heapBytes() {
    return stateBytes() + tableBytes();
  }

  /** Returns all bytes. */
  public long bytes() {
    return parameters * Float.BYTES * (2 + states) + batchBytes + tableBytes();
  }

  private long tableBytes() {
    return tableNumbers == null ? 0 : tableNumbers * Float.BYTES * (1 + states);
  }

  /** Says how much it is, and of what: a part of a sentence. */
  public String text() {
    String state =
        states == 0 ? "" : ", the state of %s %s".formatted(optimizer, size(stateBytes()));
    String tables =
        tableNumbers == null
            ? "tables are counted once data is prepared"
            : "tables with their state %s".formatted(size(tableBytes()));
    return "%s %s: %,d parameters %s, their gradients %4$s%s, what layers give for %,d rows %s; %s"
        .formatted(
            counted ? "at least" : "more than",
            size(bytes()),
            parameters,
            size(parameters * Float.BYTES),
            state,
            batchSize,
            size(batchBytes),
            tables);
  }

  /** Returns what is wrong where neither this Java nor this machine can hold that. */
  public Optional<String> tooMuch() {
    return tooMuch(Runtime.getRuntime().maxMemory(), machineBytes());
  }

  Optional<String> tooMuch(long heap, long machine) {
    if (heapBytes() <= heap && bytes() <= machine) {
      return Optional.empty();
    }
    long room = heapBytes() * 3 / 2;
    String raise =
        heapBytes() > heap && room < machine
            ? ", or raise its limit with LLM4MSR_JAVA_OPTS=-Xmx%dg".formatted(room / GIB + 1)
            : "";
    String rule =
        "training takes %s. Java's heap would hold %s of it, and its limit is %s; the machine has"
            + " %s. Choose fewer or narrower layers, or a smaller training.batchSize%s";
    return Optional.of(rule.formatted(text(), size(heapBytes()), size(heap), size(machine), raise));
  }

  /** Returns the key of the setting on which most of it depends. */
  public String key() {
    if (tableBytes() > bytes() / 2) {
      return "model.embeddingSize";
    }
    return switch (largest) {
      case "backbone", "fusion" -> "model.%s.name".formatted(largest);
      case ModelSequences.SCOPE -> "model.sequences";
      case "scenario" -> "model.scenarioEmbeddingSize";
      default -> "model.%s.name".formatted(largest.replace("meta/", "metaNetworks."));
    };
  }

  private long stateBytes() {
    return parameters * Float.BYTES * states;
  }

  /** Returns the memory of the machine, with what it can swap out. */
  private static long machineBytes() {
    OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    return system.getTotalMemorySize() + system.getTotalSwapSpaceSize();
  }

  private static String size(long bytes) {
    return bytes < GIB
        ? "%,.1f MiB".formatted((double) bytes / MIB)
        : "%,.1f GiB".formatted((double) bytes / GIB);
  }
}
