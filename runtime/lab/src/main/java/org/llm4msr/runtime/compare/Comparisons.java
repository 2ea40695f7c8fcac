package org.llm4msr.runtime.compare;

import jakarta.inject.Inject;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.evaluation.metric.MetricList;
import org.llm4msr.runtime.experiment.Stages;

/** Opens comparisons and searches. Bound by {@link LabModule}. */
public final class Comparisons {

  private final ConfigLoader loader;
  private final Stages.Opener experiments;
  private final MetricList metrics;

  @Inject
  Comparisons(ConfigLoader loader, Stages.Opener experiments, MetricList metrics) {
    this.loader = loader;
    this.experiments = experiments;
    this.metrics = metrics;
  }

  /**
   * Reads a comparison.
   *
   * @param overrides settings of every run, {@code key.path=value} each
   * @throws org.llm4msr.api.MsrException {@code config/...} with everything that is wrong
   */
  public Comparison open(Path file, List<String> overrides) {
    return open(file, overrides, null);
  }

  /**
   * Reads a comparison.
   *
   * @param overrides settings of every run, {@code key.path=value} each
   * @param label whose metric is compared, in place of that of the file; null for that of the file
   * @throws org.llm4msr.api.MsrException {@code config/...} with everything that is wrong
   */
  public Comparison open(Path file, List<String> overrides, @Nullable String label) {
    ComparisonConfig config = loader.read(ComparisonConfig.class, file);
    Grid grid =
        Grid.of(
            config,
            file,
            overrides,
            experiment -> loader.load(experiment, overrides).config().workspace(),
            this::readsKnowledge);
    return new Comparison(
        file,
        config.seeds(),
        config.note(),
        true,
        grid,
        new Runs(
            experiments,
            config.keepModels(),
            label(label, config.label()),
            metrics.required(config.metric(), "metric")));
  }

  private static MeasuredLabel label(@Nullable String asked, String ofFile) {
    return new MeasuredLabel(asked == null ? ofFile : asked);
  }

  /** What cannot be opened is reported where it is checked. */
  private boolean readsKnowledge(Path experiment, List<String> overrides) {
    try {
      return experiments.open(experiment, overrides).readsKnowledge();
    } catch (MsrException e) {
      return true;
    }
  }

  /**
   * Reads a search for settings.
   *
   * @param overrides settings of every run, {@code key.path=value} each
   * @throws org.llm4msr.api.MsrException {@code config/...} or {@code tune/SPACE} with everything
   *     that is wrong
   */
  public Tuning openTuning(Path file, List<String> overrides) {
    return openTuning(file, overrides, null);
  }

  /**
   * Reads a search for settings.
   *
   * @param overrides settings of every run, {@code key.path=value} each
   * @param label whose metric decides, in place of that of the file; null for that of the file
   * @throws org.llm4msr.api.MsrException {@code config/...} or {@code tune/SPACE} with everything
   *     that is wrong
   */
  public Tuning openTuning(Path file, List<String> overrides, @Nullable String label) {
    TuningConfig config = loader.read(TuningConfig.class, file);
    return new Tuning(
        file,
        config,
        overrides,
        new Runs(
            experiments,
            false,
            label(label, config.label()),
            metrics.required(config.objective(), "objective")));
  }
}
