package org.llm4msr.plugins.datasets.table;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.Rows;
import org.llm4msr.plugins.datasets.table.TableConfig.Kind;
import org.llm4msr.plugins.datasets.table.TableConfig.TimeUnit;

/** Files of which one setting says too little: the error tells which. */
class TableAdviceTest extends TableFiles {

  private static final String FIX = "Fix or remove the row.";

  /** Writes a log whose last column has some values. */
  private Path log(String column, String... values) throws IOException {
    List<String> lines = new ArrayList<>();
    boolean isLabel = column.equals("label");
    lines.add("user,item," + (isLabel ? "label" : "label," + column));
    for (String value : values) {
      lines.add("u,i," + (isLabel ? value : "1," + value));
    }
    return Files.write(folder.resolve("log.csv"), lines);
  }

  private List<Map<String, String>> rows(Object... settings) throws IOException {
    try (DatasetReader reader = reader(TableSettings.of("log.csv", settings))) {
      return Rows.of(reader, RawTable.INTERACTIONS);
    }
  }

  private void fails(String end, Object... settings) {
    assertThatThrownBy(() -> rows(settings))
        .hasMessageStartingWith("[data/MALFORMED_ROW] " + folder.resolve("log.csv") + ", line ")
        .hasMessageEndingWith(end);
  }

  @Test
  void ratingsAreToldFromLabels() throws IOException {
    log("label", "1", "2", "3", "4", "5", "3");
    fails(
        "column 'label' has '2', which is not 0 or 1. Its first values are 1, 2, 3, 4, 5: if they"
            + " are ratings, set dataset.positiveAbove to the largest that is no positive.");
    String[] many = new String[30];
    for (int i = 0; i < many.length; i++) {
      many[i] = (1 + i) / 2.0 + "";
    }
    log("label", many);
    fails(
        "Its first values are 0.5 to 15: if they are ratings, set dataset.positiveAbove to the"
            + " largest that is no positive.");
    assertThat(rows("positiveAbove", 14.0))
        .filteredOn(row -> row.get("label").equals("1"))
        .hasSize(2);
    log("label", "1", "-1", "-1", "1");
    fails("Its first values are -1 and 1: set dataset.positiveAbove to 0.");
  }

  @Test
  void oneWrongLabelAmongOthersIsTheRowsFault() throws IOException {
    log("label", "1", "0", "2", "1");
    fails("column 'label' has '2', which is not 0 or 1. " + FIX);
    log("label", "1", "0", "maybe", "1");
    fails("column 'label' has 'maybe', which is not a number. " + FIX);
    log("label", "yes", "no", "yes");
    fails("has 'yes', which is not a number. A label is 0 or 1, or true or false.");
  }

  @Test
  void trueAndFalseAreReadAsNumbersAsInTypedFiles() throws IOException {
    Files.writeString(
        folder.resolve("log.csv"), "user,item,label,paid\nu,i,True,false\nu,j,FALSE,TRUE\n");

    assertThat(rows("fields", List.of(field("paid", Kind.NUMERIC))))
        .extracting(row -> row.get("label") + " " + row.get("field_paid"))
        .containsExactly("1.0 0.0", "0.0 1.0");
  }

