package org.llm4msr.runtime.compare;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.PositiveOrZero;
import java.util.List;
import java.util.Map;
import org.hibernate.validator.constraints.UniqueElements;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;
import org.llm4msr.runtime.config.loading.AnyValue;

/** A search for settings. The root of the YAML file of {@code tune}. */
public record TuningConfig(
    @Setting("Experiment file, relative to this file") @NotBlank String experiment,
    @Setting("Experiment keys to search, each with its values or its range") @NotEmpty
        Map<String, @Valid Range> space,
    @Setting(
            value = "Number of different settings to draw; the experiment's own are tried as well",
            defaultValue = "20")
        @Min(1)
        int trials,
    @Setting(
            value = "Training time after which no further run starts, in minutes; 0: no limit",
            defaultValue = "0")
        @PositiveOrZero
        double minutes,
    @Setting(
            value =
                "random: every trial in full; halving: all with few epochs, then the best with more",
            defaultValue = "random")
        Strategy strategy,
    @Setting(
            value = "Halving keeps one in this many, and gives those this many times the epochs",
            defaultValue = "3")
        @Min(2)
        int factor,
    @Setting(value = "Seed of the draws", defaultValue = "7") long seed,
    @Setting(
            value = "Seeds of training; a trial is scored by the mean over them",
            defaultValue = "[1]")
        @NotEmpty
        @UniqueElements
        List<Long> seeds,
    @Setting(value = "Experiment settings that all runs share", defaultValue = "{}")
        Map<String, AnyValue> settings,
    @Setting(
            value =
                "The label by whose metric trials are ranked: a further one that all of them learn, or"
                    + " label, the main one, which ends training in any case",
            defaultValue = "label")
        @NotBlank
        String label,
    @Setting(
            value = "The metric by which trials are ranked, by its name in evaluations",
            defaultValue = "auc")
        @NotBlank
        String objective) {

  /** How training is divided among the trials. */
  public enum Strategy {
    /** All trials are trained in full. */
    RANDOM,
    /** Successive halving over epochs (Jamieson and Talwalkar, AISTATS 2016). */
    HALVING
  }

  /** The possible values of a key: some listed ones, or numbers of a range, ends included. */
  public record Range(
      @Setting("Smallest value") @Nullable Double from,
      @Setting("Largest value") @Nullable Double to,
      @Setting(value = "Draw uniformly on a logarithmic scale", defaultValue = "false") boolean log,
      @Setting(value = "Draw whole numbers", defaultValue = "false") boolean whole,
      @Setting(value = "The values to choose from", defaultValue = "[]") List<AnyValue> values) {}
}
