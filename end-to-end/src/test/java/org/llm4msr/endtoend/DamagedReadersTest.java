package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.data.inspection.PreparedSummary;
import org.llm4msr.runtime.data.inspection.PreparedSummary.ScenarioSummary;
import org.llm4msr.runtime.experiment.Experiment;

/**
 * What files have that should not, by reader: each damage to a generated log ends in an error that
 * names the place, or in the result that the table states.
 */
class DamagedReadersTest {

  /**
   * A log that is damaged.
   *
   * @param data generator and settings
   * @param negative a label of a negative
   */
  private record Log(
      String data,
      String file,
      RawLog.Kind kind,
      String user,
      String label,
      String negative,
      String time) {}

  private static final RawLog.Kind CSV = new RawLog.Kind(",", true, List.of());
  private static final RawLog.Kind JSON = new RawLog.Kind("", false, List.of());

  private static final List<Log> LOGS =
      List.of(
          new Log("kuaisar", "rec_inter.csv", CSV, "user_id", "click", "0", "timestamp"),
          new Log(
              "kuairand",
              "data/log_standard_4_08_to_4_21_pure.csv",
              CSV,
              "user_id",
              "is_click",
              "0",
              "time_ms"),
          new Log("movielens", "ratings.csv", CSV, "userId", "rating", "1.0", "timestamp"),
          new Log(
              "movielens release=1m",
              "ratings.dat",
              new RawLog.Kind("::", false, List.of("user", "item", "rating", "timestamp")),
              "user",
              "rating",
              "1",
              "timestamp"),
          new Log(
              "amazon release=2014",
              "reviews_Beauty_5.json.gz",
              JSON,
              "reviewerID",
              "overall",
              "1.0",
              "unixReviewTime"),
          new Log(
              "amazon release=2023",
              "Beauty.jsonl.gz",
              JSON,
              "user_id",
              "rating",
              "1.0",
              "timestamp"),
          new Log(
              "ali-ccp",
              "sample_skeleton_train.csv",
              new RawLog.Kind(
                  ",", false, List.of("id", "click", "purchase", "common", "n", "list")),
              "common",
              "click",
              "0",
              ""),
          new Log(
              "douban",
              "douban_dataset(text information)/bookreviews_cleaned.txt",
              new RawLog.Kind("\t", true, List.of()),
              "\"user_id\"",
              "\"rating\"",
              "\"1\"",
              ""),
          new Log(
              "mind",
              "MINDsmall_train/behaviors.tsv",
              new RawLog.Kind("\t", false, List.of("id", "user", "time", "history", "shown")),
              "user",
              "shown",
              "N1-0 N2-0 N3-0 N4-0 N5-0",
              ""),
          new Log("table", "interactions.csv", CSV, "user", "label", "0", "time"));

  /** The third line of the file is damaged, where not all are. */
  private static final int LINE = 2;

