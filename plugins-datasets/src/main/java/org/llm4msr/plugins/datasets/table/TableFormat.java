package org.llm4msr.plugins.datasets.table;

import static java.util.stream.Collectors.joining;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.sql.Fields;
import org.llm4msr.plugins.datasets.sql.Lookup;
import org.llm4msr.plugins.datasets.sql.RawDatabase;
import org.llm4msr.plugins.datasets.sql.SqlDatasetReader;
import org.llm4msr.plugins.datasets.sql.TableInput;
import org.llm4msr.plugins.datasets.sql.WeightedList;
import org.llm4msr.toolkit.database.SqlText;

/** Described tables as queries. */
final class TableFormat {

  private final TableConfig config;
  private final RawDatabase database;
  private final TableSources sources;
  private final VectorFields vectorFields;
  private final AsOfFeatures asOf;
  private final FieldColumns fieldColumns;

  /** Numbers of the vectors of a field, by its name. */
  private final Map<String, Integer> vectorSizes = new HashMap<>();

  TableFormat(TableConfig config, DatasetContext context, RawDatabase database) {
    this.config = config;
    this.database = database;
    sources = new TableSources(config, context.folder(), database);
    vectorFields = new VectorFields(context, database);
    asOf = new AsOfFeatures(config, sources);
    config.fields().forEach(this::requireSource);
    if (config.timeFormat() != null && config.timeUnit() != TableConfig.TimeUnit.TIMESTAMP) {
      throw wrongUse("timeFormat tells how times are written, so it needs timeUnit: timestamp.");
    }
    fieldColumns = new FieldColumns(config.fields());
  }

  DatasetReader reader() {
    Map<RawTable, String> queries = new EnumMap<>(RawTable.class);
    List<RawTable> tables = tables();
    if (tables.contains(RawTable.USERS)) {
      queries.put(RawTable.USERS, entities(RawTable.USERS, RawSchema.USER));
    }
    if (tables.contains(RawTable.ITEMS)) {
      queries.put(RawTable.ITEMS, entities(RawTable.ITEMS, RawSchema.ITEM));
    }
    ScenarioAndLabel answers = new ScenarioAndLabel(config, sources);
    List<String> parts = new ArrayList<>();
    sources.interactions().forEach((part, input) -> parts.add(interactions(part, input, answers)));
    queries.put(
        RawTable.INTERACTIONS, asOf.join(String.join(" UNION ALL ", parts), this::fieldsOf));
    List<TableInput> inputs = sources.all().toList();
    List<Path> files =
        Stream.concat(
                inputs.stream().flatMap(input -> input.files().stream()), vectorFields.files())
            .distinct()
            .toList();
    RawSchema schema = schema(tables, answers.labelRule());
    SqlDatasetReader reader =
        new SqlDatasetReader(database, schema, scenarios(), files, inputs, queries)
            .lookingUp(answers.lookups());
    sources.past().ifPresent(input -> reader.knowingPast(past(input, answers)));
    sources.entities().keySet().forEach(table -> describe(reader, table));
    return reader;
  }

  /** Returns the tables that are described, or have vectors in files. */
  private List<RawTable> tables() {
    Set<RawTable> tables = EnumSet.of(RawTable.INTERACTIONS);
    tables.addAll(sources.entities().keySet());
    tables.addAll(vectorFields.tables());
    return List.copyOf(tables);
  }

  private void describe(SqlDatasetReader reader, RawTable table) {
    String column = sources.described(table).key();
    TableInput input = sources.of(table);
    reader.describing(table, input, column, input.value(column, sources.missing(table)));
  }

  private RawSchema schema(List<RawTable> tables, String labelRule) {
    Fields fields = Fields.ofInteractions();
    for (TableConfig.TableField field : config.fields()) {
      String column = field.cross().isEmpty() ? fieldColumns.of(field) : "";
      fields.add(name(field), field.table(), column, role(field), kind(field));
      String vocabulary = field.vocabulary();
      if (vocabulary != null) {
        fields.share(vocabulary(vocabulary), List.of(name(field)));
      }
      String weights = fieldColumns.weightsOf(field);
      if (weights != null) {
        fields.weigh(name(field), weights);
      }
    }
    return new RawSchema(
        tables,
        fields.list(),
        config.time() != null,
        config.partColumn() != null || !config.parts().isEmpty(),
        config.group() != null,
        texts(config.users()),
        texts(config.items()),
        labelRule,
        config.weight() != null,
        new FurtherLabels(config).names());
  }

