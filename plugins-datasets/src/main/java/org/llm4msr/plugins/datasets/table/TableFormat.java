package org.llm4msr.plugins.datasets.table;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
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
import org.llm4msr.plugins.datasets.input.Dialect;
import org.llm4msr.plugins.datasets.sql.ColumnarTable;
import org.llm4msr.plugins.datasets.sql.CsvTable;
import org.llm4msr.plugins.datasets.sql.Fields;
import org.llm4msr.plugins.datasets.sql.RawDatabase;
import org.llm4msr.plugins.datasets.sql.Sql;
import org.llm4msr.plugins.datasets.sql.SqlDatasetReader;
import org.llm4msr.plugins.datasets.sql.TableInput;
import org.llm4msr.toolkit.database.SqlText;

/** Described tables as queries. */
final class TableFormat {

  private static final List<String> PARTS = List.of("train", "validation", "test");
  private static final String ONE_SCENARIO = "all";

  /** What begins the names of columns of fields. */
  static final String FIELD = "field_";

  /** Neither missing nor an empty text, nor what pandas writes for a missing number. */
  private static final String PRESENT =
      "%1$s::VARCHAR <> '' AND (typeof(%1$s) NOT IN ('FLOAT', 'DOUBLE') OR %1$s::VARCHAR <> 'nan')";

  private final TableConfig config;
  private final Path folder;
  private final RawDatabase database;
  private final Dialect dialect;

  /** Interactions by part; one entry with an empty key if the files are not divided. */
  private final Map<String, TableInput> interactions = new LinkedHashMap<>();

  private final Map<RawTable, TableInput> entities = new EnumMap<>(RawTable.class);

  private final VectorFields vectorFields;

  /** Numbers of the vectors of a field, by its name. */
  private final Map<String, Integer> vectorSizes = new HashMap<>();

  TableFormat(TableConfig config, DatasetContext context, RawDatabase database) {
    this.config = config;
    folder = context.folder();
    this.database = database;
    vectorFields = new VectorFields(context, database);
    String delimiter = config.delimiter().replace("\\t", "\t");
    dialect = new Dialect(delimiter, config.quote(), true, UTF_8);
    if (config.files().isEmpty() == config.parts().isEmpty()) {
      throw wrongUse("Set either files or parts of the reader table.");
    }
    if (!config.files().isEmpty()) {
      interactions.put("", input(config.files()));
    }
    config.parts().forEach((part, files) -> interactions.put(requirePart(part), input(files)));
    open(RawTable.USERS, config.users());
    open(RawTable.ITEMS, config.items());
    config.fields().forEach(this::requireSource);
  }

  DatasetReader reader() {
    Map<RawTable, String> queries = new EnumMap<>(RawTable.class);
    List<String> parts = new ArrayList<>();
    interactions.forEach((part, input) -> parts.add(interactions(part, input)));
    queries.put(RawTable.INTERACTIONS, String.join(" UNION ALL ", parts));
    List<RawTable> tables = tables();
    if (tables.contains(RawTable.USERS)) {
      queries.put(RawTable.USERS, entities(RawTable.USERS, RawSchema.USER, config.users()));
    }
    if (tables.contains(RawTable.ITEMS)) {
      queries.put(RawTable.ITEMS, entities(RawTable.ITEMS, RawSchema.ITEM, config.items()));
    }
    List<TableInput> inputs =
        Stream.concat(interactions.values().stream(), entities.values().stream()).toList();
    List<Path> sources =
        Stream.concat(
                inputs.stream().flatMap(input -> input.files().stream()), vectorFields.files())
            .distinct()
            .toList();
    SqlDatasetReader reader =
        new SqlDatasetReader(database, schema(tables), scenarios(), sources, inputs, queries);
    describe(reader, RawTable.USERS, config.users());
    describe(reader, RawTable.ITEMS, config.items());
    return reader;
  }

  /** Returns the tables that are described, or have vectors in files. */
  private List<RawTable> tables() {
    Set<RawTable> tables = EnumSet.of(RawTable.INTERACTIONS);
    tables.addAll(entities.keySet());
    tables.addAll(vectorFields.tables());
    return List.copyOf(tables);
  }

  private void open(RawTable table, TableConfig.@Nullable Entities described) {
    if (described != null) {
      entities.put(table, input(described.files()));
    }
  }

  private void describe(
      SqlDatasetReader reader, RawTable table, TableConfig.@Nullable Entities described) {
    if (described != null) {
      TableInput input = Optional.ofNullable(entities.get(table)).orElseThrow();
      reader.describing(table, input, described.key(), SqlText.identifier(described.key()));
    }
  }

