package org.llm4msr.plugins.datasets.published;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.RawField;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.Contexts;
import org.llm4msr.plugins.datasets.Rows;
import org.llm4msr.plugins.datasets.published.AmazonConfig.Label;

class AmazonTest {

  private static final AmazonConfig RATINGS =
      new AmazonConfig(List.of(), Label.RATING, 3, true, false, false);
  private static final AmazonConfig REVIEWS =
      new AmazonConfig(List.of(), Label.REVIEW, 3, true, false, false);

  @TempDir Path folder;
  @TempDir Path scratch;

  /** The counts are those of the data's own README. */
  @Test
  void eventsHaveTheRowsThatTheyAreKnownToHave() throws IOException {
    Path events = Rows.shared("amazon-fkbe");
    assumeThat(events).as("the shared data").exists();
    try (DatasetReader reader = new AmazonFactory().create(REVIEWS, Contexts.of(events, scratch))) {
      List<Map<String, String>> rows = Rows.of(reader, RawTable.INTERACTIONS);
      assertThat(count(rows, "scenario"))
          .isEqualTo(
              Map.of(
                  "Food", 83_663L, "Kitchen", 89_885L, "Beauty", 50_329L, "Electronics", 63_800L));
      Map<String, Set<String>> scenarios =
          rows.stream()
              .collect(
                  Collectors.groupingBy(
                      row -> row.get("user"),
                      Collectors.mapping(row -> row.get("scenario"), Collectors.toSet())));
      assertThat(scenarios.values().stream().filter(of -> of.size() == 4)).hasSize(1_994);
      assertThat(rows.get(0)).containsEntry("time", "1357430400000").containsEntry("label", "1");
      Map<String, String> home =
          rows.stream()
              .collect(
                  Collectors.toMap(
                      row -> row.get("item"), row -> row.get("scenario"), (a, b) -> a));
      List<Map<String, String>> items = Rows.of(reader, RawTable.ITEMS);
      Map<String, Long> untitled =
          items.stream()
              .filter(item -> item.get("title").equals("null"))
              .collect(
                  Collectors.groupingBy(item -> home.get(item.get("item")), Collectors.counting()));
      assertThat(untitled).containsEntry("Kitchen", 502L).containsEntry("Beauty", 2_478L);
      assertThat(items.stream().filter(item -> home.get(item.get("item")).equals("Kitchen")))
          .hasSize(16_258);
    }
  }

  @Test
  void eventsOfSomeCategoriesAreReadAlone() throws IOException {
    Path events = Rows.shared("amazon-fkbe");
    assumeThat(events).as("the shared data").exists();
    AmazonConfig config =
        new AmazonConfig(List.of("Kitchen", "Food"), Label.REVIEW, 3, false, false, false);
    try (DatasetReader reader = new AmazonFactory().create(config, Contexts.of(events, scratch))) {
      assertThat(reader.scenarios())
          .extracting(RawScenario::key)
          .containsExactly("Kitchen", "Food");
      assertThat(reader.schema().tables()).containsExactly(RawTable.INTERACTIONS);
      assertThat(Rows.countAndSum(reader, "label")).containsExactly(173_548, 173_548);
    }
    assertThatThrownBy(() -> new AmazonFactory().create(RATINGS, Contexts.of(events, scratch)))
        .hasMessageContaining("data/NO_RATING")
        .hasMessageContaining("dataset.label");
  }