  /** Returns the vocabulary of a name: the ids of users and items are fields of other names. */
  private String vocabulary(String name) {
    boolean isField = config.fields().stream().anyMatch(field -> name(field).equals(name));
    return isField ? name : Fields.IDS.getOrDefault(name, name);
  }

  private static List<String> texts(TableConfig.@Nullable Entities described) {
    if (described == null) {
      return List.of();
    }
    Set<String> seen = new HashSet<>();
    List<String> names = described.text().stream().map(TableFormat::textColumn).toList();
    for (String name : names) {
      if (!seen.add(name.toLowerCase(Locale.ROOT))) {
        throw wrongUse(
            "Two texts of %s are called '%s' in prompts. Leave one out, or rename its column in the files."
                .formatted(described.files(), name));
      }
    }
    return names;
  }

  private List<RawScenario> scenarios() {
    if (config.scenario() == null) {
      return List.of(
          new RawScenario(ScenarioAndLabel.ONE_SCENARIO, ScenarioAndLabel.ONE_SCENARIO, ""));
    }
    return config.scenarioNames().entrySet().stream()
        .map(entry -> new RawScenario(entry.getKey(), entry.getValue(), ""))
        .toList();
  }

  private String interactions(String part, TableInput input, ScenarioAndLabel answers) {
    List<String> missing = config.missingValues();
    String user = input.present(config.user(), missing);
    String item = input.present(config.item(), missing);
    List<String> columns = new ArrayList<>();
    columns.add(user + " AS user");
    columns.add(item + " AS item");
    columns.add(answers.scenario(input) + " AS scenario");
    columns.add(answers.label(input) + " AS label");
    if (config.time() != null) {
      TimeColumn time = new TimeColumn(config.time(), config.timeUnit(), config.timeFormat());
      columns.add(time.ofLog(input, missing) + " AS time");
    }
    if (!part.isEmpty()) {
      columns.add(SqlText.literal(part) + " AS split");
    } else if (config.partColumn() != null) {
      columns.add(part(input, config.partColumn()) + " AS split");
    }
    if (config.group() != null) {
      columns.add(
          input.value(config.group(), missing) + " AS " + SqlText.identifier(RawSchema.GROUP));
    }
    if (config.weight() != null) {
      columns.add(weight(input, config.weight()) + " AS " + RawSchema.WEIGHT);
    }
    new FurtherLabels(config).addTo(input, columns);
    asOf.addKeys(input, columns);
    addFields(RawTable.INTERACTIONS, input, columns);
    Map<RawTable, String> keys = Map.of(RawTable.USERS, user, RawTable.ITEMS, item);
    answers.require(input, keys);
    return Lookup.select(columns, input.scan(), answers.lookups(), keys, database.skipsMalformed());
  }

  /** Rows whose scenario nothing says are left out. */
  private String past(TableInput input, ScenarioAndLabel answers) {
    String user = input.present(config.user(), config.missingValues());
    String item = input.present(config.item(), config.missingValues());
    List<String> columns =
        List.of(user + " AS user", item + " AS item", answers.scenario(input) + " AS scenario");
    Map<RawTable, String> keys = Map.of(RawTable.USERS, user, RawTable.ITEMS, item);
    return Lookup.select(columns, input.scan(), answers.scenarioLookups(), keys, true);
  }

  private String part(TableInput input, String column) {
    String value = input.value(column, config.missingValues());
    String parts =
        TableSources.PARTS.stream().map(SqlText::literal).collect(joining(", ", "(", ")"));
    input.requireThat(column, value + "::VARCHAR IN " + parts, "one of " + TableSources.PARTS);
    return value;
  }