  @Test
  void decimalCommasAreToldAndRead() throws IOException {
    Files.writeString(
        folder.resolve("log.csv"), "user;item;label;price\nu;i;1;4,5\nu;j;0;-12\nu;k;0;\n");
    Object[] settings = {"delimiter", ";", "fields", List.of(field("price", Kind.NUMERIC))};
    fails(
        "line 2: column 'price' has '4,5', which is not a number. Its numbers have a decimal comma:"
            + " set dataset.decimalSeparator to ','.",
        settings);

    Object[] comma = {
      "delimiter", ";", "fields", List.of(field("price", Kind.NUMERIC)), "decimalSeparator", ","
    };
    assertThat(rows(comma))
        .extracting(row -> row.get("field_price"))
        .containsExactly("4.5", "-12.0", "null");
    Files.writeString(folder.resolve("log.csv"), "user;item;label;price\nu;i;1;1.234\n");
    fails("column 'price' has '1.234', which is not a number. " + FIX, comma);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "SECONDS | 2024-03-01 10:00:00 | Its first values are dates: set dataset.timeUnit to"
            + " timestamp.",
        "SECONDS | 2024-03-01T10:00:00Z | Its first values are dates: set dataset.timeUnit to"
            + " timestamp.",
        "SECONDS | 13.03.2024 | Its first values are dates: set dataset.timeUnit to timestamp, and"
            + " dataset.timeFormat to '%d.%m.%Y'.",
        "SECONDS | 1709287200000 | Its first values seem to be in milliseconds: set"
            + " dataset.timeUnit to milliseconds.",
        "SECONDS | 1709287200000000 | Its first values seem to be in microseconds: divide them by"
            + " 1,000,000, into seconds.",
        "MILLISECONDS | 1709287200 | Its first values seem to be in seconds: set dataset.timeUnit"
            + " to seconds.",
        "MILLISECONDS | 1709287200.5 | Its first values seem to be in seconds: set dataset.timeUnit"
            + " to seconds.",
        "TIMESTAMP | 1709287200 | Its first values seem to be in seconds: set dataset.timeUnit to"
            + " seconds.",
        "TIMESTAMP | 01.03.2024 10:00 | Its first values are dates: set dataset.timeFormat to"
            + " '%d.%m.%Y %H:%M'.",
        "TIMESTAMP | 3/14/2024 10:00 PM | Its first values are dates: set dataset.timeFormat to"
            + " '%m/%d/%Y %I:%M %p'.",
        "TIMESTAMP | 14/3/2024 10:00:30 | Its first values are dates: set dataset.timeFormat to"
            + " '%d/%m/%Y %H:%M:%S'.",
        "TIMESTAMP | 3/4/2024 | Its first values are dates: set dataset.timeFormat to '%d/%m/%Y' or"
            + " '%m/%d/%Y'.",
        "TIMESTAMP | last Monday | Times are written as 2024-03-01 10:00:00, or as"
            + " dataset.timeFormat says.",
        "SECONDS | last Monday | Fix or remove the row."
      })
  void theUnitAndFormOfTimesAreTold(TimeUnit unit, String time, String advice) throws IOException {
    log("at", time, time);
    fails(advice, "time", "at", "timeUnit", unit);
  }

  @ParameterizedTest
  @CsvSource({
    "%d.%m.%Y %H:%M, 01.03.2024 22:00",
    "%m/%d/%Y %I:%M %p, 3/1/2024 10:00 PM",
    "%Y%m%dT%H%M%z, 20240302T0000+02"
  })
  void timesAreReadInTheFormThatIsSet(String format, String time) throws IOException {
    log("at", time);
    long expected = Instant.parse("2024-03-01T22:00:00Z").toEpochMilli();

    assertThat(rows("time", "at", "timeUnit", TimeUnit.TIMESTAMP, "timeFormat", format))
        .extracting(row -> row.get("time"))
        .containsExactly(Long.toString(expected));
  }

  @Test
  void aFormNeedsTextsAsTimes() throws IOException {
    log("at", "5");
    assertThatThrownBy(() -> rows("time", "at", "timeFormat", "%Y"))
        .hasMessageContaining("so it needs timeUnit: timestamp.");
  }

  @ParameterizedTest
  @CsvSource({
    "SECONDS, -5, which is not a time since 1970 in seconds (dataset.timeUnit).",
    "MILLISECONDS, 5, which is not a time since 1980 in milliseconds since 1970",
    "MILLISECONDS, 315532799999, which is not a time since 1980 in milliseconds since 1970",
    "TIMESTAMP, 1970-01-01, which is not a time from 1980 to 2200.",
    "TIMESTAMP, 1979-12-31 23:59:59, which is not a time from 1980 to 2200.",
    "TIMESTAMP, 2200-01-01, which is not a time from 1980 to 2200."
  })
  void timesOutOfRangeAreMalformed(TimeUnit unit, String time, String message) throws IOException {
    log("at", time, time);
    assertThatThrownBy(() -> rows("time", "at", "timeUnit", unit))
        .hasMessageContaining("line 2: column 'at' has '")
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource({
    "SECONDS, 0, 0",
    "SECONDS, 12.5, 12500",
    "MILLISECONDS, 315532800000, 315532800000",
    "TIMESTAMP, 1980-01-01, 315532800000",
    "TIMESTAMP, 2199-12-31, 7258032000000"
  })
  void timesAtTheEndsOfTheRangeAreRead(TimeUnit unit, String time, String millis)
      throws IOException {
    log("at", time);
    assertThat(rows("time", "at", "timeUnit", unit))
        .extracting(row -> row.get("time"))
        .containsExactly(millis);
  }

  @ParameterizedTest
  @ValueSource(strings = {";", "\t", "|"})
  void anotherSeparatorIsToldByTheHeader(String separator) throws IOException {
    Files.writeString(
        folder.resolve("log.csv"), "user,item,label\nu,i,1\n".replace(",", separator));
    assertThatThrownBy(() -> rows())
        .hasMessageContaining("log.csv has no column user; its columns are ")
        .hasMessageContaining(
            " Its columns are separated by '"
                + separator.replace("\t", "\\t")
                + "', which the reader table takes as dataset.delimiter. Check");
    Files.writeString(folder.resolve("log.csv"), "who;what;label\nu;i;1\n");
    assertThatThrownBy(() -> rows()).message().doesNotContain("separated");
  }

  @Test
  void aFileInAnotherEncodingIsConverted() throws IOException {
    Files.write(folder.resolve("log.csv"), "user,item,label\nJos\u00e9,i,1\n".getBytes(ISO_8859_1));
    fails("line 2: the line is not in UTF-8. Convert the file to UTF-8, or fix the row.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"log.xlsx", "log.ods", "log.xls"})
  void aSpreadsheetIsSavedAsText(String name) throws IOException {
    byte[] start =
        name.equals("log.xls")
            ? new byte[] {(byte) 0xd0, (byte) 0xcf, 0x11, (byte) 0xe0}
            : new byte[] {'P', 'K', 3, 4};
    Files.write(folder.resolve(name), start);
    assertThatThrownBy(() -> reader(TableSettings.of(name)))
        .hasMessageContaining(name + " is a spreadsheet. Save it as CSV.");
  }
}