  enum Damage {
    COLUMN_GONE((raw, log) -> raw.drop(log.label)),
    COLUMN_RENAMED((raw, log) -> raw.rename(log.label.replace("\"", ""))),
    STRAY_QUOTE((raw, log) -> raw.change(LINE, log.user, Damage::withQuote)),
    NOT_A_NUMBER((raw, log) -> raw.change(LINE, log.label, value -> like(value, "NaN"))),
    NO_LABEL((raw, log) -> raw.change(LINE, log.label, value -> like(value, ""))),
    NO_USER((raw, log) -> raw.change(LINE, log.user, value -> like(value, ""))),
    MIXED_LINE_ENDS((raw, log) -> raw.lines().set(LINE, raw.lines().get(LINE) + "\r")),
    WINDOWS_LINE_ENDS((raw, log) -> raw.lines().replaceAll(line -> line + "\r")),
    BYTE_ORDER_MARK((raw, log) -> raw.lines().set(0, "\u00ef\u00bb\u00bf" + raw.lines().get(0))),
    LATIN_1((raw, log) -> raw.change(LINE, log.user, v -> v.replaceFirst("(\"?)$", "\u00e9$1"))),
    ROW_TWICE((raw, log) -> raw.lines().add(LINE, raw.lines().get(LINE))),
    ID_ABOVE_32_BITS((raw, log) -> raw.change(LINE, log.user, v -> like(v, "9000000000000"))),
    ID_ABOVE_64_BITS(
        (raw, log) -> raw.change(LINE, log.user, v -> like(v, "99999999999999999999"))),
    TIMES_TIMES_1000((raw, log) -> raw.changeAll(log.time, value -> scaled(value, 1_000))),
    TIMES_TIMES_MILLION((raw, log) -> raw.changeAll(log.time, value -> scaled(value, 1_000_000))),
    ONE_TIME_TIMES_1000((raw, log) -> raw.change(LINE, log.time, value -> scaled(value, 1_000))),
    TIMES_IN_SECONDS((raw, log) -> raw.changeAll(log.time, value -> scaled(value, 0.001))),
    NO_POSITIVES((raw, log) -> raw.changeAll(log.label, value -> log.negative)),
    CUT_OFF((raw, log) -> {});

    private final BiConsumer<RawLog, Log> change;

    Damage(BiConsumer<RawLog, Log> change) {
      this.change = change;
    }

    void of(RawLog raw, Log log) throws IOException {
      change.accept(raw, log);
      raw.write();
      if (this == CUT_OFF) {
        byte[] bytes = Files.readAllBytes(raw.file());
        Files.write(raw.file(), Arrays.copyOf(bytes, bytes.length - 20));
      }
    }

    private static String like(String value, String text) {
      return value.startsWith("\"") ? '"' + text + '"' : text;
    }

    private static String withQuote(String value) {
      return value.startsWith("\"") ? "\"7\"" + value.substring(1) : '"' + value;
    }

    private static String scaled(String value, double factor) {
      return String.valueOf(Math.round(Double.parseDouble(value) * factor));
    }
  }

