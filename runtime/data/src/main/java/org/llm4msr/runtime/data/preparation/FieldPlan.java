package org.llm4msr.runtime.data.preparation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.RawField;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.batch.FieldForm;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.buckets.BucketBounds;
import org.llm4msr.runtime.data.prepared.FieldKinds;
import org.llm4msr.runtime.data.prepared.FieldSource;
import org.llm4msr.runtime.data.prepared.SplitColumns;

/**
 * A field and where the database keeps it. Columns are numbered, because SQL does not distinguish
 * {@code Tag} from {@code tag}.
 *
 * @param index its place in the schema
 * @param field what the reader says
 * @param home the table whose rows have one value each; for a user's id, for example, USERS
 * @param first the place of the first field that shares its vocabulary; its own if it is that
 */
record FieldPlan(int index, RawField field, RawTable home, int first) {

  /** A record batch of the database has thousands of rows, in one buffer of less than 2 GiB. */
  private static final int MOST_NUMBERS = 16_384;

  /** Each range is a line of the expression that finds it. */
  private static final int MOST_RANGES = 1000;

  /** So many rows of a table have names, and can be held. */
  private static final int MOST_HASHES = 500_000_000;

  static List<FieldPlan> of(RawSchema schema) {
    Set<String> outcome = LabelColumns.outcome(schema);
    Set<String> names = new HashSet<>(outcome);
    List<FieldPlan> plans = new ArrayList<>();
    Map<String, Integer> vocabularies = new HashMap<>();
    for (RawField field : schema.fields()) {
      if (!names.add(field.name()) || SplitColumns.RESERVED.contains(field.name())) {
        throw DataErrors.data(
            "FIELD_NAME",
            "The field name '"
                + field.name()
                + "' is used twice or reserved ("
                + SplitColumns.RESERVED.stream().sorted().toList()
                + "). Rename the field.");
      }
      if (!schema.tables().contains(field.table())) {
        throw DataErrors.data(
            "MISSING_TABLE",
            "The field '"
                + field.name()
                + "' is in the table "
                + field.table()
                + ", which the reader does not have.");
      }
      if (field.table() == RawTable.INTERACTIONS && outcome.contains(field.column())) {
        throw DataErrors.data(
            "LEAK",
            "The field '"
                + field.name()
                + "' reads the column '"
                + field.column()
                + "', which is not known when a prediction is made. Leave the field out.");
      }
      requireSize(field);
      requireVocabulary(field, schema);
      requireBuckets(field);
      requireWeights(field, schema);
      if (field.kind() instanceof FieldKind.Crossed crossed) {
        requireParts(field.name(), crossed.parts(), plans);
      }
      int first = vocabularies.computeIfAbsent(vocabulary(field), name -> plans.size());
      FieldPlan plan = new FieldPlan(plans.size(), field, FieldSource.home(field), first);
      plan.requireNoOtherId();
      plans.add(plan);
    }
    return plans;
  }

  private static String vocabulary(RawField field) {
    return field.vocabulary() == null ? field.name() : field.vocabulary();
  }

  /** Refuses a field that shares a vocabulary with one that has none, or one of others. */
  private static void requireVocabulary(RawField field, RawSchema schema) {
    String name = field.vocabulary();
    if (name == null) {
      return;
    }
    if (name.isBlank() || !canShare(field.kind())) {
      throw DataErrors.data(
          "VOCABULARY",
          "The field '%s' (%s) has the vocabulary '%s'. Only categorical and multi-categorical fields share one, and it has a name; leave it out."
              .formatted(field.name(), FieldKinds.name(field.kind()), name));
    }
    for (RawField other : schema.fields()) {
      boolean apart = other.vocabulary() != null || !canShare(other.kind());
      if (other.name().equals(name) && apart) {
        throw DataErrors.data(
            "VOCABULARY",
            "The field '%s' shares the vocabulary of the field '%s', which is %s. Name the vocabulary of a categorical or multi-categorical field."
                .formatted(
                    field.name(),
                    name,
                    other.vocabulary() == null
                        ? FieldKinds.name(other.kind())
                        : "one that shares '" + other.vocabulary() + "'"));
      }
    }
  }

