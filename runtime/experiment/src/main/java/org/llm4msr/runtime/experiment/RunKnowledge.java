package org.llm4msr.runtime.experiment;

import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.KnowledgeConfig;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.knowledge.control.ControlledKnowledge;
import org.llm4msr.runtime.knowledge.past.EventLogs;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;
import org.llm4msr.runtime.knowledge.vectors.KnowledgeInputs;

/** The knowledge of a run. */
final class RunKnowledge {

  private RunKnowledge() {}

  /**
   * Opens the knowledge that a run reads; null where it reads none.
   *
   * @param trains whether the run is trained, by the worker that writes it
   * @throws MsrException {@code training/OTHER_RUN} and others, where the run was begun with other
   *     knowledge
   */
  static @Nullable ControlledKnowledge of(
      Experiment experiment,
      RunFolder folder,
      PreparedData data,
      boolean trains,
      StartingPoint start) {
    ExperimentConfig whole = experiment.config().config();
    KnowledgeConfig config = whole.knowledge();
    return config == null || !whole.readsKnowledge()
        ? null
        : new ControlledKnowledge(
            store(experiment, config, folder, data, trains, start),
            config.control(),
            whole.training().seed());
  }

  private static KnowledgeStore store(
      Experiment experiment,
      KnowledgeConfig config,
      RunFolder folder,
      PreparedData data,
      boolean trains,
      StartingPoint start) {
    if (folder.hasBegun() && start.keepsKnowledge()) {
      return start.knowledge();
    }
    if (folder.hasBegun() && trains && !folder.readsKnowledge()) {
      throw new MsrException(
          ErrorType.USER,
          "training/OTHER_RUN",
          "The run %s reads no knowledge. Start a new run with --run NAME; this one stays as it is."
              .formatted(folder.path()));
    }
    KnowledgeStore store = KnowledgeStage.store(experiment);
    boolean items = experiment.config().config().readsItems();
    store.requireSource(data.manifest().key(), items);
    if (trains) {
      KnowledgeSettings.requireSame(store, experiment, config);
      KnowledgeSettings.warnOfOtherCode(store.folder(), store.info(), experiment, config);
    }
    if (folder.hasBegun()) {
      String file = experiment.config().shellWord();
      KnowledgeSettings.requireTrainedWith(store, folder.provenance(), items, file);
    }
    return start.keepsKnowledge() ? start.begin(store) : store;
  }

  /** Returns what models read of the knowledge; null where there is none. */
  static @Nullable KnowledgeInputs inputs(
      Experiment experiment,
      PreparedData data,
      @Nullable ControlledKnowledge knowledge,
      StartingPoint start,
      @Nullable EventLogs events) {
    KnowledgeConfig config = experiment.config().config().knowledge();
    return knowledge == null || config == null
        ? null
        : start.inputs(
            config,
            knowledge,
            KnowledgeStage.earlier(experiment, data, knowledge, config.periods()),
            events);
  }
}