  /**
   * By data and damage: what the error says beside the file, or the prepared data. {@code same}:
   * but for the checksums of the sources; {@code rows N}: so many more, all else as often, and
   * {@code none SCENARIO}: as many, without a positive there. What is not listed cannot be. Without
   * clicks, Ali-CCP's 14 rows with a purchase are left out.
   */
  private static final String OUTCOMES =
      """
      kuaisar | COLUMN_GONE | has no column click
      kuaisar | COLUMN_RENAMED | has no column click
      kuaisar | STRAY_QUOTE | line 3: a quoted value does not end
      kuaisar | NOT_A_NUMBER | line 3: column 'click' has 'NaN', which is not a whole number
      kuaisar | NO_LABEL | line 3: column 'click' has ''
      kuaisar | NO_USER | line 3: column 'user_id' has ''
      kuaisar | MIXED_LINE_ENDS | same
      kuaisar | WINDOWS_LINE_ENDS | same
      kuaisar | BYTE_ORDER_MARK | same
      kuaisar | LATIN_1 | line 3: the line is not in UTF-8
      kuaisar | ROW_TWICE | rows 1
      kuaisar | ID_ABOVE_32_BITS | rows 0
      kuaisar | ID_ABOVE_64_BITS | line 3: column 'user_id' has '99999999999999999999', which is not a whole number
      kuaisar | TIMES_TIMES_1000 | line 2: column 'timestamp' has '1684738200000000.0', which is not a time in milliseconds
      kuaisar | TIMES_TIMES_MILLION | line 2: column 'timestamp' has '1.6847382e+18', which is not a time in milliseconds
      kuaisar | ONE_TIME_TIMES_1000 | line 3: column 'timestamp' has '1684738200000000.0', which is not a time in milliseconds
      kuaisar | TIMES_IN_SECONDS | line 2: column 'timestamp' has '1684738200.0', which is not a time in milliseconds
      kuaisar | NO_POSITIVES | none recommendation
      kuairand | COLUMN_GONE | [data/DIFFERENT_COLUMNS]
      kuairand | COLUMN_RENAMED | [data/DIFFERENT_COLUMNS]
      kuairand | STRAY_QUOTE | line 3: a quoted value does not end
      kuairand | NOT_A_NUMBER | line 3: column 'is_click' has 'NaN', which is not a whole number
      kuairand | NO_LABEL | line 3: column 'is_click' has ''
      kuairand | NO_USER | line 3: column 'user_id' has ''
      kuairand | MIXED_LINE_ENDS | same
      kuairand | WINDOWS_LINE_ENDS | same
      kuairand | BYTE_ORDER_MARK | same
      kuairand | LATIN_1 | line 3: the line is not in UTF-8
      kuairand | ROW_TWICE | rows 1
      kuairand | ID_ABOVE_32_BITS | rows 0
      kuairand | ID_ABOVE_64_BITS | line 3: column 'user_id' has '99999999999999999999', which is not a whole number
      kuairand | TIMES_TIMES_1000 | line 2: column 'time_ms' has '1649347200000000', which is not a time in milliseconds
      kuairand | TIMES_TIMES_MILLION | line 2: column 'time_ms' has '1649347200000000000', which is not a time in milliseconds
      kuairand | ONE_TIME_TIMES_1000 | line 3: column 'time_ms' has '1649349878400000', which is not a time in milliseconds
      kuairand | TIMES_IN_SECONDS | line 2: column 'time_ms' has '1649347200', which is not a time in milliseconds
      kuairand | NO_POSITIVES | rows 0
      movielens | COLUMN_GONE | has no column rating
      movielens | COLUMN_RENAMED | has no column rating
      movielens | STRAY_QUOTE | line 3: a quoted value does not end
      movielens | NOT_A_NUMBER | line 3: column 'rating' has 'nan', which is not a number
      movielens | NO_LABEL | line 3: column 'rating' has '', which is not a number
      movielens | NO_USER | line 3: column 'userId' has ''
      movielens | MIXED_LINE_ENDS | same
      movielens | WINDOWS_LINE_ENDS | same
      movielens | BYTE_ORDER_MARK | same
      movielens | LATIN_1 | line 3: the line is not in UTF-8
      movielens | ROW_TWICE | rows 1
      movielens | ID_ABOVE_32_BITS | rows 0
      movielens | ID_ABOVE_64_BITS | line 3: column 'userId' has '99999999999999999999', which is not a whole number
      movielens | TIMES_TIMES_1000 | line 2: column 'timestamp' has '956620800000', which is not a time in seconds
      movielens | TIMES_TIMES_MILLION | line 2: column 'timestamp' has '956620800000000', which is not a time in seconds
      movielens | ONE_TIME_TIMES_1000 | line 3: column 'timestamp' has '956707200000', which is not a time in seconds
      movielens | NO_POSITIVES | none Drama
      movielens release=1m | COLUMN_GONE | line 1: the row has 3 columns, not 4
      movielens release=1m | STRAY_QUOTE | line 3: column 'user_id' has '"28', which is not a whole number
      movielens release=1m | NOT_A_NUMBER | line 3: column 'rating' has 'nan', which is not a number
      movielens release=1m | NO_LABEL | line 3: column 'rating' has '', which is not a number
      movielens release=1m | NO_USER | line 3: column 'user_id' has ''
      movielens release=1m | MIXED_LINE_ENDS | same
      movielens release=1m | WINDOWS_LINE_ENDS | same
      movielens release=1m | BYTE_ORDER_MARK | same
      movielens release=1m | LATIN_1 | line 3: column 'user_id' has '28\u00e9', which is not a whole number
      movielens release=1m | ROW_TWICE | rows 1
      movielens release=1m | ID_ABOVE_32_BITS | rows 0
      movielens release=1m | ID_ABOVE_64_BITS | line 3: column 'user_id' has '99999999999999999999', which is not a whole number
      movielens release=1m | TIMES_TIMES_1000 | line 1: column 'timestamp' has '956620800000', which is not a time in seconds
      movielens release=1m | TIMES_TIMES_MILLION | line 1: column 'timestamp' has '956620800000000', which is not a time in seconds
      movielens release=1m | ONE_TIME_TIMES_1000 | line 3: column 'timestamp' has '956793600000', which is not a time in seconds
      movielens release=1m | NO_POSITIVES | none Children's
      amazon release=2014 | COLUMN_GONE | line 1: column 'overall' is missing
      amazon release=2014 | COLUMN_RENAMED | line 1: column 'overall' is missing
      amazon release=2014 | STRAY_QUOTE | line 3: Not an object
      amazon release=2014 | NOT_A_NUMBER | line 3: column 'overall' has 'NaN', which is not a number
      amazon release=2014 | NO_LABEL | line 3: Not an object
      amazon release=2014 | NO_USER | line 3: column 'reviewerID' has ''
      amazon release=2014 | MIXED_LINE_ENDS | same
      amazon release=2014 | WINDOWS_LINE_ENDS | same
      amazon release=2014 | BYTE_ORDER_MARK | same
      amazon release=2014 | LATIN_1 | line 3: the line is not in UTF-8
      amazon release=2014 | ROW_TWICE | rows 1
      amazon release=2014 | ID_ABOVE_32_BITS | rows 0
      amazon release=2014 | ID_ABOVE_64_BITS | rows 0
      amazon release=2014 | TIMES_TIMES_1000 | line 1: column 'unixReviewTime' has '1325453760000', which is not a time in seconds
      amazon release=2014 | TIMES_TIMES_MILLION | line 1: column 'unixReviewTime' has '1325453760000000', which is not a time in seconds
      amazon release=2014 | ONE_TIME_TIMES_1000 | line 3: column 'unixReviewTime' has '1325609280000', which is not a time in seconds
      amazon release=2014 | NO_POSITIVES | none Beauty
      amazon release=2014 | CUT_OFF | is cut off or damaged
      amazon release=2023 | COLUMN_GONE | line 1: column 'rating' is missing
      amazon release=2023 | COLUMN_RENAMED | line 1: column 'rating' is missing
      amazon release=2023 | STRAY_QUOTE | line 3: Not an object
      amazon release=2023 | NOT_A_NUMBER | line 3: column 'rating' has 'NaN', which is not a number
      amazon release=2023 | NO_LABEL | line 3: Not an object
      amazon release=2023 | NO_USER | line 3: column 'user_id' has ''
      amazon release=2023 | MIXED_LINE_ENDS | same
      amazon release=2023 | WINDOWS_LINE_ENDS | same
      amazon release=2023 | BYTE_ORDER_MARK | same
      amazon release=2023 | LATIN_1 | line 3: the line is not in UTF-8
      amazon release=2023 | ROW_TWICE | rows 1
      amazon release=2023 | ID_ABOVE_32_BITS | rows 0
      amazon release=2023 | ID_ABOVE_64_BITS | rows 0
      amazon release=2023 | TIMES_TIMES_1000 | line 1: column 'timestamp' has '1325453760000000', which is not a time in milliseconds
      amazon release=2023 | TIMES_TIMES_MILLION | line 1: column 'timestamp' has '1325453760000000000', which is not a time in milliseconds
      amazon release=2023 | ONE_TIME_TIMES_1000 | line 3: column 'timestamp' has '1325609280000000', which is not a time in milliseconds
      amazon release=2023 | TIMES_IN_SECONDS | line 1: column 'timestamp' has '1325453760', which is not a time in milliseconds
      amazon release=2023 | NO_POSITIVES | none Beauty
      amazon release=2023 | CUT_OFF | is cut off or damaged
      ali-ccp | COLUMN_GONE | line 1: the row has 5 columns, not 6
      ali-ccp | STRAY_QUOTE | line 3: column 'common_feature_index' has '"
      ali-ccp | NOT_A_NUMBER | line 3: column 'click' has 'NaN', which is not a whole number
      ali-ccp | NO_LABEL | line 3: column 'click' has ''
      ali-ccp | NO_USER | line 3: column 'common_feature_index' has '', which is not a row of the common features
      ali-ccp | MIXED_LINE_ENDS | same
      ali-ccp | WINDOWS_LINE_ENDS | same
      ali-ccp | BYTE_ORDER_MARK | same
      ali-ccp | LATIN_1 | line 3: the line is not in UTF-8
      ali-ccp | ROW_TWICE | rows 1
      ali-ccp | ID_ABOVE_32_BITS | line 3: column 'common_feature_index' has '9000000000000'
      ali-ccp | ID_ABOVE_64_BITS | line 3: column 'common_feature_index' has '99999999999999999999'
      ali-ccp | NO_POSITIVES | rows -14
      douban | COLUMN_GONE | has no column rating
      douban | COLUMN_RENAMED | has no column rating
      douban | STRAY_QUOTE | line 3: a quoted value does not end
      douban | NOT_A_NUMBER | line 3: column 'rating' has 'nan', which is not a number
      douban | NO_LABEL | rows -1
      douban | NO_USER | line 3: column 'user_id' has ''
      douban | MIXED_LINE_ENDS | same
      douban | WINDOWS_LINE_ENDS | same
      douban | BYTE_ORDER_MARK | same
      douban | LATIN_1 | line 3: the line is not in UTF-8
      douban | ROW_TWICE | rows 1
      douban | ID_ABOVE_32_BITS | rows 0
      douban | ID_ABOVE_64_BITS | rows 0
      douban | NO_POSITIVES | none book
      mind | COLUMN_GONE | line 1: the row has 4 columns, not 5
      mind | STRAY_QUOTE | rows 0
      mind | NOT_A_NUMBER | line 3: column 'impressions' has 'NaN', which is not a piece of news
      mind | NO_LABEL | rows -5
      mind | NO_USER | line 3: column 'user' has ''
      mind | MIXED_LINE_ENDS | same
      mind | WINDOWS_LINE_ENDS | same
      mind | BYTE_ORDER_MARK | same
      mind | LATIN_1 | line 3: the line is not in UTF-8
      mind | ROW_TWICE | rows 5
      mind | ID_ABOVE_32_BITS | rows 0
      mind | ID_ABOVE_64_BITS | rows 0
      mind | NO_POSITIVES | rows 0
      table | COLUMN_GONE | has no column label
      table | COLUMN_RENAMED | has no column label
      table | STRAY_QUOTE | line 3: a quoted value does not end
      table | NOT_A_NUMBER | line 3: column 'label' has 'NaN', which is not 0 or 1
      table | NO_LABEL | line 3: column 'label' has '', which is not 0 or 1
      table | NO_USER | line 3: column 'user' has ''
      table | MIXED_LINE_ENDS | same
      table | WINDOWS_LINE_ENDS | same
      table | BYTE_ORDER_MARK | same
      table | LATIN_1 | line 3: the line is not in UTF-8
      table | ROW_TWICE | rows 1
      table | ID_ABOVE_32_BITS | rows 0
      table | ID_ABOVE_64_BITS | rows 0
      table | TIMES_TIMES_1000 | line 2: column 'time' has '1704067200000', which is not a time before 2200 in seconds
      table | TIMES_TIMES_MILLION | line 2: column 'time' has '1704067200000000', which is not a time before 2200 in seconds
      table | ONE_TIME_TIMES_1000 | line 3: column 'time' has '1704072384000', which is not a time before 2200 in seconds
      table | NO_POSITIVES | none feed
      """;