  private static boolean canShare(FieldKind kind) {
    return kind instanceof FieldKind.Categorical || kind instanceof FieldKind.MultiCategorical;
  }

  private static void requireSize(RawField field) {
    if (field.kind() instanceof FieldKind.Vector vector
        && (vector.size() < 1 || vector.size() > MOST_NUMBERS)) {
      throw DataErrors.data(
          "VECTOR_SIZE",
          "The vectors of the field '%s' have %d numbers; a field has 1 to %d. Fix the size, or reduce the vectors."
              .formatted(field.name(), vector.size(), MOST_NUMBERS));
    }
  }

  private static void requireBuckets(RawField field) {
    @Nullable String problem = null;
    if (field.kind() instanceof FieldKind.Bucketed bucketed) {
      int count = bucketed.count();
      int bounds = bucketed.bounds().size();
      if ((count == 0) == (bounds == 0)) {
        problem = "needs either a number of buckets or bounds";
      } else if (count < 0 || count == 1 || count > MOST_RANGES || bounds >= MOST_RANGES) {
        problem = "has %d buckets; there may be 2 to %d".formatted(count + bounds, MOST_RANGES);
      } else if (!BucketBounds.isRising(bucketed.bounds())) {
        problem = "has the bounds %s, which do not rise".formatted(bucketed.bounds());
      }
    } else if (field.kind() instanceof FieldKind.Hashed hashed) {
      problem = problem(hashed.buckets());
    } else if (field.kind() instanceof FieldKind.Crossed crossed && crossed.buckets() != 0) {
      problem = problem(crossed.buckets());
    }
    if (problem != null) {
      throw DataErrors.data(
          "BUCKETS", "The field '%s' %s. Fix its buckets.".formatted(field.name(), problem));
    }
  }

  private static @Nullable String problem(int hashes) {
    return hashes < 2 || hashes > MOST_HASHES
        ? "has %d buckets; there may be 2 to %d".formatted(hashes, MOST_HASHES)
        : null;
  }

  /** Refuses weights of what is no list, and another field in their column. */
  private static void requireWeights(RawField field, RawSchema schema) {
    if (field.weights() == null) {
      return;
    }
    if (FieldForm.of(field.kind()) != FieldForm.IDS) {
      throw DataErrors.data(
          "LIST_WEIGHTS",
          "The field '%s' (%s) has the weights '%s'. Only lists have weights; leave them out."
              .formatted(field.name(), FieldKinds.name(field.kind()), field.weights()));
    }
    String column = SplitColumns.weightsOf(field.name());
    if (schema.fields().stream().anyMatch(other -> other.name().equals(column))) {
      throw DataErrors.data(
          "FIELD_NAME",
          "The field name '%s' is that of the weights of the field '%s'. Rename the field."
              .formatted(column, field.name()));
    }
  }

  private static void requireParts(String name, List<String> parts, List<FieldPlan> before) {
    List<String> able =
        before.stream()
            .map(FieldPlan::field)
            .filter(field -> FieldForm.of(field.kind()) == FieldForm.ID)
            .filter(field -> !(field.kind() instanceof FieldKind.Crossed))
            .map(RawField::name)
            .toList();
    if (parts.size() < 2
        || new HashSet<>(parts).size() < parts.size()
        || !able.containsAll(parts)) {
      throw DataErrors.data(
          "CROSS",
          "The field '%s' is a cross of %s. It needs two or more different fields of one value that come before it: %s. Fix its parts, or move it to the end."
              .formatted(name, parts, able));
    }
  }

