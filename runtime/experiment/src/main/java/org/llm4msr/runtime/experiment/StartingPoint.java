package org.llm4msr.runtime.experiment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.KnowledgeConfig;
import org.llm4msr.runtime.config.past.HistoryConfig;
import org.llm4msr.runtime.config.past.PastNeeds;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.PreparedIds;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.files.Scratch;
import org.llm4msr.runtime.knowledge.control.ControlledKnowledge;
import org.llm4msr.runtime.knowledge.history.HistoryInputs;
import org.llm4msr.runtime.knowledge.past.EventLogs;
import org.llm4msr.runtime.knowledge.past.HistoryFile;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;
import org.llm4msr.runtime.knowledge.vectors.EarlierKnowledge;
import org.llm4msr.runtime.knowledge.vectors.KnowledgeInputs;
import org.llm4msr.runtime.knowledge.vectors.KnowledgeScaling;
import org.llm4msr.runtime.training.WarmStart;

/**
 * What the model of a run begins with: drawn values, or a bundle. With a bundle, the run keeps the
 * knowledge and history that it reads, so that it can be continued and evaluated without the
 * bundle.
 *
 * @param run the run folder
 * @param digest of the bundle; empty if the values are drawn
 * @param bundle null if the values are drawn or the run has begun
 * @param writes whether what the run keeps is written, or was by the first worker
 */
record StartingPoint(RunFolder run, String digest, @Nullable Bundle bundle, boolean writes) {

  private static final String FROM = "from";
  private static final String BUNDLE = "bundle";
  private static final String DIGEST = "digest";

  /**
   * Finds out what a run began with, or will.
   *
   * @param options of the training, which may name a bundle; null where it is not trained
   */
  static StartingPoint of(
      RunFolder run, ExperimentConfig config, @Nullable TrainingOptions options) {
    Path from = options == null ? null : options.from();
    boolean writes = options != null && options.writes();
    JsonNode recorded = recorded(run);
    if (from == null) {
      if (!run.hasBegun() && !digest(recorded).isEmpty()) {
        throw new MsrException(
            ErrorType.USER,
            "training/NOT_BEGUN",
            "The run %s was started from the values of %s, but has no checkpoint yet. Train it again with --from, or start a new run with --run NAME."
                .formatted(run.path(), recorded.path(BUNDLE).asText()));
      }
      return new StartingPoint(run, digest(recorded), null, writes);
    }
    Bundle bundle = Bundle.open(from);
    WarmStart.requireSame(bundle, config);
    if (run.hasBegun() && !digest(recorded).equals(bundle.digest())) {
      throw new MsrException(
          ErrorType.USER,
          "training/OTHER_RUN",
          "The run %s did not start from the values of %s. Start a new run with --run NAME; this one stays as it is."
              .formatted(run.path(), from));
    }
    return new StartingPoint(run, bundle.digest(), run.hasBegun() ? null : bundle, writes);
  }

  private static JsonNode recorded(RunFolder run) {
    return Files.exists(run.provenance())
        ? run.read(RunFolder.PROVENANCE).path(FROM)
        : MissingNode.getInstance();
  }

  private static String digest(JsonNode recorded) {
    return recorded.path(DIGEST).asText("");
  }

  /** Returns the entry of the provenance; empty if the values are drawn. */
  Map<String, Object> provenance() {
    return bundle == null
        ? Map.of()
        : Map.of(FROM, Map.of(BUNDLE, bundle.folder().toString(), DIGEST, digest));
  }

  /** Returns whether the run keeps its own knowledge. */
  boolean keepsKnowledge() {
    return !digest.isEmpty();
  }

  /** Makes the knowledge of a run that is about to begin from what was extracted. */
  KnowledgeStore begin(KnowledgeStore extracted) {
    if (bundle != null && writes) {
      if (Files.exists(store())) {
        Scratch.delete(store()); // Left by a process that died before the first checkpoint.
      }
      WarmStart.mergeKnowledge(bundle, extracted.folder(), store(), scalingFile());
    }
    return knowledge();
  }

  /** Opens the knowledge that the run keeps. */
  KnowledgeStore knowledge() {
    return KnowledgeStore.open(store());
  }

  /** Loads the events that the model reads: those of the bundle too, if it began with one. */
  EventLogs events(PastNeeds needs, PreparedData data) {
    Path file = run.path().resolve("history.arrow");
    if (bundle != null && writes) {
      WarmStart.mergeHistory(bundle, ofData(needs, data), data, file);
    }
    return Files.exists(file)
        ? HistoryFile.read(file, data.manifest(), needs)
        : ofData(needs, data);
  }

  private static EventLogs ofData(PastNeeds needs, PreparedData data) {
    Set<Split> parts = needs.laterParts() ? EnumSet.allOf(Split.class) : EnumSet.of(Split.TRAIN);
    String usual = Objects.requireNonNullElse(needs.positive(), RawSchema.LABEL);
    return EventLogs.of(
        label -> data.loggedRows(parts, Objects.requireNonNullElse(label, usual)),
        data.manifest().users(),
        needs);
  }

  private Path store() {
    return run.path().resolve("knowledge");
  }

  private Path scalingFile() {
    return run.path().resolve("knowledge-scaling.safetensors");
  }

  /** Returns how knowledge is standardised; null if the training users determine it. */
  @Nullable KnowledgeScaling scaling() {
    if (!keepsKnowledge()) {
      return null;
    }
    try {
      return KnowledgeScaling.read(scalingFile());
    } catch (IOException e) {
      throw run.unreadable(scalingFile(), e);
    }
  }

  /**
   * Returns what the model reads of knowledge.
   *
   * @param earlier what training rows read; null: the same
   * @param events null where the model reads none
   */
  KnowledgeInputs inputs(
      KnowledgeConfig config,
      ControlledKnowledge knowledge,
      @Nullable EarlierKnowledge earlier,
      @Nullable EventLogs events) {
    HistoryConfig history = config.history();
    return new KnowledgeInputs(
        knowledge.level(Level.USER),
        knowledge.level(Level.SCENARIO),
        knowledge.level(Level.ITEM),
        config.missing(),
        config.missingItem(),
        scaling(),
        earlier,
        config.components(),
        knowledge.controls(),
        history == null || events == null ? null : HistoryInputs.of(history, events));
  }

  /** Fills the model of a run that is about to begin. */
  void fill(TrainableModel model, Path prepared) {
    if (bundle != null) {
      WarmStart.fill(model, bundle, PreparedIds.open(prepared));
    }
  }
}
