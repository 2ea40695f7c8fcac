package org.llm4msr.plugins.datasets.published;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.LeftOutRows;
import org.llm4msr.api.data.RawField;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.Contexts;
import org.llm4msr.plugins.datasets.Rows;
import org.llm4msr.plugins.datasets.generator.kuaisar.KuaiSarGeneratorConfig;
import org.llm4msr.plugins.datasets.generator.kuaisar.KuaiSarGeneratorFactory;
import org.llm4msr.plugins.datasets.sql.SqlDatasetReader;
import org.slf4j.LoggerFactory;

class KuaiSarTest {

  @TempDir Path folder;
  @TempDir Path scratch;

  /** Rows in the columns of the small release, made by hand. */
  @BeforeEach
  void writeTheSmallRelease() throws IOException {
    Path release = Files.createDirectory(folder.resolve("KuaiSAR_final"));
    Files.writeString(
        release.resolve("rec_inter.csv"),
        """
        user_id,item_id,duration_ms,playing_time,timestamp,forward,like,follow,search_item_related,search,click,time
        1,10,5000.0,100.0,1684738400000.0,0,0,0,0,0,1,2023-05-22 14:53:20
        2,11,5000.0,,1.6847384e12,0,0,0,0,0,0,2023-05-22 14:53:20
        1,12,5000.0,,,0,0,0,0,0,0,2023-05-22 23:53:20
        """);
    Files.writeString(
        release.resolve("src_inter.csv"),
        """
        keyword,item_id,click_cnt,search_session_id,item_type,user_id,search_session_timestamp,search_source,search_session_time
        "[20, 34, 3]",10,0,7,VIDEO,1,1684738500000.0,USER_INPUT,2023-05-22 14:55:00
        "[5]",10,2,7,VIDEO,2,1684738500000.0,USER_INPUT,2023-05-22 14:55:00
        "[20, 34, 3]",99,0,7,USER,1,1684738500000.0,USER_INPUT,2023-05-22 14:55:00
        "[20, 34, 3]",10,3,7,VIDEO,1,1684738500000.0,USER_INPUT,2023-05-22 14:55:00
        """);
    Files.writeString(
        release.resolve("user_features.csv"),
        """
        user_id,search_active_level,rec_active_level,onehot_feat1,onehot_feat2
        1,2,3,0,7
        2,1,1,2,0
        """);
    Files.writeString(
        release.resolve("item_features.csv"),
        """
        item_id,caption,author_id,item_type,upload_time,upload_type,music_id,first_level_category_id,first_level_category_name,second_level_category_id,second_level_category_name,third_level_category_id,third_level_category_name,fourth_level_category_id,fourth_level_category_name,first_level_category_name_en,second_level_category_name_en,third_level_category_name_en,fourth_level_category_name_en
        10,"[4, 5]",77,NORMAL,2023-05-01,ShortImport,9,1,影视,2,空,3,空,4,空,"Film, Television, and Short Dramas",Drama,empty,empty
        11,[],0,NORMAL,1970-01-01,LongImport,,1,影视,2,空,3,空,4,空,empty,empty,empty,empty
        """);
  }