  static final List<Damage> QUICK =
      List.of(
          Damage.COLUMN_RENAMED, Damage.NOT_A_NUMBER, Damage.ROW_TWICE, Damage.TIMES_TIMES_1000);

  @TempDir static Path folder;

  /** Sound data by name, and what is prepared from it. */
  private static final Map<String, GeneratedData> DATA = new TreeMap<>();

  private static final Map<String, Prepared> SOUND = new TreeMap<>();

  /**
   * Prepared data.
   *
   * @param bytes checksums of the files, without that which names the sources
   * @param rows by scenario
   * @param positives by scenario
   */
  private record Prepared(
      Map<String, String> bytes, Map<String, Long> rows, Map<String, Long> positives) {

    static Prepared of(GeneratedData data) throws IOException {
      Experiment experiment = Experiment.fromYaml(data.experiment());
      experiment.prepare(true, Progress.NONE);
      PreparedSummary summary = experiment.inspectData(Progress.NONE);
      Map<String, Long> rows = new LinkedHashMap<>();
      Map<String, Long> positives = new LinkedHashMap<>();
      for (ScenarioSummary scenario : summary.scenarios()) {
        rows.put(scenario.key(), scenario.all().labels().rows());
        positives.put(scenario.key(), scenario.all().labels().positives());
      }
      Path folder = data.folder().resolve("work/prepared");
      return new Prepared(
          Contents.bytes(folder, name -> !name.equals("dataset.json")), rows, positives);
    }

    long total() {
      return rows.values().stream().mapToLong(Long::longValue).sum();
    }
  }