  /** Rows to score have one column of each name: the raw id would be read as the field. */
  private void requireNoOtherId() {
    boolean isThatId =
        field.column().equals(field.name()) && (isKey() || field.table() == RawTable.INTERACTIONS);
    if (FieldSource.IDS.contains(field.name()) && !isThatId) {
      throw DataErrors.data(
          "FIELD_NAME",
          "The field name '%s' is that of the raw id in rows that are scored, and the field reads the column '%s' of the table %s. Rename the field."
              .formatted(field.name(), field.column(), field.table()));
    }
  }

  /** Returns whether the field is the key of its home table itself. */
  boolean isKey() {
    return field.kind() instanceof FieldKind.Categorical
        && ((home == RawTable.USERS && field.column().equals(RawSchema.USER))
            || (home == RawTable.ITEMS && field.column().equals(RawSchema.ITEM)));
  }

  /** Returns whether the field is made of others. */
  boolean isCrossed() {
    return field.kind() instanceof FieldKind.Crossed;
  }

  /** Returns whether the reader emits a column that is read for this field alone. */
  boolean hasColumn() {
    return !isKey() && !isCrossed();
  }

  /** Returns whether the elements of its lists have weights. */
  boolean isWeighted() {
    return field.weights() != null;
  }

  /**
   * Returns where the values come from, for encoding further rows: of fields that read one column
   * alike, rows bring that of the first that is not derived from its values.
   */
  FieldSource source(List<FieldPlan> all) {
    List<FieldPlan> alike = all.stream().filter(this::isReadAs).toList();
    FieldPlan first =
        alike.stream()
            .filter(plan -> !plan.isDerived())
            .findFirst()
            .orElse(alike.isEmpty() ? this : alike.get(0));
    boolean isOwn = first.index == index || !isToldWith(first, alike);
    String input = isOwn ? null : first.field.name();
    return new FieldSource(field.name(), home, field.column(), input);
  }

  /**
   * Returns whether some value is what is stored of this field and of the first: not of lists that
   * have other vocabularies, nor of hashes of other sizes.
   */
  private boolean isToldWith(FieldPlan first, List<FieldPlan> alike) {
    if (field.kind() instanceof FieldKind.Hashed) {
      return alike.stream()
          .map(plan -> plan.field.kind())
          .filter(FieldKind.Hashed.class::isInstance)
          .findFirst()
          .equals(Optional.of(field.kind()));
    }
    return !(field.kind() instanceof FieldKind.MultiCategorical)
        || vocabulary(field).equals(vocabulary(first.field));
  }

  /** Returns whether rows bring another field in the same form; an id has a column of its own. */
  private boolean isReadAs(FieldPlan other) {
    return hasColumn()
        && other.hasColumn()
        && !FieldSource.IDS.contains(field.column())
        && home == other.home
        && field.column().equals(other.field.column())
        && Objects.equals(field.weights(), other.field.weights())
        && FieldKinds.brought(field.kind()).equals(FieldKinds.brought(other.field.kind()));
  }

  private boolean isDerived() {
    return !FieldKinds.brought(field.kind()).equals(field.kind());
  }

  /** Returns the column of the raw value. */
  String column() {
    return "f" + index;
  }

  /** Returns the column of the encoded value. */
  String encoded() {
    return "e" + index;
  }

  /** Returns the table of the vocabulary, which fields may share. */
  String vocabulary() {
    return "v" + first;
  }

  /** Returns whether it is the first field of its vocabulary. */
  boolean isFirst() {
    return index == first;
  }

  /** Returns the table of what standardises vectors. */
  String moments() {
    return "m" + index;
  }

  /** Returns whether the field is a vector that every user or item has once. */
  boolean isVectorOfEntity() {
    return field.kind() instanceof FieldKind.Vector && home != RawTable.INTERACTIONS;
  }

  /** Returns the table that maps each list of values to its list of ids. */
  String lists() {
    return "l" + index;
  }
}
