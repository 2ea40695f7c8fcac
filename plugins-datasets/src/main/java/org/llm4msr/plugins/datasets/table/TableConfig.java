package org.llm4msr.plugins.datasets.table;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.data.LogFiles;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.api.internal.Records;

/** A description of a user's own tables. Files are relative to the folder of the data set. */
public record TableConfig(
    @Setting(
            value =
                "Files of the interactions, or folders of them, or patterns such as part-*.parquet;"
                    + " or parts",
            defaultValue = "[]")
        List<String> files,
    @Setting(
            value = "Files of the interactions by part, with the keys train, validation and test",
            defaultValue = "{}")
        Map<String, List<String>> parts,
    @Setting(value = "Format of all files; auto goes by the end of the name", defaultValue = "auto")
        Format format,
    @Setting(value = "CSV: separator of values; \\t for a tab", defaultValue = "','")
        @Size(min = 1, max = 4)
        String delimiter,
    @Setting(value = "CSV: quote character; '' for none", defaultValue = "'\"'") @Size(max = 1)
        String quote,
    @Setting(value = "Separator of the values of a list in one column", defaultValue = "'|'")
        @Size(min = 1)
        String listSeparator,
    @Setting(
            value = "CSV: what stands before the fraction of a number, a point or a comma",
            defaultValue = "'.'",
            before = ".")
        @Pattern(regexp = "[.,]", message = "must be . or ,")
        String decimalSeparator,
    @Setting(
            value = "Cells of all files that have no value, as empty ones: [Unknown, NULL]",
            defaultValue = "[]",
            before = "[]")
        List<String> missingValues,
    @Setting(value = "Column of the user", defaultValue = "user") String user,
    @Setting(value = "Column of the item", defaultValue = "item") String item,
    @Setting("Column of the scenario; without it there is one scenario, all")
        @Nullable String scenario,
    @Setting(value = "The table of the scenario's column, by default interactions", before = "null")
        @Nullable RawTable scenarioTable,
    @Setting(
            value =
                "Column of the label, 0 or 1 unless positiveAbove is set; '' where all rows are"
                    + " positives",
            defaultValue = "label")
        String label,
    @Setting(value = "The table of the label's column, by default interactions", before = "null")
        @Nullable RawTable labelTable,
    @Setting("The label is 1 where its column is above this, for ratings")
        @Nullable Double positiveAbove,
    @Setting("Column of the time") @Nullable String time,
    @Setting(
            value = "Unit of the time: seconds or milliseconds since 1970, or timestamp",
            defaultValue = "seconds")
        TimeUnit timeUnit,
    @Setting(
            value =
                "How times of the interactions are written where timeUnit is timestamp, such as"
                    + " '%d.%m.%Y %H:%M'; by default as 2024-03-01 10:00:00",
            before = "null")
        @Nullable String timeFormat,
    @Setting("Column that says train, validation or test") @Nullable String partColumn,
    @Setting(
            value = "Column of what was shown together: an impression, a session, a request",
            before = "null")
        @Nullable String group,
    @Setting(
            value = "Column of how much a row counts in the loss, at least 0; a missing one is 1",
            before = "null")
        @Nullable String weight,
    @Setting(
            value = "Features besides user, item and scenario, in the order models see them",
            defaultValue = "[]")
        List<@Valid TableField> fields,
    @Setting("A table with one row per user") @Valid @Nullable Entities users,
    @Setting("A table with one row per item") @Valid @Nullable Entities items,
    @Setting(
            value =
                "Names of the scenarios by key, in the order of their ranks; others are then left out",
            defaultValue = "{}")
        Map<String, String> scenarioNames,
    @Setting(
            value =
                "Tables of values that change with time; an interaction gets those of its key's last"
                    + " row that is not later than itself",
            defaultValue = "[]",
            before = "[]")
        List<@Valid Features> features,
    @Setting(
            value =
                "Files of what users had chosen before their first interaction, in its columns of"
                    + " user, item and scenario, each user's oldest first; prompts tell it",
            defaultValue = "[]",
            before = "[]")
        List<String> past,
    @Setting(
            value = "Further labels, which a model may learn beside the label",
            defaultValue = "[]",
            before = "[]")
        List<@Valid Label> labels)
    implements LogFiles {

  @Override
  public Map<String, List<String>> logFiles(Path folder) {
    Map<String, List<String>> log = new LinkedHashMap<>();
    (files.isEmpty() ? parts : Map.of("", files))
        .forEach(
            (part, names) ->
                log.put(part, names.stream().flatMap(name -> each(folder, name)).toList()));
    return log;
  }

  /** A name of another place than this machine stays as it is. */
  private static Stream<String> each(Path folder, String name) {
    return name.contains("://") || !NamedFiles.isOfSeveral(folder, name)
        ? Stream.of(name)
        : NamedFiles.of(folder, name).stream().map(Path::toString);
  }

  @Override
  public boolean hasLines(String file) {
    return format.of(file) == Format.CSV && !file.endsWith(".zst");
  }

  @Override
  public Record withLogFiles(Map<String, List<String>> log) {
    List<String> undivided = log.getOrDefault("", List.of());
    return Records.with(
        Records.with(this, "files", undivided), "parts", undivided.isEmpty() ? log : Map.of());
  }

  /** A further label. */
  public record Label(
      @Setting("Its name, of lower-case letters, digits and underscores") String name,
      @Setting(
              "Its column of the interactions, by default its name: 0 or 1 unless positiveAbove is"
                  + " set; where it is empty the label is not known")
          @Nullable String column,
      @Setting("The label is 1 where its column is above this") @Nullable Double positiveAbove) {}

  /** The format of files. */
  public enum Format {
    /**
     * By the end of the name: .parquet, .arrow, .feather and .arrows, or .jsonl, .ndjson and .json,
     * else CSV.
     */
    AUTO,
    /** Delimited text with a header, possibly compressed. */
    CSV,
    /** One object of JSON in each line, possibly compressed. */
    JSON,
    /** Parquet. */
    PARQUET,
    /** Arrow IPC, file or stream. */
    ARROW;

    /** Returns the format of a file. */
    Format of(String file) {
      if (this != AUTO) {
        return this;
      }
      String name = file.toLowerCase(Locale.ROOT);
      if (name.endsWith(".parquet")) {
        return PARQUET;
      }
      String plain = name.replaceFirst("\\.(gz|zst)$", "");
      if (List.of(".jsonl", ".ndjson", ".json").stream().anyMatch(plain::endsWith)) {
        return JSON;
      }
      boolean arrow =
          name.endsWith(".arrow") || name.endsWith(".arrows") || name.endsWith(".feather");
      return arrow ? ARROW : CSV;
    }
  }

  /** The unit of times. */
  public enum TimeUnit {
    /** Seconds since 1970. */
    SECONDS,
    /** Milliseconds since 1970. */
    MILLISECONDS,
    /** A date and time in UTC, such as 2023-05-22 15:53:20. */
    TIMESTAMP
  }

  /** A table of users or items. */
  public record Entities(
      @Setting("Files of the table") @Size(min = 1) List<String> files,
      @Setting("Column of the user or item") String key,
      @Setting(value = "Columns that describe it in words", defaultValue = "[]") List<String> text,
      @Setting(
              value = "Cells of its files that have no value either",
              defaultValue = "[]",
              before = "[]")
          List<String> missingValues) {}

  /** A table of values by key and time, whose columns the interactions have as of their time. */
  public record Features(
      @Setting("Files of the table") @Size(min = 1) List<String> files,
      @Setting("Columns of the key") @Size(min = 1) List<String> key,
      @Setting(
              value = "Columns of the interactions that hold the key; [] if they are called alike",
              defaultValue = "[]")
          List<String> on,
      @Setting("Column of the time from which a row is valid") String time,
      @Setting("Unit of that time; by default timeUnit of the interactions")
          @Nullable TimeUnit timeUnit,
      @Setting("Columns that fields of the interactions may name") @Size(min = 1)
          List<String> columns,
      @Setting(value = "Cells of its files that have no value either", defaultValue = "[]")
          List<String> missingValues) {}

  /** One feature. */
  public record TableField(
      @Setting("Its column; needed without a file or a cross") @Nullable String column,
      @Setting("Its name; by default that of the column") @Nullable String name,
      @Setting(value = "The table of the column", defaultValue = "interactions") RawTable table,
      @Setting("What it describes; by default what its table is about") @Nullable FieldRole role,
      @Setting(value = "How its values become numbers", defaultValue = "categorical") Kind kind,
      @Setting(
              value =
                  "Of users and items, a file of their vectors by id: .npy, .safetensors, .arrow,"
                      + " .feather, .parquet, .csv or .tsv, also .gz; column is then the column or"
                      + " array of vectors in it, by default the only one",
              before = "null")
          @Nullable String file,
      @Setting(
              value =
                  "Column of the ids in file, by default the first; in safetensors, an int64 array,"
                      + " by default the lines of .keys.txt",
              before = "null")
          @Nullable String key,
      @Setting(
              value = "Cells of its column that have no value either",
              defaultValue = "[]",
              before = "[]")
          List<String> missingValues,
      @Setting(
              value =
                  "Name of a vocabulary and table of vectors that several fields share: any, that"
                      + " of another field, or user or item for those of the ids; by default the"
                      + " field has its own",
              before = "null")
          @Nullable String vocabulary,
      @Setting(
              value =
                  "Of bucketed and hashed fields, how many ids there are; of crosses, how many hashes"
                      + " in place of a vocabulary",
              before = "null")
          @Nullable
          @Min(2)
          Integer buckets,
      @Setting(
              value =
                  "Of bucketed fields, bounds in place of buckets: [18, 25] makes up to 18, 18 to"
                      + " 25, and over 25",
              defaultValue = "[]",
              before = "[]")
          List<Double> bounds,
      @Setting(
              value =
                  "In place of a column, names of fields of one value that come before, also"
                      + " user_id, item_id and scenario: what a row has in them is one value",
              defaultValue = "[]",
              before = "[]")
          List<String> cross,
      @Setting(
              value =
                  "Of lists, the column with the weights of their elements: as many numbers, or a"
                      + " text that listSeparator divides; a missing one is 1",
              before = "null")
          @Nullable String weights,
      @Setting(
              value =
                  "Of lists, what stands between an element and its weight, as in tag:0.5|other:2",
              before = "null")
          @Size(min = 1)
          @Nullable String weightMark) {

    /** Makes a field of values, numbers or a vector, with a vocabulary of its own. */
    public TableField(
        @Nullable String column,
        @Nullable String name,
        RawTable table,
        @Nullable FieldRole role,
        Kind kind,
        @Nullable String file,
        @Nullable String key,
        List<String> missingValues) {
      this(
          column,
          name,
          table,
          role,
          kind,
          file,
          key,
          missingValues,
          null,
          null,
          List.of(),
          List.of(),
          null,
          null);
    }
  }

  /** How to turn values into numbers. */
  public enum Kind {
    /** One value, looked up. */
    CATEGORICAL,
    /** A list of values, or a text that listSeparator divides. */
    MULTI_CATEGORICAL,
    /** A number. */
    NUMERIC,
    /** A list of numbers, such as another model's embedding; as many in each row. */
    VECTOR,
    /**
     * A number, looked up by its range: one of buckets with as many training rows, or of bounds.
     */
    BUCKETED,
    /** One value, looked up by the hash of its text. */
    HASHED,
    /** A list of values, or a text that listSeparator divides, each looked up by its hash. */
    MULTI_HASHED
  }
}
