package org.llm4msr.runtime.assembly.fields;

import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.ModelConfig.ColdItemsConfig;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.text.NearestName;

/** Finds settings of a model that name fields which the data does not have, or which do not fit. */
public final class FieldProblems {

  private static final String COLD = "model.coldItems.field";

  /** What an item's vector tells of. */
  private static final Set<FieldRole> OF_ITEMS = EnumSet.of(FieldRole.ITEM, FieldRole.AUTHOR);

  private FieldProblems() {}

  /** Takes problems. */
  @FunctionalInterface
  public interface Found {
    /** Takes the full key of a setting, its value, and what is wrong with it. */
    void add(String key, @Nullable String value, String rule);
  }

  /**
   * Tells each problem.
   *
   * @param fields as far as they are known: of raw data, without sizes
   */
  public static void find(ModelConfig model, List<PreparedField> fields, Found found) {
    ColdItemsConfig cold = model.coldItems();
    if (cold != null) {
      wrong(cold, fields).ifPresent(rule -> found.add(COLD, cold.field(), rule));
    }
    List<String> names = fields.stream().map(PreparedField::name).toList();
    Map<String, Integer> sizes = new TreeMap<>(model.embeddingSizes());
    sizes.keySet().removeAll(names);
    sizes.forEach(
        (name, size) ->
            found.add(
                FieldTables.SIZES + "." + name,
                size.toString(),
                "the data has no such field; it has %s.%s"
                    .formatted(names, NearestName.hint(name, names))));
    if (sizes.isEmpty()) {
      try {
        FieldTables unused = new FieldTables(model, fields);
      } catch (MsrException e) {
        found.add(FieldTables.SIZES, null, e.text().substring(FieldTables.SIZES.length() + 1));
      }
    }
  }

  /**
   * Requires that the vectors of items fit the field in which they stand.
   *
   * @param model null for none
   * @throws MsrException {@code model/COLD_ITEMS} where they do not
   */
  public static void requireOfItems(@Nullable ModelConfig model, List<PreparedField> fields) {
    ColdItemsConfig cold = model == null ? null : model.coldItems();
    if (cold != null) {
      refuse(cold, wrong(cold, fields));
    }
  }

  /** Requires what {@link #requireOfItems} does of any field; bundles may have others. */
  static void requireCategorical(ColdItemsConfig cold, List<PreparedField> fields) {
    refuse(cold, wrongKind(cold, fields));
  }

  private static void refuse(ColdItemsConfig cold, Optional<String> rule) {
    if (rule.isPresent()) {
      throw new MsrException(
          ErrorType.USER,
          "model/COLD_ITEMS",
          "%s is '%s', which %s.".formatted(COLD, cold.field(), rule.get()));
    }
  }

  private static Optional<String> wrong(ColdItemsConfig cold, List<PreparedField> fields) {
    return wrongKind(cold, fields)
        .or(
            () ->
                named(
                    cold,
                    categorical(fields, field -> OF_ITEMS.contains(field.role())),
                    "does not describe items, whose vectors would stand in it; fields that do are"
                        + " %s. Name one of them, or give it the role item if it describes them"));
  }

  private static Optional<String> wrongKind(ColdItemsConfig cold, List<PreparedField> fields) {
    return named(
        cold,
        categorical(fields, field -> true),
        "is no categorical field of the data; these are %s. Name one of them");
  }

  private static Optional<String> named(ColdItemsConfig cold, List<String> able, String rule) {
    return able.contains(cold.field()) ? Optional.empty() : Optional.of(rule.formatted(able));
  }

  private static List<String> categorical(
      List<PreparedField> fields, Predicate<PreparedField> further) {
    return fields.stream()
        .filter(field -> field.kind() instanceof FieldKind.Categorical)
        .filter(further)
        .map(PreparedField::name)
        .toList();
  }
}