  private String weight(TableInput input, String column) {
    String number = input.number(column, config.missingValues(), ValueAdvice::ofNumber);
    // As float32, which prepared data stores, larger numbers are infinite; NaN is larger than all.
    String holds = "(%1$s IS NULL OR (%1$s >= 0 AND %1$s < 3.4e38))".formatted(number);
    input.requireThat(column, holds, "a weight of at least 0");
    return number;
  }

  private String entities(RawTable table, String key) {
    boolean isDescribed = sources.entities().containsKey(table);
    return vectorFields.join(table, key, isDescribed ? described(table, key) : null);
  }

  private String described(RawTable table, String key) {
    TableConfig.Entities described = sources.described(table);
    TableInput input = sources.of(table);
    List<String> missing = sources.missing(table);
    List<String> columns = new ArrayList<>();
    columns.add(input.present(described.key(), missing) + " AS " + SqlText.identifier(key));
    for (String text : described.text()) {
      columns.add(input.value(text, missing) + " AS " + SqlText.identifier(textColumn(text)));
    }
    addFields(table, input, columns);
    return "SELECT " + String.join(", ", columns) + " FROM " + input.scan();
  }

  /** Returns the columns that a table of values by time adds to interactions. */
  private List<String> fieldsOf(TableConfig.Features features, TableInput input) {
    List<String> columns = new ArrayList<>();
    addFields(field -> features.equals(sources.features(field)), input, columns);
    return columns;
  }

  private void addFields(RawTable table, TableInput input, List<String> columns) {
    addFields(field -> field.table() == table && sources.features(field) == null, input, columns);
  }

  private void addFields(
      Predicate<TableConfig.TableField> chosen, TableInput input, List<String> columns) {
    for (TableConfig.TableField field : config.fields()) {
      boolean isRead = field.file() == null && field.cross().isEmpty();
      if (chosen.test(field) && isRead && fieldColumns.isFirst(field)) {
        addField(field, input, columns);
      }
    }
  }

  private void addField(TableConfig.TableField field, TableInput input, List<String> columns) {
    String own = Objects.requireNonNull(field.column());
    List<String> missing = sources.missing(field);
    String column = SqlText.identifier(fieldColumns.of(field));
    WeightedList list = weighted(field, own, input, missing);
    if (list != null) {
      String weights = Objects.requireNonNull(fieldColumns.weightsOf(field));
      columns.add(list.values() + " AS " + column);
      columns.add(list.weights() + " AS " + SqlText.identifier(weights));
      return;
    }
    String value =
        switch (field.kind()) {
          case CATEGORICAL, HASHED -> input.value(own, missing);
          case MULTI_CATEGORICAL, MULTI_HASHED -> input.list(own, config.listSeparator(), missing);
          case NUMERIC, BUCKETED -> input.number(own, missing, ValueAdvice::ofNumber);
          case VECTOR -> input.vector(own, config.listSeparator(), size(field), missing);
        };
    columns.add(value + " AS " + column);
  }

  /** Returns the lists of a field whose elements have weights; null for another. */
  private @Nullable WeightedList weighted(
      TableConfig.TableField field, String column, TableInput input, List<String> missing) {
    String separator = config.listSeparator();
    if (field.weights() != null) {
      return WeightedList.of(input, column, field.weights(), separator, missing);
    }
    return field.weightMark() == null
        ? null
        : WeightedList.marked(input, column, field.weightMark(), separator, missing);
  }

  /** Refuses a field without a name or a table, and finds its file if it has one. */
  private void requireSource(TableConfig.TableField field) {
    if (field.name() == null && field.column() == null) {
      throw wrongUse("A field has neither a name nor a column.");
    }
    requireBuckets(field);
    FieldColumns.requireWeights(field);
    if (!field.cross().isEmpty()) {
      requireCross(field);
    } else if (field.file() != null) {
      if (!field.missingValues().isEmpty()) {
        throw wrongUse(
            "The field %s has a file of vectors, so it has no missingValues."
                .formatted(name(field)));
      }
      vectorFields.add(field, field.file());
    } else if (field.column() == null || field.key() != null) {
      throw wrongUse(
          "The field %s has no file, so it needs a column, and no key.".formatted(name(field)));
    } else if (field.table() != RawTable.INTERACTIONS
        && !sources.entities().containsKey(field.table())) {
      throw wrongUse(
          "The field %s is in the table %s, which is not described."
              .formatted(name(field), field.table().name().toLowerCase(Locale.ROOT)));
    }
  }

