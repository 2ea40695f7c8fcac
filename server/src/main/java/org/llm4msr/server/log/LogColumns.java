package org.llm4msr.server.log;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.data.rows.ScoringColumn;

/** The columns of a part: those of the log, the ids, and those that the model reads. */
final class LogColumns {

  /** The id of the request. */
  static final String REQUEST = "served_request";

  /** When it was ranked, in milliseconds since 1970. */
  static final String TIME = "served_time";

  /** The name of the model. */
  static final String MODEL = "served_model";

  /** The model's version. */
  static final String VERSION = "served_version";

  /** The digest of the bundle. */
  static final String DIGEST = "served_digest";

  /** The number of the item in the request, from 0. */
  static final String PLACE = "served_place";

  /** What became of the item. */
  static final String STATUS = "served_status";

  /** The probability of label 1; null for an item that was not scored. */
  static final String PROBABILITY = "served_probability";

  /** Whether vectors were read that the server was given since the bundle was made. */
  static final String UPDATED = "served_updated_knowledge";

  /** The columns that the request or a source of features brought. */
  static final String BROUGHT = "served_brought";

  /** The metadata of the column of a further label: its name. */
  static final String LABEL = "llm4msr.label";

  /** The metadata of a column that only counts where it was brought. */
  static final String OPTIONAL = "llm4msr.optional";

  private static final ArrowType DOUBLE =
      new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE);

  private static final ArrowType SINGLE =
      new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);

  private static final List<Field> OWN =
      List.of(
          notNull(REQUEST, ArrowType.Utf8.INSTANCE),
          notNull(TIME, new ArrowType.Int(Long.SIZE, true)),
          notNull(MODEL, ArrowType.Utf8.INSTANCE),
          notNull(VERSION, ArrowType.Utf8.INSTANCE),
          notNull(DIGEST, ArrowType.Utf8.INSTANCE),
          Field.nullable(RawSchema.USER, ArrowType.Utf8.INSTANCE),
          Field.nullable(RawSchema.SCENARIO, ArrowType.Utf8.INSTANCE),
          notNull(PLACE, new ArrowType.Int(Integer.SIZE, true)),
          Field.nullable(RawSchema.ITEM, ArrowType.Utf8.INSTANCE),
          notNull(STATUS, ArrowType.Utf8.INSTANCE),
          Field.nullable(PROBABILITY, SINGLE),
          notNull(UPDATED, ArrowType.Bool.INSTANCE),
          list(BROUGHT, ArrowType.Utf8.INSTANCE, Map.of()));

  private static final Set<String> NAMES = Set.copyOf(OWN.stream().map(Field::getName).toList());

  private LogColumns() {}

  /** Returns the names of the columns of the log and the ids. */
  static Set<String> names() {
    return NAMES;
  }

  /** Returns the name of the column with the probability of a further label. */
  static String probability(String label) {
    return PROBABILITY + "_" + label;
  }

  /**
   * Returns the columns for a model.
   *
   * @param labels names of the further labels
   * @throws MsrException {@code log/COLUMN} if the model has a field of such a name
   */
  static Schema schema(List<ScoringColumn> columns, List<String> labels) {
    List<Field> fields = new ArrayList<>(OWN);
    Set<String> taken = new HashSet<>(NAMES);
    for (String label : labels) {
      FieldType type = new FieldType(true, SINGLE, null, Map.of(LABEL, label));
      fields.add(new Field(probability(label), type, null));
      taken.add(probability(label));
    }
    for (ScoringColumn column : columns) {
      if (taken.contains(column.name())) {
        throw new MsrException(
            ErrorType.USER,
            "log/COLUMN",
            "The model has a field '%s', and the log a column of this name. Name the field otherwise to log its requests."
                .formatted(column.name()));
      }
      fields.add(field(column));
    }
    return new Schema(fields);
  }

  private static Field field(ScoringColumn column) {
    Map<String, String> metadata =
        column.isTime() || column.isHistory() ? Map.of(OPTIONAL, "true") : Map.of();
    if (column.isVector() || column.isWeights()) {
      return list(column.name(), DOUBLE, metadata);
    }
    if (column.isList() || column.isHistory()) {
      return list(column.name(), ArrowType.Utf8.INSTANCE, metadata);
    }
    ArrowType type = column.isNumber() ? DOUBLE : ArrowType.Utf8.INSTANCE;
    return new Field(column.name(), new FieldType(true, type, null, metadata), null);
  }

  private static Field notNull(String name, ArrowType type) {
    return new Field(name, FieldType.notNullable(type), null);
  }

  private static Field list(String name, ArrowType element, Map<String, String> metadata) {
    return new Field(
        name,
        new FieldType(true, ArrowType.List.INSTANCE, null, metadata),
        List.of(Field.nullable("item", element)));
  }
}