  @Test
  void feedsAndSearchBecomeScenarios() throws IOException {
    try (DatasetReader reader = reader()) {
      assertThat(reader.scenarios())
          .extracting(RawScenario::key)
          .containsExactly("recommendation", "search");
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("user") + " " + row.get("item") + " " + row.get("scenario"))
          .containsExactly(
              "1 10 recommendation",
              "2 11 recommendation",
              "1 12 recommendation",
              "1 10 search",
              "2 10 search",
              "1 99 search");
    }
  }

  /** The search log has clicks alone. */
  @Test
  void signalsOfTheFeedAreFurtherLabels() throws IOException {
    KuaiSarConfig config =
        new KuaiSarConfig(true, true, false, false, false, false, List.of("like", "forward"));
    Path log = folder.resolve("KuaiSAR_final/rec_inter.csv");
    String liked = Files.readString(log).replace("1.6847384e12,0,0,0", "1.6847384e12,0,1,0");
    Files.writeString(log, liked);
    try (DatasetReader reader = new KuaiSarFactory().create(config, Contexts.of(folder, scratch))) {
      assertThat(reader.schema().labels()).containsExactly("like", "forward");
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("label_like") + " " + row.get("label_forward"))
          .containsExactly("0 0", "1 0", "0 0", "null null", "null null", "null null");
    }
    Files.writeString(log, liked.replace("1.6847384e12,0,1,0", "1.6847384e12,0,2,0"));
    assertThatThrownBy(
            () -> {
              try (DatasetReader reader =
                  new KuaiSarFactory().create(config, Contexts.of(folder, scratch))) {
                Rows.of(reader, RawTable.INTERACTIONS);
              }
            })
        .hasMessageContaining("'2'")
        .hasMessageContaining("0 or 1");
  }

  @Test
  void clicksOfAnItemInOneSessionAreJoined() throws IOException {
    try (DatasetReader reader = reader()) {
      List<Map<String, String>> search =
          Rows.of(reader, RawTable.INTERACTIONS).stream()
              .filter(row -> row.get("scenario").equals("search"))
              .toList();
      assertThat(search).extracting(row -> row.get("label")).containsExactly("1", "1", "0");
      assertThat(reader.leftOut())
          .containsExactly(
              new LeftOutRows(
                  "rows of search that repeat an item of their session", 1, false, List.of()));
      assertThat(search)
          .extracting(row -> row.get("keyword"))
          .containsExactly("[20,34,3]", "[5]", "[20,34,3]");
    }
  }

  @Test
  void aSearchIsAGroupAndAFeedHasNone() throws IOException {
    try (DatasetReader reader = reader()) {
      assertThat(reader.schema().group()).isTrue();
      List<String> groups =
          Rows.of(reader, RawTable.INTERACTIONS).stream().map(row -> row.get("group")).toList();
      assertThat(groups.subList(0, 3)).containsOnly("null");
      assertThat(groups.get(3)).isEqualTo(groups.get(5)).isNotEqualTo(groups.get(4));
    }
  }

  @Test
  void usersAndVideosAreFoundInTheirFiles() throws IOException {
    Path release = folder.resolve("KuaiSAR_final");
    Files.writeString(
        release.resolve("user_features.csv"), "1,9,3,0,7\n", StandardOpenOption.APPEND);
    try (DatasetReader reader = reader()) {
      assertThat(Rows.of(reader, RawTable.USERS)).hasSize(3);
      assertThat(reader.rowsOf(RawTable.USERS, List.of("1", "7")))
          .isEqualTo(
              Map.of(
                  "1",
                  List.of(
                      row(release.resolve("user_features.csv"), 2, "user_id", "1,2,3,0,7"),
                      row(release.resolve("user_features.csv"), 4, "user_id", "1,9,3,0,7"))));
      assertThat(reader.rowsOf(RawTable.ITEMS, List.of("11")).get("11"))
          .extracting(LeftOutRows.Example::line)
          .containsExactly(3L);
    }
  }

  private static LeftOutRows.Example row(Path file, long line, String column, String text) {
    return new LeftOutRows.Example(file.toString(), line, column, text);
  }

  @Test
  void aLogWithoutRowsIsWarnedOf() throws IOException {
    Path search = folder.resolve("KuaiSAR_final/src_inter.csv");
    Files.write(search, Files.readAllLines(search).subList(0, 1));
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    Logger logger = (Logger) LoggerFactory.getLogger(SqlDatasetReader.class);
    logger.addAppender(log);
    try (DatasetReader reader = reader()) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS)).hasSize(3);
      reader.leftOut();
    } finally {
      logger.detachAppender(log);
    }
    assertThat(log.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .containsExactly(search + " holds no rows");
  }

  @Test
  void timesAreMillisecondsHoweverTheyAreWritten() throws IOException {
    try (DatasetReader reader = reader()) {
      List<Map<String, String>> rows = Rows.of(reader, RawTable.INTERACTIONS);
      assertThat(rows)
          .extracting(row -> row.get("time"))
          .startsWith("1684738400000", "1684738400000", "1684770800000");
      assertThat(rows).extracting(row -> row.get("hour")).startsWith("14", "14", "23");
    }
  }

  @Test
  void paddingIsMissingAndTextsAreWords() throws IOException {
    try (DatasetReader reader = reader()) {
      assertThat(reader.schema().fields()).extracting(RawField::name).contains("music_id");
      assertThat(reader.schema().itemText()).containsExactly("categories");
      List<Map<String, String>> items = Rows.of(reader, RawTable.ITEMS);
      assertThat(items).extracting(row -> row.get("author_id")).containsExactly("77", "null");
      assertThat(items)
          .extracting(row -> row.get("categories"))
          .containsExactly("Film, Television, and Short Dramas, Drama", "");
      assertThat(items).extracting(row -> row.get("caption")).containsExactly("[4,5]", "[]");
      assertThat(Rows.of(reader, RawTable.USERS))
          .extracting(row -> row.get("onehot_feat2"))
          .containsExactly("7", "0");
    }
  }

  @Test
  void whatElseIsKnownIsEmittedWhereAskedFor() throws IOException {
    Files.writeString(
        folder.resolve("KuaiSAR_final/social_network.csv"),
        "user_id,user_follow_id\n2,9\n2,1\n2,9\n");
    KuaiSarConfig config = new KuaiSarConfig(true, true, false, true, true, true);
    try (DatasetReader reader = new KuaiSarFactory().create(config, Contexts.of(folder, scratch))) {
      assertThat(reader.schema().fields())
          .extracting(RawField::name)
          .contains("followed")
          .endsWith("search_source", "result_type", "duration_ms", "upload_day");
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(
              row ->
                  "%s %s %s %s"
                      .formatted(
                          row.get("item"),
                          row.get("search_source"),
                          row.get("result_type"),
                          row.get("duration_ms")))
          .containsExactly(
              "10 null null 5000.0",
              "11 null null 5000.0",
              "12 null null 5000.0",
              "10 USER_INPUT VIDEO null",
              "10 USER_INPUT VIDEO null",
              "99 USER_INPUT USER null");
      assertThat(Rows.of(reader, RawTable.USERS))
          .extracting(row -> row.get("user") + " " + row.get("followed"))
          .containsExactly("1 null", "2 [1,9]");
      // 2023-05-01 is day 19478; 1970-01-01 is the publisher's padding.
      assertThat(Rows.of(reader, RawTable.ITEMS))
          .extracting(row -> row.get("item") + " " + row.get("upload_day"))
          .containsExactly("10 19478.0", "11 null");
    }
  }

  @Test
  void fieldsThatAreSwitchedOffAreNotEmitted() throws IOException {
    KuaiSarConfig config = new KuaiSarConfig(false, false, false, false, false, false);
    try (DatasetReader reader = new KuaiSarFactory().create(config, Contexts.of(folder, scratch))) {
      assertThat(reader.schema().fields())
          .noneMatch(field -> field.kind() instanceof FieldKind.MultiCategorical);
      assertThat(Rows.of(reader, RawTable.INTERACTIONS)).hasSize(6);
      assertThat(Rows.of(reader, RawTable.ITEMS)).hasSize(2);
    }
  }

  @Test
  void queriesAndCaptionsShareTheirWordsWhereAskedFor() throws IOException {
    KuaiSarConfig config = new KuaiSarConfig(true, true, true, false, false, false);
    try (DatasetReader reader = new KuaiSarFactory().create(config, Contexts.of(folder, scratch))) {
      assertThat(reader.schema().fields())
          .filteredOn(field -> field.vocabulary() != null)
          .extracting(RawField::name, RawField::vocabulary)
          .containsExactly(tuple("caption", "words"), tuple("keyword", "words"));
    }
  }

  @Test
  void malformedValuesAreNamedWithTheirPlace() throws IOException {
    Path log = folder.resolve("KuaiSAR_final/rec_inter.csv");
    Files.writeString(log, Files.readString(log).replace("2,11,", "2,eleven,"));
    assertFailure(
        RawTable.INTERACTIONS,
        log + ", line 3: column 'item_id' has 'eleven', which is not a whole number");
    Path items = folder.resolve("KuaiSAR_final/item_features.csv");
    Files.writeString(items, Files.readString(items).replace("\"[4, 5]\"", "\"[4; 5]\""));
    assertFailure(
        RawTable.ITEMS,
        items + ", line 2: column 'caption' has '[4; 5]', which is not a list of whole numbers");
  }

  @Test
  void aShortRowOfTheScenariosIsNamedToo() throws IOException {
    Path scenarios = folder.resolve("KuaiSAR_final/scenarios.csv");
    Files.writeString(scenarios, "scenario,name,description\na,A,B\nc\n");
    assertThatThrownBy(this::reader)
        .hasMessageContaining(
            "[data/MALFORMED_ROW] " + scenarios + ", line 3: the row has 1 columns");
  }

  @Test
  void shortRowsAreNamedWithTheirPlace() throws IOException {
    Path log = folder.resolve("KuaiSAR_final/rec_inter.csv");
    Files.writeString(log, Files.readString(log) + "1,12\n");
    assertFailure(RawTable.INTERACTIONS, log + ", line 5: the row has 2 columns, the header 12.");
  }

  @Test
  void missingColumnsAreNamedWithThoseThereAre() throws IOException {
    Path users = folder.resolve("KuaiSAR_final/user_features.csv");
    Files.writeString(users, Files.readString(users).replace("onehot_feat1", "feature"));
    assertThatThrownBy(this::reader)
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith(
            "[data/MISSING_COLUMN] "
                + users
                + " has no column onehot_feat1; its columns are user_id, search_active_level,"
                + " rec_active_level, feature, onehot_feat2.");
  }

  @Test
  void aFolderWithoutTheLogIsRefused() {
    assertThatThrownBy(
            () ->
                new KuaiSarFactory()
                    .create(
                        new KuaiSarConfig(true, true, false, false, false, false),
                        Contexts.of(scratch, scratch)))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("no file rec_inter.csv in " + scratch);
  }

  @Test
  void readsWhatTheGeneratorWrites(@TempDir Path generated) throws IOException {
    new KuaiSarGeneratorFactory()
        .create(
            new KuaiSarGeneratorConfig("full", 20_000, null, null, 4, 30, 0.8, 3.0, 0, 0, 0, 20, 7),
            Contexts.of(generated, scratch))
        .generate(Progress.NONE);
    try (DatasetReader reader =
        new KuaiSarFactory()
            .create(
                new KuaiSarConfig(true, true, false, false, false, false),
                Contexts.of(generated, scratch))) {
      assertThat(reader.scenarios())
          .extracting(RawScenario::name)
          .containsExactly("recommendation", "search", "featured", "nearby");
      Map<String, Long> emitted =
          Rows.of(reader, RawTable.INTERACTIONS).stream()
              .collect(Collectors.groupingBy(KuaiSarTest::truthKey, Collectors.counting()));
      Map<String, Long> truth =
          Files.readAllLines(generated.resolve("truth.csv")).stream()
              .skip(1)
              .map(line -> line.substring(0, line.lastIndexOf(',')))
              .collect(Collectors.groupingBy(line -> line, Collectors.counting()));
      assertThat(emitted).isEqualTo(truth);
      Map<String, String> item = Rows.of(reader, RawTable.ITEMS).get(0);
      assertThat(item.get("categories")).startsWith("Food, Baking, ");
      assertThat(item.get("caption_text")).matches("[a-z]+( [a-z]+){4,7}");
    }
  }

  @Test
  void bothReleasesOfTheGeneratorHoldTheSameRows(@TempDir Path full, @TempDir Path small)
      throws IOException {
    for (RawTable table : List.of(RawTable.INTERACTIONS, RawTable.USERS, RawTable.ITEMS)) {
      List<Map<String, String>> rows = generated("small", small, table);
      if (table == RawTable.ITEMS) {
        assertThat(rows).extracting(row -> row.remove("music_id")).startsWith("1", "2");
      }
      assertThat(rows).isEqualTo(generated("full", full, table)).isNotEmpty();
    }
  }

  private List<Map<String, String>> generated(String release, Path folder, RawTable table)
      throws IOException {
    new KuaiSarGeneratorFactory()
        .create(
            new KuaiSarGeneratorConfig(release, 2_000, null, null, 3, 30, 0.8, 3.0, 0, 0, 0, 20, 7),
            Contexts.of(folder, scratch))
        .generate(Progress.NONE);
    try (DatasetReader reader =
        new KuaiSarFactory()
            .create(
                new KuaiSarConfig(true, true, false, false, false, false),
                Contexts.of(folder, scratch))) {
      return Rows.of(reader, table);
    }
  }

  private static String truthKey(Map<String, String> row) {
    return row.get("time")
        + ","
        + row.get("user")
        + ","
        + row.get("item")
        + ","
        + row.get("scenario")
        + ","
        + row.get("label");
  }

  private void assertFailure(RawTable table, String message) {
    try (DatasetReader reader = reader()) {
      assertThatThrownBy(() -> Rows.of(reader, table))
          .isInstanceOfSatisfying(
              MsrException.class, e -> assertThat(e.type()).isEqualTo(ErrorType.DATA))
          .hasMessageContaining(message);
    }
  }

  private DatasetReader reader() {
    return new KuaiSarFactory()
        .create(
            new KuaiSarConfig(true, true, false, false, false, false),
            Contexts.of(folder, scratch));
  }
}