  static Stream<Arguments> outcomes() {
    return OUTCOMES
        .lines()
        .map(line -> line.split(" \\| "))
        .map(cells -> Arguments.of(cells[0], Damage.valueOf(cells[1]), cells[2]));
  }

  @ParameterizedTest
  @FieldSource("QUICK")
  void damageToRatingsEndsAsStated(Damage damage) throws IOException {
    Object[] stated =
        outcomes()
            .map(Arguments::get)
            .filter(cells -> cells[0].equals("movielens") && cells[1] == damage)
            .findFirst()
            .orElseThrow();
    check("movielens", damage, (String) stated[2]);
  }

  @ParameterizedTest
  @MethodSource("outcomes")
  @Tag("slow")
  void damageEndsAsStated(String which, Damage damage, String outcome) throws IOException {
    check(which, damage, outcome);
  }

  private static void check(String which, Damage damage, String outcome) throws IOException {
    Log log =
        LOGS.stream().filter(candidate -> candidate.data.equals(which)).findFirst().orElseThrow();
    if (!SOUND.containsKey(which)) {
      Path raw = folder.resolve(which.replaceAll("\\W", ""));
      DATA.put(
          which, GeneratedData.write(raw, which, "interactions=1000", "users=50", "items=100"));
      SOUND.put(which, Prepared.of(DATA.get(which)));
    }
    GeneratedData data = DATA.get(which);
    Path file = data.folder().resolve(log.file);
    byte[] original = Files.readAllBytes(file);
    damage.of(RawLog.read(file, log.kind), log);
    try {
      check(SOUND.get(which), Prepared.of(data), outcome);
    } catch (MsrException e) {
      assertThat(e).hasMessageContaining(log.file).hasMessageContaining(outcome);
      // A column is missed when the configuration is checked.
      assertThat(e.type()).isIn(ErrorType.DATA, ErrorType.USER);
    } finally {
      Files.write(file, original);
    }
  }

  private static void check(Prepared sound, Prepared damaged, String outcome) {
    String[] words = outcome.split(" ", 2);
    switch (words[0]) {
      case "same" -> assertThat(damaged).isEqualTo(sound);
      case "rows" ->
          assertThat(damaged.total()).isEqualTo(sound.total() + Long.parseLong(words[1]));
      case "none" -> {
        assertThat(damaged.rows()).isEqualTo(sound.rows());
        assertThat(sound.positives().get(words[1])).isPositive();
        assertThat(damaged.positives()).containsEntry(words[1], 0L);
      }
      default -> throw new AssertionError("prepared, and should say: " + outcome);
    }
  }
}