  private static void requireCross(TableConfig.TableField field) {
    boolean isOther =
        field.column() != null
            || field.file() != null
            || field.key() != null
            || field.table() != RawTable.INTERACTIONS
            || !field.missingValues().isEmpty();
    if (isOther || field.name() == null) {
      throw wrongUse(
          "The field %s is a cross, so it needs a name and has no column, file, key, table or missingValues."
              .formatted(name(field)));
    }
  }

  private static void requireBuckets(TableConfig.TableField field) {
    boolean bounds = !field.bounds().isEmpty();
    boolean isRight =
        switch (field.kind()) {
          case BUCKETED -> bounds == (field.buckets() == null) && field.cross().isEmpty();
          case HASHED, MULTI_HASHED ->
              !bounds && field.buckets() != null && field.cross().isEmpty();
          case CATEGORICAL -> !bounds && (field.buckets() == null || !field.cross().isEmpty());
          default -> !bounds && field.buckets() == null && field.cross().isEmpty();
        };
    if (!isRight) {
      throw wrongUse(
          "The field %s needs buckets or bounds if its kind is bucketed, and buckets if it is hashed or multi-hashed. Other kinds have neither; a cross has no kind, and may have buckets."
              .formatted(name(field)));
    }
  }

  /** Prompts mention the name of a text, which is kept unless the key or a field has it. */
  private static String textColumn(String column) {
    boolean isTaken =
        column.equalsIgnoreCase(RawSchema.USER)
            || column.equalsIgnoreCase(RawSchema.ITEM)
            || column.toLowerCase(Locale.ROOT).startsWith(FieldColumns.FIELD);
    return isTaken ? "text_" + column : column;
  }

  static String name(TableConfig.TableField field) {
    return Objects.requireNonNull(field.name() == null ? field.column() : field.name());
  }

  private FieldRole role(TableConfig.TableField field) {
    if (field.role() != null) {
      return field.role();
    }
    TableConfig.Features features = sources.features(field);
    if (features != null) {
      return asOf.role(features);
    }
    return switch (field.table()) {
      case INTERACTIONS -> FieldRole.CONTEXT;
      case USERS -> FieldRole.USER;
      case ITEMS -> FieldRole.ITEM;
    };
  }

  private FieldKind kind(TableConfig.TableField field) {
    if (!field.cross().isEmpty()) {
      return new FieldKind.Crossed(field.cross(), buckets(field));
    }
    return switch (field.kind()) {
      case CATEGORICAL -> new FieldKind.Categorical();
      case MULTI_CATEGORICAL -> new FieldKind.MultiCategorical();
      case NUMERIC -> new FieldKind.Numeric();
      case VECTOR -> new FieldKind.Vector(size(field));
      case BUCKETED -> new FieldKind.Bucketed(buckets(field), field.bounds());
      case HASHED -> new FieldKind.Hashed(buckets(field), false);
      case MULTI_HASHED -> new FieldKind.Hashed(buckets(field), true);
    };
  }

  private static int buckets(TableConfig.TableField field) {
    return field.buckets() == null ? 0 : field.buckets();
  }

  private int size(TableConfig.TableField field) {
    return vectorSizes.computeIfAbsent(
        name(field), name -> vectorFields.size(field).orElseGet(() -> firstSize(field)));
  }

  /** All vectors of a column have the size of the first. */
  private int firstSize(TableConfig.TableField field) {
    String column = Objects.requireNonNull(field.column());
    List<String> missing = sources.missing(field);
    return sources.inputs(field).stream()
        .map(input -> input.vectorSize(column, config.listSeparator(), missing))
        .flatMapToInt(OptionalInt::stream)
        .findFirst()
        .orElseThrow(
            () ->
                wrongUse(
                    "The column %s of the field %s has no vector.".formatted(column, name(field))));
  }

  static MsrException wrongUse(String message) {
    return new MsrException(
        ErrorType.USER, "data/TABLE_CONFIG", message + " Fix the section dataset.");
  }
}