  /** Counted by zcat, unzip, grep and wc. */
  @Test
  void reviewsAsPublishedHaveTheRowsThatTheyAreKnownToHave() throws IOException {
    Path samples = Rows.shared("samples/amazon-raw");
    assumeThat(samples).as("the shared data").exists();
    Files.copy(
        samples.resolve("AMAZON_FASHION_5.json.gz"), folder.resolve("AMAZON_FASHION_5.json.gz"));
    try (ZipFile zip =
            new ZipFile(samples.resolve("reviews_Musical_Instruments_5.json.zip").toFile());
        InputStream reviews = zip.getInputStream(zip.getEntry("Musical_Instruments.json"))) {
      Files.copy(reviews, folder.resolve("reviews_Musical_Instruments_5.json"));
    }
    try (DatasetReader reader = reader(RATINGS)) {
      assertThat(reader.scenarios())
          .extracting(RawScenario::name)
          .containsExactly("AMAZON FASHION", "Musical Instruments");
      List<Map<String, String>> rows = Rows.of(reader, RawTable.INTERACTIONS);
      assertThat(count(rows, "scenario"))
          .isEqualTo(Map.of("AMAZON_FASHION", 3_176L, "Musical_Instruments", 10_261L));
      List<Map<String, String>> positives =
          rows.stream().filter(row -> row.get("label").equals("1")).toList();
      assertThat(count(positives, "scenario"))
          .isEqualTo(Map.of("AMAZON_FASHION", 2_629L, "Musical_Instruments", 9_022L));
      assertThat(rows.get(0))
          .containsEntry("user", "ALJ66O1Y6SLHA")
          .containsEntry("item", "B000K2PJ4K")
          .containsEntry("time", "1441324800000");
    }
  }

  private static final String REVIEW_2014 =
      "{\"reviewerID\": \"A1\", \"asin\": \"P%d\", \"helpful\": [0, 0], \"overall\": %s,"
          + " \"unixReviewTime\": 1393545600, \"reviewTime\": \"02 28, 2014\"}\n";

