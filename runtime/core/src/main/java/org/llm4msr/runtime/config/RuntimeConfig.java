package org.llm4msr.runtime.config;

import com.sun.management.OperatingSystemMXBean;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.PositiveOrZero;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import org.llm4msr.api.Setting;
import org.llm4msr.runtime.files.Scratch;

/** Where and how an experiment runs: nothing here is part of the experiment's identity. */
public record RuntimeConfig(
    @Setting(value = "The tensor engine", defaultValue = RuntimeConfig.DEFAULT_ENGINE)
        @Pattern(regexp = "PyTorch|MXNet", message = "must be PyTorch or MXNet")
        String engine,
    @Setting(value = "auto, cpu, or gpu:N", defaultValue = "auto")
        @Pattern(regexp = "auto|cpu|gpu:[0-9]{1,4}", message = "must be auto, cpu or gpu:N")
        String device,
    @Setting(value = "Threads; 0: one per core", defaultValue = "0") @PositiveOrZero int threads,
    @Setting(
            value =
                "Memory limit of data preparation and inspection, for example 4GB; auto: a"
                    + " quarter of the machine's. It does not limit training or scoring",
            defaultValue = "auto")
        @Pattern(
            regexp = "auto|[1-9][0-9]{0,6}(MB|GB)",
            message = "must be auto, or a number and MB or GB")
        String memory,
    @Setting(
            value =
                "Minutes between checkpoints of training, besides those at validations; 0:"
                    + " none. A killed run loses no more than that, and its result is the same."
                    + " Extraction stores what it has read as often, and at least every 20 seconds",
            defaultValue = "10")
        @PositiveOrZero
        double checkpointMinutes,
    @Setting(
            value =
                "Also write the metrics of training for TensorBoard, to tensorboard in the run"
                    + " folder",
            defaultValue = "false")
        boolean tensorBoard) {

  /** The engine of runs that name none. */
  public static final String DEFAULT_ENGINE = "PyTorch";

  private static final double NANOS_A_MINUTE = 6e10;

  /** Returns the time between checkpoints. */
  public Duration checkpointEvery() {
    return Duration.ofNanos((long) (checkpointMinutes * NANOS_A_MINUTE));
  }

  /**
   * Returns a scratch folder for work on files.
   *
   * @param folder of the raw files, or the base of relative paths
   */
  public Scratch scratch(Path folder) {
    return new Scratch(folder, bytes(memory), workers());
  }

  /**
   * Returns a scratch folder for preparing a data set, with half of the memory: the reader and the
   * preparation each have a database.
   */
  public Scratch scratch(Path folder, DatasetConfig dataset) {
    boolean skip = dataset.malformed().policy() == MalformedConfig.Policy.SKIP;
    return new Scratch(folder, bytes(memory) / 2, workers(), skip);
  }

  /** Returns the bytes of {@code 512MB} or {@code 4GB}; of {@code auto}, a quarter of memory. */
  static long bytes(String memory) {
    if (memory.equals("auto")) {
      return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize()
          / 4;
    }
    long number = Long.parseLong(memory.substring(0, memory.length() - 2));
    return number << (memory.endsWith("GB") ? 30 : 20);
  }

  private int workers() {
    return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
  }
}
