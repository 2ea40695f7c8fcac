package org.llm4msr.runtime.config.past;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;
import org.llm4msr.api.model.Activation;

/** A sequence of ids of each row, as one more field of any model. */
public record SequenceConfig(
    @Setting("The field that is the list; by default it is what the user did before, of the log")
        @Nullable String of,
    @Setting(
            "The field whose table the ids read, and whose vector is the target; by default that of"
                + " the ids of items")
        @Nullable String table,
    @Setting(value = "L, how many of the newest are read", defaultValue = "50") @Min(1) @Max(1000)
        int length,
    @Setting(value = "Of the log: positives; all: logged negatives too", defaultValue = "positives")
        Events events,
    @Setting(
            value =
                "Of the log: training: events of the training part; row: also those of later parts"
                    + " that are earlier than the row. Every result is marked",
            defaultValue = "training")
        HistoryConfig.Until until,
    @Setting(value = "Of a list: which end is the newest", defaultValue = "last") Newest newest,
    @Setting(
            value =
                "What becomes of the vectors; target-attention weighs them by the row's item (DIN)",
            defaultValue = "mean")
        Pooling pooling,
    @Setting(
            value = "Target attention: widths of the hidden layers that give a vector its weight",
            defaultValue = "[16]")
        List<@Min(1) @Max(1024) Integer> hidden,
    @Setting(value = "Target attention: activation of these layers", defaultValue = "leaky-relu")
        Activation activation,
    @Setting(
            value = "Target attention: whether the weights of a row are a softmax, and add up to 1",
            defaultValue = "false")
        boolean softmax,
    @Setting(
            "Of the log: the further label of the data that tells positives from negatives; by"
                + " default that of knowledge.history, else the main one")
        @Nullable String positive,
    @Setting(
            value =
                "Whether the ids have a table of their own, as large as that which they would share"
                    + " with a field",
            defaultValue = "false",
            before = "false")
        boolean ownTable) {

  /** Makes settings that share the table of a field, and by which the usual label counts. */
  public SequenceConfig(
      @Nullable String of,
      @Nullable String table,
      int length,
      Events events,
      HistoryConfig.Until until,
      Newest newest,
      Pooling pooling,
      List<Integer> hidden,
      Activation activation,
      boolean softmax) {
    this(
        of,
        table,
        length,
        events,
        until,
        newest,
        pooling,
        hidden,
        activation,
        softmax,
        null,
        false);
  }

  /** Returns whether it is of the log, and not of a field. */
  public boolean isOfLog() {
    return of == null;
  }

  /** Which events of the log are read. */
  public enum Events {
    /** Those with the label 1. */
    POSITIVES,
    /** All that were logged. */
    ALL
  }

  /** An end of a list. */
  public enum Newest {
    /** Its first element. */
    FIRST,
    /** Its last element. */
    LAST
  }

  /** How several vectors become one. */
  public enum Pooling {
    /** Their mean. */
    MEAN,
    /** The largest of each element. */
    MAX,
    /** Their sum. */
    SUM,
    /** The sum of each times a weight, which depends on it and the row's item. */
    TARGET_ATTENTION
  }
}
