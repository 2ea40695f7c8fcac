package org.llm4msr.runtime.experiment;

import com.google.inject.Module;
import jakarta.inject.Inject;
import java.nio.file.Path;
import java.util.List;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.config.loading.LoadedConfig;
import org.llm4msr.runtime.data.arrow.OpenPackages;
import org.llm4msr.runtime.evaluation.metric.MetricList;

/** Opens experiments. Bound by {@link RuntimeModule}. */
public final class Experiments implements Stages.Opener {

  private final ConfigLoader loader;
  private final ConfigCheck check;
  private final MetricList metrics;

  @Inject
  Experiments(ConfigLoader loader, ConfigCheck check, MetricList metrics) {
    this.loader = loader;
    this.check = check;
    this.metrics = metrics;
  }

  @Override
  public Experiment open(Path file, List<String> overrides) {
    return open(file, overrides, new Module[0]);
  }

  /**
   * Reads and validates an experiment.
   *
   * @param overrides {@code key.path=value} each
   * @param replacements replace bindings of {@link RunModule} in the injectors of its runs
   * @throws org.llm4msr.api.MsrException {@code config/...} with everything that is wrong
   */
  public Experiment open(Path file, List<String> overrides, Module... replacements) {
    OpenPackages.require();
    LoadedConfig config = loader.load(file, overrides);
    RunWiring runWiring = RunWiring.of(config, List.of(replacements), metrics);
    Experiment experiment = new Experiment(runWiring, loader, check);
    experiment.warnOfLeak();
    return experiment;
  }
}
