package org.llm4msr.runtime.experiment;

import com.google.inject.Module;
import com.google.inject.util.Modules;
import java.util.List;
import org.llm4msr.runtime.assembly.Wiring;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.KnowledgeConfig;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.config.loading.LoadedConfig;
import org.llm4msr.runtime.evaluation.metric.MetricList;

/**
 * What an experiment is made of, and the injectors of its stages.
 *
 * @param stated what the files say; what a run writes can be read again without replacements
 * @param config the same with the parts that replace those of the files
 * @param replacements modules of the embedder
 * @param metrics those that runs are measured by
 */
record RunWiring(
    LoadedConfig stated, LoadedConfig config, List<Module> replacements, MetricList metrics) {

  static RunWiring of(LoadedConfig stated, List<Module> replacements, MetricList metrics) {
    Wiring wiring = Wiring.of(new RunModule(stated, metrics), replacements);
    return new RunWiring(
        stated,
        stated.with(replaced(stated.config(), wiring)),
        replacements,
        wiring.get(MetricList.class));
  }

  private static ExperimentConfig replaced(ExperimentConfig stated, Wiring wiring) {
    KnowledgeConfig knowledge = stated.knowledge();
    return new ExperimentConfig(
        stated.workspace(),
        stated.dataset().with(wiring.get(RunModule.READER)),
        knowledge == null
            ? null
            : knowledge.with(wiring.get(RunModule.PROMPT_BUILDER), wiring.get(RunModule.ENCODER)),
        stated.model() == null ? null : wiring.get(ModelConfig.class),
        stated.training(),
        stated.scoring(),
        stated.evaluation(),
        wiring.get(RuntimeConfig.class),
        stated.spark());
  }

  /**
   * Makes the injector of a stage.
   *
   * @param stage binds what the stage makes of the plugins
   */
  Wiring wiring(Module... stage) {
    return Wiring.of(
        Modules.combine(new RunModule(config, metrics), Modules.combine(stage)), replacements);
  }
}