  private TableInput input(List<String> names) {
    List<Path> files = new ArrayList<>();
    for (String name : names) {
      Path file = folder.resolve(name);
      if (!Files.isRegularFile(file)) {
        throw new MsrException(
            ErrorType.DATA,
            "data/MISSING_FILE",
            "There is no file " + file + ". Files of a table are relative to dataset.path.");
      }
      files.add(file);
    }
    if (files.isEmpty()) {
      throw wrongUse("A table, or a part of one, names no file.");
    }
    TableConfig.Format format = config.format();
    return switch (format == TableConfig.Format.AUTO ? byName(files.get(0)) : format) {
      case PARQUET -> ColumnarTable.parquet(database, files);
      case ARROW -> ColumnarTable.arrow(database, files);
      default -> CsvTable.open(database, files, dialect);
    };
  }

  private static TableConfig.Format byName(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    if (name.endsWith(".parquet")) {
      return TableConfig.Format.PARQUET;
    }
    boolean arrow =
        name.endsWith(".arrow") || name.endsWith(".arrows") || name.endsWith(".feather");
    return arrow ? TableConfig.Format.ARROW : TableConfig.Format.CSV;
  }

  private static String requirePart(String part) {
    if (!PARTS.contains(part)) {
      throw wrongUse(
          "A part of the interactions is '" + part + "'; the keys of parts are " + PARTS + ".");
    }
    return part;
  }