  @Test
  void productsOf2014ArePythonLiterals() throws IOException {
    gzip(
        "reviews_Beauty_5.json.gz",
        REVIEW_2014.formatted(1, "4.0") + REVIEW_2014.formatted(2, "3.0"));
    gzip(
        "meta_Beauty.json.gz",
        """
        {'asin': 'P1', 'title': "Men's \\"Best\\" Caf\\xe9", 'price': 3.17, 'related': {'also_bought': ['B1']}, 'salesRank': {'Beauty': 9}, 'brand': 'Acme', 'categories': [['Beauty', 'Hair'], ['Beauty', 'Skin']]}
        {'asin': 'P2', 'title': 'It\\'s', 'categories': []}

        {'asin': 'P3', 'title': None}
        """);
    try (DatasetReader reader = reader(RATINGS)) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("item") + " " + row.get("scenario") + " " + row.get("label"))
          .containsExactly("P1 Beauty 1", "P2 Beauty 0");
      List<Map<String, String>> items = Rows.of(reader, RawTable.ITEMS);
      assertThat(items)
          .extracting(item -> item.get("title"))
          .containsExactly("Men's \"Best\" Café", "It's", "null");
      assertThat(items.get(0))
          .containsEntry("brand", "Acme")
          .containsEntry("categories", "[\"Beauty\",\"Hair\",\"Skin\"]");
      assertThat(reader.schema().fields())
          .extracting(RawField::name)
          .containsExactly("user_id", "item_id", "scenario", "brand", "categories");
    }
  }

  @Test
  void nothingInAPythonLiteralIsRun() throws IOException {
    gzip("reviews_Beauty_5.json.gz", REVIEW_2014.formatted(1, "4.0"));
    gzip(
        "meta_Beauty.json.gz",
        "{'asin': 'P1'}\n{'asin': __import__('os').getcwd()}\n" + "[".repeat(100_000) + "\n");
    assertFailure(
        RawTable.ITEMS,
        "meta_Beauty.json.gz, line 2: Not an object: {'asin': __import__('os').getcwd()}.");
  }

  @Test
  void reviewsOf2018MayLackKeys() throws IOException {
    write(
        "Books_5.json",
        """
        {"overall": 5.0, "reviewerID": "A1", "asin": "P1", "unixReviewTime": 1441324800, "vote": "1,024", "style": {"Format:": " Kindle"}}
        {"overall": 1, "reviewerID": "A2", "asin": "P1", "unixReviewTime": 1441324801}
        """);
    write(
        "meta_Books.json",
        """
        {"asin": "P1", "title": "One", "brand": "", "category": ["Books", "Novels"], "description": []}
        {"asin": "P1", "title": "Once more"}
        {"asin": "P2", "title": "var aPageStart = (new Date()).getTime();", "brand": "B"}
        """);
    try (DatasetReader reader = reader(RATINGS)) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("user") + row.get("label") + " " + row.get("time"))
          .containsExactly("A11 1441324800000", "A20 1441324801000");
      assertThat(Rows.of(reader, RawTable.ITEMS))
          .extracting(Map::values)
          .extracting(values -> List.copyOf(values))
          .containsExactly(
              List.of("P1", "One", "null", "[\"Books\",\"Novels\"]"),
              List.of("P2", "null", "B", "null"));
    }
  }

  @Test
  void reviewsOf2023HaveParentsAndMilliseconds() throws IOException {
    write(
        "Toys_and_Games.jsonl",
        """
        {"rating": 4.0, "asin": "C1", "parent_asin": "P1", "user_id": "U1", "timestamp": 1588687728923}
        {"rating": 2.0, "asin": "C2", "parent_asin": "P2", "user_id": "U1", "sortTimestamp": 1588687728924}
        """);
    gzip(
        "meta_Toys_and_Games.jsonl.gz",
        "{\"main_category\": \"Toys\", \"title\": \"A {toy}\", \"store\": \"Shop\","
            + " \"categories\": [\"Toys\", \"Games\"], \"parent_asin\": \"P1\"}\n");
    try (DatasetReader reader = reader(RATINGS)) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("item") + " " + row.get("time") + " " + row.get("label"))
          .containsExactly("P1 1588687728923 1", "P2 1588687728924 0");
      assertThat(Rows.of(reader, RawTable.ITEMS).get(0).values())
          .containsExactly("P1", "A {toy}", "Shop", "[\"Toys\",\"Games\"]");
    }
  }

  @Test
  void ratingsAloneAreReadInTheOrderOfTheirRelease() throws IOException {
    write("ratings_Beauty.csv", "A1,P1,5.0,1369699200\n");
    write("Software.csv", "P2,A1,1.0,1369699201\n");
    write("Toys.csv", "user_id,parent_asin,rating,timestamp\nA1,P3,4.0,1588687728923\n");
    try (DatasetReader reader = reader(RATINGS)) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> String.join(" ", row.values()))
          .containsExactly(
              "A1 P1 Beauty 1 1369699200000",
              "A1 P2 Software 0 1369699201000",
              "A1 P3 Toys 1 1588687728923");
    }
  }

  private static final AmazonConfig PARTS =
      new AmazonConfig(List.of(), Label.RATING, 3, true, true, false);
  private static final String HEADER = "user_id,parent_asin,rating,timestamp";

  /** The dates of the publisher: 1628643414042 begins validation, 1658002729837 the test part. */
  @Test
  void thePublishersPartsAreRead() throws IOException {
    part("5core/timestamp/Toys.train.csv", HEADER, "A1,P1,5.0,1628643414041");
    part("5core/timestamp/Toys.valid.csv", HEADER, "A1,P2,1.0,1628643414042");
    part("5core/timestamp/Toys.test.csv", HEADER, "A2,P1,4.0,1658002729837");
    part("5core/timestamp/Books.train.csv", HEADER, "A2,P3,3.0,1452647382000");
    part("5core/timestamp/Books.valid.csv", HEADER);
    part("5core/timestamp/Books.test.csv", HEADER, "A2,P4,5.0,1658002729838");
    write("meta_Toys.jsonl", "{\"parent_asin\": \"P1\", \"title\": \"Kite\", \"store\": \"S\"}\n");
    try (DatasetReader reader = reader(PARTS)) {
      assertThat(reader.schema().split()).isTrue();
      assertThat(reader.scenarios()).extracting(RawScenario::key).containsExactly("Books", "Toys");
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> String.join(" ", row.values()))
          .containsExactly(
              "A2 P3 Books 0 1452647382000 train",
              "A2 P4 Books 1 1658002729838 test",
              "A1 P1 Toys 1 1628643414041 train",
              "A1 P2 Toys 0 1628643414042 validation",
              "A2 P1 Toys 1 1658002729837 test");
      assertThat(Rows.of(reader, RawTable.ITEMS))
          .extracting(row -> row.get("title"))
          .containsExactly("Kite");
      assertThat(reader.sources()).hasSize(7);
    }
    Path valid = folder.resolve("5core/timestamp/Books.valid.csv");
    Files.delete(valid);
    assertThatThrownBy(() -> reader(PARTS))
        .hasMessageContaining("no file Books.valid.csv in " + valid.getParent());
    part("5core/last_out/Books.train.csv", HEADER);
    assertThatThrownBy(() -> reader(PARTS)).hasMessageContaining("data/TWO_RELEASES");
  }

  @Test
  void partsHaveTheHistoryThatTheirFilesHave() throws IOException {
    part("Toys.train.csv", HEADER + ",history", "A1,P1,5.0,1452647382000,");
    part("Toys.valid.csv", HEADER + ",history", "A1,P2,5.0,1454675785000,P1");
    part("Toys.test.csv", HEADER + ",history", "A1,P3,5.0,1454676014000,P1 P2");
    AmazonConfig config = new AmazonConfig(List.of("Toys"), Label.REVIEW, 3, true, true, true);
    try (DatasetReader reader = reader(config)) {
      assertThat(reader.schema().tables()).containsExactly(RawTable.INTERACTIONS);
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("split") + " " + row.get("history"))
          .containsExactly("train null", "validation [\"P1\"]", "test [\"P1\",\"P2\"]");
      assertThat(reader.schema().fields()).allMatch(field -> field.vocabulary() == null);
    }
    AmazonConfig shared =
        new AmazonConfig(List.of("Toys"), Label.REVIEW, 3, true, true, true, true);
    try (DatasetReader reader = reader(shared)) {
      assertThat(reader.schema().fields())
          .filteredOn(field -> field.vocabulary() != null)
          .extracting(RawField::name, RawField::vocabulary)
          .containsExactly(tuple("history", "item_id"));
    }
    part("Toys.train.csv", HEADER, "A1,P1,5.0,1452647382000");
    assertThatThrownBy(() -> reader(config))
        .hasMessageContaining("Toys.train.csv has no column history");
    assertThatThrownBy(
            () -> reader(new AmazonConfig(List.of(), Label.REVIEW, 3, true, false, true)))
        .hasMessageContaining("data/NO_HISTORY");
  }

  private void part(String name, String... lines) throws IOException {
    Files.createDirectories(folder.resolve(name).getParent());
    Files.write(folder.resolve(name), List.of(lines));
  }

  @Test
  void faultsAreNamedWithTheirPlace() throws IOException {
    write(
        "reviews_Beauty_5.json",
        REVIEW_2014.formatted(1, "4.0") + REVIEW_2014.formatted(2, "\"good\""));
    assertFailure(
        RawTable.INTERACTIONS,
        folder.resolve("reviews_Beauty_5.json")
            + ", line 2: column 'overall' has 'good', which is not a number.");
    write("reviews_Beauty_5.json", REVIEW_2014.formatted(1, "NaN"));
    assertFailure(
        RawTable.INTERACTIONS, "line 1: column 'overall' has 'NaN', which is not a number.");
    write(
        "reviews_Beauty_5.json", "\n{\"asin\": \"P1\", \"overall\": 1.0, \"unixReviewTime\": 1}\n");
    assertFailure(RawTable.INTERACTIONS, "line 2: column 'reviewerID' is missing.");
    write("reviews_Beauty_5.json", "{\"asin\": \"P1\", \"over\n");
    assertFailure(RawTable.INTERACTIONS, "line 1: Not an object: {\"asin\": \"P1\", \"over.");
  }

  @Test
  void aFileThatIsCutOffIsRefused() throws IOException {
    gzip("Books_5.json.gz", REVIEW_2014.formatted(1, "4.0").repeat(2_000));
    byte[] whole = Files.readAllBytes(folder.resolve("Books_5.json.gz"));
    Files.write(folder.resolve("Books_5.json.gz"), Arrays.copyOf(whole, whole.length - 9));
    assertFailure(
        RawTable.INTERACTIONS, "[data/DAMAGED_GZIP] " + folder.resolve("Books_5.json.gz"));
  }

  @Test
  void categoriesThatAreAbsentOrThereTwiceAreRefused() throws IOException {
    write("Books_5.json", REVIEW_2014.formatted(1, "4.0"));
    AmazonConfig config = new AmazonConfig(List.of("Toys"), Label.RATING, 3, true, false, false);
    assertThatThrownBy(() -> reader(config))
        .hasMessageContaining("data/MISSING_FILE")
        .hasMessageContaining("category Toys in " + folder + ", which has Books_5.json.");
    write("reviews_Books.json", REVIEW_2014.formatted(1, "4.0"));
    assertThatThrownBy(() -> reader(RATINGS)).hasMessageContaining("data/TWO_FILES");
  }

  @Test
  void archivesAreToBeUnzippedFirst() throws IOException {
    write("Books_5.json", REVIEW_2014.formatted(1, "4.0"));
    write("reviews_Toys_5.json.zip", "");
    String refusal =
        "[data/ZIPPED] " + folder.resolve("reviews_Toys_5.json.zip") + " cannot be read as it is.";
    assertThatThrownBy(() -> reader(RATINGS)).hasMessageContaining(refusal);
    AmazonConfig toys = new AmazonConfig(List.of("Toys"), Label.RATING, 3, true, false, false);
    assertThatThrownBy(() -> reader(toys))
        .hasMessageContaining(refusal)
        .hasMessageContaining("Unzip it first");
    AmazonConfig books = new AmazonConfig(List.of("Books"), Label.RATING, 3, true, false, false);
    reader(books).close();
    write("Toys.json", REVIEW_2014.formatted(1, "4.0"));
    reader(toys).close();
    write("meta_Toys.json.zip", "");
    assertThatThrownBy(() -> reader(toys))
        .hasMessageContaining("meta_Toys.json.zip cannot be read");
    reader(new AmazonConfig(List.of("Toys"), Label.RATING, 3, false, false, false)).close();
  }

  @Test
  void aFolderWithAnArchiveAloneIsFound() throws IOException {
    write("reviews_Toys_5.json.zip", "");
    assertThatThrownBy(() -> reader(RATINGS)).hasMessageContaining("data/ZIPPED");
  }

  @Test
  void otherFilesAreNoCategoriesUnlessTheyAreNamed() throws IOException {
    write("notes.json", REVIEW_2014.formatted(1, "4.0"));
    assertThatThrownBy(() -> reader(RATINGS))
        .hasMessageContaining(
            "no file of reviews of a category in " + folder + ", which has notes.json.");
    write("reviews_Books.json", REVIEW_2014.formatted(1, "4.0"));
    write("links.csv", "1,2,3,4\n");
    try (DatasetReader reader = reader(RATINGS)) {
      assertThat(reader.scenarios()).extracting(RawScenario::key).containsExactly("Books");
    }
    AmazonConfig named = new AmazonConfig(List.of("notes"), Label.RATING, 3, true, false, false);
    try (DatasetReader reader = reader(named)) {
      assertThat(reader.scenarios()).extracting(RawScenario::key).containsExactly("notes");
    }
  }

  private static Map<String, Long> count(List<Map<String, String>> rows, String column) {
    return rows.stream()
        .collect(Collectors.groupingBy(row -> row.get(column), Collectors.counting()));
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(folder.resolve(name), text);
  }

  private void gzip(String name, String text) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(text.getBytes(UTF_8));
    }
    Files.write(folder.resolve(name), bytes.toByteArray());
  }

  private void assertFailure(RawTable table, String message) {
    try (DatasetReader reader = reader(RATINGS)) {
      assertThatThrownBy(() -> Rows.of(reader, table))
          .isInstanceOfSatisfying(
              MsrException.class, e -> assertThat(e.type()).isEqualTo(ErrorType.DATA))
          .hasMessageContaining(message);
    }
  }

  private DatasetReader reader(AmazonConfig config) {
    return new AmazonFactory().create(config, Contexts.of(folder, scratch));
  }
}
