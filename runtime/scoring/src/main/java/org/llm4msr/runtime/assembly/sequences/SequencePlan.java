package org.llm4msr.runtime.assembly.sequences;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.model.FeatureLayout;
import org.llm4msr.api.model.SequenceShape;
import org.llm4msr.runtime.assembly.fields.FieldTables;
import org.llm4msr.runtime.batch.FieldForm;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.loading.EffectiveConfig;
import org.llm4msr.runtime.config.past.SequenceConfig;
import org.llm4msr.runtime.config.past.SequenceConfig.Pooling;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.PreparedField;

/**
 * Which sequences a model has, by their names.
 *
 * @param all in the order of the names
 */
public record SequencePlan(List<SequenceField> all) {

  private static final Pattern NAME = Pattern.compile("[a-z0-9.-]+");
  private static final int UNKNOWN = -1;

  /** Of the names of their fields, which no part of the runtime gives to another. */
  public static final String PREFIX = "sequence.";

  public SequencePlan {
    all = List.copyOf(all);
  }

  /**
   * Finds the fields that sequences read.
   *
   * @param inputs tell the field of raw ids of items; null where that is not known
   * @throws MsrException {@code model/SEQUENCE_FIELD}, {@code model/SEQUENCE_TABLE}, {@code
   *     model/SEQUENCE_NAME} where the data has no such fields
   */
  public static SequencePlan of(
      ModelConfig model, List<PreparedField> fields, @Nullable SequenceInputs inputs) {
    List<SequenceField> all = new ArrayList<>();
    new TreeMap<>(model.sequences())
        .forEach((name, config) -> all.add(field(name, config, model, fields, inputs)));
    return new SequencePlan(all);
  }

  /**
   * Requires that prepared data has the fields of the sequences.
   *
   * @param model null for none
   * @throws MsrException as {@link #of}
   */
  public static void require(@Nullable ModelConfig model, Path folder, DatasetManifest manifest) {
    if (model != null && !model.sequences().isEmpty()) {
      SequenceInputs inputs = SequenceInputs.of(folder, manifest, null);
      SequencePlan unused = of(model, manifest.fields(), inputs).requireTables();
    }
  }

  static SequenceField field(
      String name,
      SequenceConfig config,
      ModelConfig model,
      List<PreparedField> fields,
      @Nullable SequenceInputs inputs) {
    List<String> names = fields.stream().map(PreparedField::name).toList();
    if (!NAME.matcher(name).matches()) {
      throw wrong("NAME", name, "has a name that is not " + NAME, "Name it otherwise");
    }
    Integer source = null;
    if (config.of() != null) {
      source = number("FIELD", name, config.of(), names);
      if (FieldForm.of(fields.get(source).kind()) != FieldForm.IDS) {
        throw wrong(
            "FIELD",
            name,
            "is of the field '%s', which is no list of ids".formatted(config.of()),
            "Name a multi-categorical field, or leave 'of' out");
      }
    }
    int table = table(name, config, fields, names, source, inputs);
    int width =
        table == UNKNOWN
            ? model.embeddingSize()
            : new FieldTables(model, fields).width(fields.get(table));
    return new SequenceField(name, config, table, source, width);
  }

  private static int table(
      String name,
      SequenceConfig config,
      List<PreparedField> fields,
      List<String> names,
      @Nullable Integer source,
      @Nullable SequenceInputs inputs) {
    if (config.table() == null && inputs == null) {
      return UNKNOWN;
    }
    String itemField = inputs == null ? null : inputs.itemField();
    String stated = config.table() != null ? config.table() : itemField;
    int named = stated == null ? UNKNOWN : number("TABLE", name, stated, names);
    int table = read(named, source, fields);
    if (table != named && config.table() != null) {
      throw wrong(
          "TABLE",
          name,
          "is of the field '%s', whose ids are not those of '%s'"
              .formatted(config.of(), config.table()),
          "Give both one vocabulary (dataset.fields[].vocabulary), or leave 'table' out");
    }
    boolean hasTarget = table == UNKNOWN || FieldForm.of(fields.get(table).kind()) == FieldForm.ID;
    if (!hasTarget && (source == null || config.pooling() == Pooling.TARGET_ATTENTION)) {
      throw wrong(
          "TABLE",
          name,
          "reads the table of '%s', of which a row has no single id".formatted(names.get(table)),
          "Name a field with one id a row in 'table', which shares the vocabulary of the list;"
              + " settings of the reader, such as sharedHistory, let the list share the item's");
    }
    return table;
  }

