package org.llm4msr.plugins.datasets.sql;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.data.RawField;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;

/** Collects the fields of a schema in the order in which models see them. */
public final class Fields {

  /** The fields that hold the ids of users and items, by the columns of these. */
  public static final Map<String, String> IDS =
      Map.of(RawSchema.USER, "user_id", RawSchema.ITEM, "item_id");

  private final List<RawField> fields = new ArrayList<>();

  /** Begins with the fields of every data set: user, item and scenario. */
  public static Fields ofInteractions() {
    Fields fields = new Fields();
    RawTable table = RawTable.INTERACTIONS;
    fields.add("user_id", table, RawSchema.USER, FieldRole.USER, new FieldKind.Categorical());
    fields.add("item_id", table, RawSchema.ITEM, FieldRole.ITEM, new FieldKind.Categorical());
    fields.add(
        "scenario", table, RawSchema.SCENARIO, FieldRole.SCENARIO, new FieldKind.Categorical());
    return fields;
  }

  public Fields categorical(RawTable table, FieldRole role, String... columns) {
    for (String column : columns) {
      add(column, table, column, role, new FieldKind.Categorical());
    }
    return this;
  }

  public Fields lists(RawTable table, FieldRole role, String... columns) {
    for (String column : columns) {
      add(column, table, column, role, new FieldKind.MultiCategorical());
    }
    return this;
  }

  public Fields numeric(RawTable table, FieldRole role, String... columns) {
    for (String column : columns) {
      add(column, table, column, role, new FieldKind.Numeric());
    }
    return this;
  }

  public void add(String name, RawTable table, String column, FieldRole role, FieldKind kind) {
    fields.add(new RawField(name, table, column, role, kind));
  }

  /**
   * Gives the elements of a field's lists weights.
   *
   * @param column of the same table, with as many numbers
   */
  public void weigh(String name, String column) {
    fields.replaceAll(
        field ->
            field.name().equals(name)
                ? new RawField(
                    name,
                    field.table(),
                    field.column(),
                    field.role(),
                    field.kind(),
                    field.vocabulary(),
                    column)
                : field);
  }

  /**
   * Lets fields share one vocabulary.
   *
   * @param vocabulary its name, such as that of another field
   * @param names of the fields; those that are not there are left out
   */
  public void share(String vocabulary, List<String> names) {
    fields.replaceAll(
        field ->
            names.contains(field.name())
                ? new RawField(
                    field.name(),
                    field.table(),
                    field.column(),
                    field.role(),
                    field.kind(),
                    vocabulary,
                    field.weights())
                : field);
  }

  /**
   * Lets a field share the vocabulary of the items' ids.
   *
   * @param name of the field; nothing changes if it is not there
   */
  public void shareWithItem(String name) {
    share(requireNonNull(IDS.get(RawSchema.ITEM)), List.of(name));
  }

  public List<RawField> list() {
    return List.copyOf(fields);
  }
}
