package org.llm4msr.api.data;

import static java.util.Objects.requireNonNull;

import java.util.List;
import org.llm4msr.api.Stability;

/**
 * What a reader emits. The table {@link RawTable#INTERACTIONS} always has the columns {@value
 * #USER}, {@value #ITEM}, {@value #SCENARIO} (any type that casts to text) and {@value #LABEL} (0
 * or 1); {@link RawTable#USERS} has {@value #USER}, {@link RawTable#ITEMS} has {@value #ITEM}.
 * Further columns are those that the fields and texts name.
 *
 * @param tables the tables that exist; always with {@link RawTable#INTERACTIONS}
 * @param fields the features, in the order in which models see them
 * @param time whether all interactions have {@value #TIME}: milliseconds since 1970, int64
 * @param split whether interactions have {@value #SPLIT}: {@code train}, {@code validation} or
 *     {@code test}
 * @param group whether interactions have {@value #GROUP}
 * @param userText columns of {@link RawTable#USERS} that describe a user in words
 * @param itemText columns of {@link RawTable#ITEMS} that describe an item in words, the most
 *     informative first
 * @param labelRule how the label was made, for the manifest, for example {@code is_click = 1}
 * @param weight whether interactions have {@value #WEIGHT}
 * @param labels names of further labels, such as {@code like}; interactions have the {@link
 *     #labelColumn} of each
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public record RawSchema(
    List<RawTable> tables,
    List<RawField> fields,
    boolean time,
    boolean split,
    boolean group,
    List<String> userText,
    List<String> itemText,
    String labelRule,
    boolean weight,
    List<String> labels) {

  /** The user's raw id. */
  public static final String USER = "user";

  /** The item's raw id. */
  public static final String ITEM = "item";

  /** The key of the scenario. */
  public static final String SCENARIO = "scenario";

  /** 0 or 1. */
  public static final String LABEL = "label";

  /** Milliseconds since 1970. */
  public static final String TIME = "time";

  /** The part to which the publisher assigned the row. */
  public static final String SPLIT = "split";

  /** What was shown together, may be null; rows of one user with one value form a group. */
  public static final String GROUP = "group";

  /** How much the row counts in the loss: a number of at least 0; null is 1. */
  public static final String WEIGHT = "weight";

  /** Returns the column of a further label: 0, 1, or null where it is not known. */
  public static String labelColumn(String label) {
    return LABEL + "_" + label;
  }

  /** Makes a schema with one label. */
  public RawSchema(
      List<RawTable> tables,
      List<RawField> fields,
      boolean time,
      boolean split,
      boolean group,
      List<String> userText,
      List<String> itemText,
      String labelRule,
      boolean weight) {
    this(tables, fields, time, split, group, userText, itemText, labelRule, weight, List.of());
  }

  /** Makes a schema with one label, without weights. */
  public RawSchema(
      List<RawTable> tables,
      List<RawField> fields,
      boolean time,
      boolean split,
      boolean group,
      List<String> userText,
      List<String> itemText,
      String labelRule) {
    this(tables, fields, time, split, group, userText, itemText, labelRule, false);
  }

  /** Makes a schema with one label, without groups and weights. */
  public RawSchema(
      List<RawTable> tables,
      List<RawField> fields,
      boolean time,
      boolean split,
      List<String> userText,
      List<String> itemText,
      String labelRule) {
    this(tables, fields, time, split, false, userText, itemText, labelRule);
  }

  public RawSchema {
    tables = List.copyOf(tables);
    fields = List.copyOf(fields);
    userText = List.copyOf(userText);
    itemText = List.copyOf(itemText);
    labels = List.copyOf(labels);
    requireNonNull(labelRule, "labelRule is null");
  }
}