  private RawSchema schema(List<RawTable> tables) {
    Fields fields = Fields.ofInteractions();
    for (TableConfig.TableField field : config.fields()) {
      fields.add(name(field), field.table(), column(field), role(field), kind(field));
    }
    String rule =
        config.positiveAbove() == null
            ? config.label()
            : config.label() + " > " + config.positiveAbove();
    return new RawSchema(
        tables,
        fields.list(),
        config.time() != null,
        config.partColumn() != null || !config.parts().isEmpty(),
        config.group() != null,
        texts(config.users()),
        texts(config.items()),
        rule);
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
      return List.of(new RawScenario(ONE_SCENARIO, ONE_SCENARIO, ""));
    }
    return config.scenarioNames().entrySet().stream()
        .map(entry -> new RawScenario(entry.getKey(), entry.getValue(), ""))
        .toList();
  }

  private String interactions(String part, TableInput input) {
    List<String> columns = new ArrayList<>();
    columns.add(input.value(config.user()) + " AS user");
    columns.add(input.value(config.item()) + " AS item");
    input.requireThat(config.user(), PRESENT, "a value");
    input.requireThat(config.item(), PRESENT, "a value");
    if (config.scenario() != null) {
      input.requireThat(config.scenario(), PRESENT, "a value");
    }
    columns.add(
        (config.scenario() == null ? SqlText.literal(ONE_SCENARIO) : input.value(config.scenario()))
            + " AS scenario");
    String label = input.value(config.label(), "DOUBLE");
    columns.add(
        (config.positiveAbove() == null ? label : Sql.above(label, config.positiveAbove()))
            + " AS label");
    if (config.positiveAbove() == null) {
      input.requireThat(config.label(), "%s IN (0, 1)", "0 or 1");
    } else {
      input.requireThat(config.label(), "isfinite(%s)", "a number");
    }
    if (config.time() != null) {
      columns.add(time(input, config.time()) + " AS time");
    }
    if (!part.isEmpty()) {
      columns.add(SqlText.literal(part) + " AS split");
    } else if (config.partColumn() != null) {
      columns.add(input.value(config.partColumn()) + " AS split");
      String parts = PARTS.stream().map(SqlText::literal).collect(joining(", ", "(", ")"));
      input.requireThat(config.partColumn(), "%s::VARCHAR IN " + parts, "one of " + PARTS);
    }
    if (config.group() != null) {
      columns.add(input.value(config.group()) + " AS " + SqlText.identifier(RawSchema.GROUP));
    }
    addFields(RawTable.INTERACTIONS, input, columns);
    return "SELECT " + String.join(", ", columns) + " FROM " + input.scan();
  }

  private String time(TableInput input, String column) {
    if (config.timeUnit() == TableConfig.TimeUnit.TIMESTAMP) {
      String instant = input.value(column, "TIMESTAMPTZ");
      input.requireThat(column, "%1$s IS NOT NULL AND isfinite(%1$s)", "a time");
      return "epoch_ms(" + instant + ")";
    }
    boolean seconds = config.timeUnit() == TableConfig.TimeUnit.SECONDS;
    String unit = seconds ? "seconds" : "milliseconds";
    String number = input.value(column, "DOUBLE");
    input.requireThat(
        column,
        "abs(%s) < " + (seconds ? "7258118400" : "7258118400000"),
        "a time before 2200 in " + unit + " since 1970 (dataset.timeUnit)");
    return seconds ? "(" + number + " * 1000)::BIGINT" : number + "::BIGINT";
  }

  private String entities(RawTable table, String key, TableConfig.@Nullable Entities described) {
    return vectorFields.join(
        table, key, described == null ? null : described(table, key, described));
  }

  private String described(RawTable table, String key, TableConfig.Entities described) {
    TableInput input = Optional.ofNullable(entities.get(table)).orElseThrow();
    List<String> columns = new ArrayList<>();
    columns.add(input.value(described.key()) + " AS " + SqlText.identifier(key));
    input.requireThat(described.key(), PRESENT, "a value");
    for (String text : described.text()) {
      columns.add(input.value(text) + " AS " + SqlText.identifier(textColumn(text)));
    }
    addFields(table, input, columns);
    return "SELECT " + String.join(", ", columns) + " FROM " + input.scan();
  }

  private void addFields(RawTable table, TableInput input, List<String> columns) {
    for (TableConfig.TableField field : config.fields()) {
      if (field.table() == table && field.file() == null) {
        String own = Objects.requireNonNull(field.column());
        String value =
            switch (field.kind()) {
              case CATEGORICAL -> input.value(own);
              case MULTI_CATEGORICAL -> input.list(own, config.listSeparator());
              case NUMERIC -> input.value(own, "DOUBLE");
              case VECTOR -> input.vector(own, config.listSeparator(), size(field));
            };
        columns.add(value + " AS " + SqlText.identifier(column(field)));
      }
    }
  }

  /** Refuses a field without a name or a table, and finds its file if it has one. */
  private void requireSource(TableConfig.TableField field) {
    if (field.name() == null && field.column() == null) {
      throw wrongUse("A field has neither a name nor a column.");
    }
    if (field.file() != null) {
      vectorFields.add(field, field.file());
    } else if (field.column() == null || field.key() != null) {
      throw wrongUse(
          "The field %s has no file, so it needs a column, and no key.".formatted(name(field)));
    } else if (field.table() != RawTable.INTERACTIONS && !entities.containsKey(field.table())) {
      throw wrongUse(
          "The field %s is in the table %s, which is not described."
              .formatted(name(field), field.table().name().toLowerCase(Locale.ROOT)));
    }
  }

  /** Columns of fields get new names: the user's may be called 'time'. */
  static String column(TableConfig.TableField field) {
    return FIELD + name(field);
  }

  /** Prompts mention the name of a text, which is kept unless the key or a field has it. */
  private static String textColumn(String column) {
    boolean isTaken =
        column.equalsIgnoreCase(RawSchema.USER)
            || column.equalsIgnoreCase(RawSchema.ITEM)
            || column.toLowerCase(Locale.ROOT).startsWith(FIELD);
    return isTaken ? "text_" + column : column;
  }

  static String name(TableConfig.TableField field) {
    return Objects.requireNonNull(field.name() == null ? field.column() : field.name());
  }

  private static FieldRole role(TableConfig.TableField field) {
    if (field.role() != null) {
      return field.role();
    }
    return switch (field.table()) {
      case INTERACTIONS -> FieldRole.CONTEXT;
      case USERS -> FieldRole.USER;
      case ITEMS -> FieldRole.ITEM;
    };
  }

  private FieldKind kind(TableConfig.TableField field) {
    return switch (field.kind()) {
      case CATEGORICAL -> new FieldKind.Categorical();
      case MULTI_CATEGORICAL -> new FieldKind.MultiCategorical();
      case NUMERIC -> new FieldKind.Numeric();
      case VECTOR -> new FieldKind.Vector(size(field));
    };
  }

  private int size(TableConfig.TableField field) {
    return vectorSizes.computeIfAbsent(
        name(field), name -> vectorFields.size(field).orElseGet(() -> firstSize(field)));
  }

  /** All vectors of a column have the size of the first. */
  private int firstSize(TableConfig.TableField field) {
    String column = Objects.requireNonNull(field.column());
    Collection<TableInput> inputs =
        field.table() == RawTable.INTERACTIONS
            ? interactions.values()
            : Optional.ofNullable(entities.get(field.table())).stream().toList();
    return inputs.stream()
        .map(input -> input.vectorSize(column, config.listSeparator()))
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
