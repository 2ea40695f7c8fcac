package org.llm4msr.runtime.data.prepared;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.IdColumn;
import org.llm4msr.runtime.data.arrow.IdListColumn;
import org.llm4msr.runtime.data.arrow.NumberColumn;
import org.llm4msr.runtime.data.arrow.TextColumn;
import org.llm4msr.runtime.data.order.TrainingOrder;
import org.llm4msr.runtime.data.preparation.Preparations;

/** Files of pyarrow, made by {@code make_fixture.py} beside them. */
class ForeignArrowTest {

  private static final Path FIXTURE = fixture();

  @TempDir Path folder;

  private static Path fixture() {
    try {
      return Path.of(ForeignArrowTest.class.getResource("foreign").toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The row that the script writes for number i. */
  private static String row(int i) {
    List<Integer> tags = new ArrayList<>();
    for (int k = 0; k < i % 3; k++) {
      tags.add(1 + (i + k) % 4);
    }
    float price = i % 8 / 4f - 1;
    int label = i % 3 == 0 ? 1 : 0;
    return (i * 7 % 50)
        + " "
        + i % 2
        + " "
        + label
        + " "
        + i % 6
        + " "
        + tags
        + " "
        + tags
        + " "
        + price;
  }

  @Test
  void readsEveryWidthAndListType() {
    try (PreparedData data = PreparedData.open(FIXTURE)) {
      List<String> expected = new ArrayList<>();
      for (int i = 0; i < 1010; i++) {
        expected.add(row(i));
      }
      assertThat(Preparations.rows(data.sequential(Split.TRAIN, 64)))
          .isEqualTo(expected.subList(0, 1000));
      assertThat(Preparations.rows(data.sequential(Split.VALIDATION, 64)))
          .isEqualTo(expected.subList(1000, 1010));
      assertThat(Preparations.rows(data.sequential(Split.TEST, 64))).isEmpty();
      assertThat(Preparations.rows(data.training(new TrainingOrder(64, 400, 1, 0, 0))))
          .containsExactlyInAnyOrderElementsOf(expected.subList(0, 1000));
      assertThat(data.userKeys()).hasSize(50).startsWith("user-0").endsWith("user-49");
      assertThat(data.trainingUsers().cardinality()).isEqualTo(25);
    }
  }

  @Test
  void refusesWhatItDoesNotReadByTheColumn() {
    refused(() -> new IdColumn(open("nulls.arrow"), "b", 9), "data/NULLS", "'b' has 1 nulls");
    refused(() -> new IdColumn(open("nulls.arrow"), "c", 9), "data/MISSING_COLUMN", "'c'");
    refused(() -> new IdListColumn(open("nulls.arrow"), "a", 9), "data/WRONG_TYPE", "'a'");
    refused(() -> new TextColumn(open("nulls.arrow"), "a"), "data/WRONG_TYPE", "expected utf8");
    refused(() -> open("dictionary.arrow").nodes("a"), "data/DICTIONARY", "'a'");
    refused(() -> open("compressed.arrow"), "data/COMPRESSED", "without compression");
    refused(() -> open("stream.arrow"), "data/BAD_ARROW_FILE", "not an Arrow IPC file");
    refused(() -> open("none.arrow"), "data/MISSING_FILE", "does not exist");
  }

  @Test
  void readsPlainColumnsBesideADictionary() {
    IdColumn column = new IdColumn(open("dictionary.arrow"), "b", 7);
    assertThat(column.get(0)).isEqualTo(5);
    assertThat(column.get(1)).isEqualTo(6);
  }

  @Test
  void refusesIdsBeyondTheVocabularyByRow() {
    IdColumn column = new IdColumn(open("train.arrow"), "user", 5);
    refused(
        () -> column.gather(new long[] {4, 5}, 2, new int[2]),
        "data/ID_RANGE",
        "'user' has 5 in row 5; dataset.json says that ids are below 5");
    IdListColumn lists = new IdListColumn(open("train.arrow"), "tags", 4);
    refused(
        () -> lists.gather(new long[] {0, 1, 2}, 3, new FieldValues.IdLists(3)),
        "data/ID_RANGE",
        "'tags' has 4 in row 2");
  }

  @Test
  void refusesNegativeWeightsByRow() {
    NumberColumn column = new NumberColumn(open("train.arrow"), "price");
    float[] values = new float[2];
    column.gather(new long[] {6, 9}, 2, values);
    refused(
        () -> column.requireWeights(new long[] {6, 9}, 2, values),
        "data/BAD_VALUE",
        "'price' has -0.75 in row 9; weights must be at least 0");
  }

  @Test
  void refusesAManifestThatDoesNotFitTheFiles() throws IOException {
    copyFixture();
    edit("\"train\": 1000", "\"train\": 999");
    refused(() -> PreparedData.open(folder), "data/ROW_COUNT", "train.arrow has 1000 rows");
    copyFixture();
    edit("\"name\": \"price\"", "\"name\": \"prize\"");
    refused(() -> PreparedData.open(folder), "data/MISSING_COLUMN", "no column 'prize'");
    copyFixture();
    edit("\"formatVersion\": 1", "\"formatVersion\": 2");
    refused(() -> PreparedData.open(folder), "data/FORMAT_VERSION", "this release reads 1");
    copyFixture();
    edit("\"files\": {}", "\"files\": {\"users.arrow\": {\"bytes\": 3, \"sha256\": \"\"}}");
    refused(() -> PreparedData.open(folder), "data/CHANGED_FILE", "users.arrow has");
    copyFixture();
    edit("\"users\"", "\"usrs\"");
    refused(() -> PreparedData.open(folder), "data/BAD_MANIFEST", "users");
    refused(() -> PreparedData.open(folder.resolve("x")), "data/NOT_PREPARED", "data prepare");
  }

  @Test
  void refusesATruncatedFile() throws IOException {
    copyFixture();
    byte[] whole = Files.readAllBytes(folder.resolve("train.arrow"));
    for (int length : new int[] {0, 5, 100, whole.length / 2, whole.length - 1}) {
      Files.write(folder.resolve("train.arrow"), java.util.Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> PreparedData.open(folder))
          .isInstanceOfSatisfying(
              MsrException.class, e -> assertThat(e.code()).isEqualTo("data/BAD_ARROW_FILE"));
    }
  }

  private void copyFixture() throws IOException {
    for (String name :
        List.of("dataset.json", "train.arrow", "validation.arrow", "test.arrow", "users.arrow")) {
      Files.copy(FIXTURE.resolve(name), folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private void edit(String from, String to) throws IOException {
    Path manifest = folder.resolve("dataset.json");
    String text = Files.readString(manifest);
    assertThat(text).contains(from);
    Files.writeString(manifest, text.replace(from, to));
  }

  private static ArrowFile open(String name) {
    return ArrowFile.open(FIXTURE.resolve(name));
  }

  private static void refused(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String code, String text) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(MsrException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContaining(text);
  }

  /** It trains as ever, but has no column that tells drawn rows from logged ones. */
  @Test
  void historyNeedsToKnowWhichRowsWereLogged() {
    try (PreparedData data = PreparedData.open(FIXTURE)) {
      assertThatThrownBy(() -> data.loggedRows(Set.of(Split.TRAIN)))
          .isInstanceOf(MsrException.class)
          .hasMessageContaining("data/NO_HISTORY")
          .hasMessageContaining("train.arrow does not say which rows were logged (column 'drawn')")
          .hasMessageContaining("`llm4msr data prepare --force`");
    }
  }
}
