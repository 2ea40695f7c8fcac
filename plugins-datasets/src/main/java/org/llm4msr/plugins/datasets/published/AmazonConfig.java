package org.llm4msr.plugins.datasets.published;

import java.util.List;
import org.llm4msr.api.Setting;

/** What to read from the Amazon reviews, and what counts as a click. */
public record AmazonConfig(
    @Setting(
            value = "Categories to read, as the files name them; [] reads all that are there",
            defaultValue = "[]")
        List<String> categories,
    @Setting(
            value =
                "Whether the rating decides the label, or every review is a positive (see"
                    + " negatives)",
            defaultValue = "rating")
        Label label,
    @Setting(value = "The label is 1 if the rating is above this", defaultValue = "3")
        double positiveAbove,
    @Setting(
            value = "Whether the files of the products are read, for titles",
            defaultValue = "true")
        boolean metadata,
    @Setting(
            value =
                "2023: whether the publisher's files of parts are read, as CATEGORY.train.csv, for"
                    + " dataset.split.by given",
            defaultValue = "false",
            before = "false")
        boolean parts,
    @Setting(
            value = "With parts: whether the products that a user had reviewed before are a field",
            defaultValue = "false",
            before = "false")
        boolean history,
    @Setting(
            value =
                "Whether the products of the history share vocabulary and table of vectors with the"
                    + " item",
            defaultValue = "false",
            before = "false")
        boolean sharedHistory) {

  /** Makes settings by which the history has a vocabulary of its own. */
  public AmazonConfig(
      List<String> categories,
      Label label,
      double positiveAbove,
      boolean metadata,
      boolean parts,
      boolean history) {
    this(categories, label, positiveAbove, metadata, parts, history, false);
  }

  /** What counts as a positive. */
  public enum Label {
    /** A rating above a threshold; other reviews are negatives. */
    RATING,
    /** Every review. */
    REVIEW
  }
}