  /** Returns the field whose table is read: a list that shares no vocabulary reads its own. */
  private static int read(int named, @Nullable Integer source, List<PreparedField> fields) {
    if (source == null) {
      return named;
    }
    boolean shares =
        named != UNKNOWN && fields.get(named).tableName().equals(fields.get(source).tableName());
    return shares ? named : source;
  }

  /**
   * Returns the field whose ids a sequence has, by its settings; nothing where none is known.
   *
   * @param itemField the name of the field of raw ids of items; null where there is none
   */
  public static Optional<PreparedField> idsOf(
      @Nullable String of,
      @Nullable String table,
      List<PreparedField> fields,
      @Nullable String itemField) {
    List<String> names = fields.stream().map(PreparedField::name).toList();
    String stated = table == null ? itemField : table;
    int named = stated == null ? UNKNOWN : names.indexOf(stated);
    int read = read(named, of == null ? null : (Integer) names.indexOf(of), fields);
    return read == UNKNOWN ? Optional.empty() : Optional.of(fields.get(read));
  }

  private static int number(String code, String name, String field, List<String> names) {
    int number = names.indexOf(field);
    if (number < 0) {
      throw wrong(
          code,
          name,
          "names the field '%s', which the data does not have; it has %s".formatted(field, names),
          "Fix the name");
    }
    return number;
  }

  private static MsrException wrong(String code, String name, String what, String remedy) {
    return new MsrException(
        ErrorType.USER, "model/SEQUENCE_" + code, "%s %s. %s.".formatted(key(name), what, remedy));
  }

  /** Returns the full key of a sequence. */
  public static String key(String name) {
    return "model.sequences." + name;
  }

  /**
   * Requires that all tables are known.
   *
   * @throws MsrException {@code model/SEQUENCE_TABLE} where one is not
   */
  SequencePlan requireTables() {
    for (SequenceField field : all) {
      if (field.table() == UNKNOWN) {
        throw wrong(
            "TABLE",
            field.name(),
            "reads the ids of items, but no field is known to hold them",
            "Name the field in 'table'");
      }
    }
    return this;
  }

  /**
   * Returns the sequences with tables of their own, by the field that has as many values; those
   * whose field is not known are left out.
   */
  public Map<String, PreparedField> ownTables(List<PreparedField> fields) {
    Map<String, PreparedField> own = new TreeMap<>();
    for (SequenceField field : all) {
      if (field.config().ownTable() && field.table() != UNKNOWN) {
        own.put(field.name(), fields.get(field.table()));
      }
    }
    return own;
  }

  /** Returns a layout with a field at its end for each sequence, such as sequence.history. */
  public FeatureLayout addTo(FeatureLayout layout) {
    FeatureLayout all = layout;
    for (SequenceField field : this.all) {
      all = all.with(PREFIX + field.name(), FieldRole.CONTEXT, field.width());
    }
    return all;
  }

  /** Returns what models get to know of the sequences. */
  public List<SequenceShape> shapes() {
    return all.stream()
        .map(field -> new SequenceShape(field.name(), field.config().length(), field.width()))
        .toList();
  }

  /** Returns the settings that determine results as a text; empty without sequences. */
  public static String identity(ModelConfig model) {
    StringBuilder text = new StringBuilder();
    new TreeMap<>(model.sequences())
        .forEach(
            (name, config) ->
                text.append("|sequence ")
                    .append(name)
                    .append(' ')
                    .append(EffectiveConfig.identity(config)));
    return text.toString();
  }
}
