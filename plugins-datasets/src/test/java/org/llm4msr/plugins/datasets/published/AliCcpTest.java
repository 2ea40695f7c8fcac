package org.llm4msr.plugins.datasets.published;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.LeftOutRows;
import org.llm4msr.api.data.RawField;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.Contexts;
import org.llm4msr.plugins.datasets.Rows;

class AliCcpTest {

  private static final AliCcpConfig CONFIG = new AliCcpConfig(true, false, 0);

  @TempDir Path folder;
  @TempDir Path scratch;

  /** Writes {@code field=id:value,...} in the published form. */
  private static String features(String text) {
    return text.replace(',', '\u0001').replace('=', '\u0002').replace(':', '\u0003');
  }

  @BeforeEach
  void write() throws IOException {
    Files.writeString(
        folder.resolve("sample_skeleton_train.csv"),
        "1,0,0,aa,4,"
            + features("205=I1:1.0,216=B1:1.0,301=S1:1.0,2050=no:1.0")
            + "\n"
            + "2,1,0,bb,6,"
            + features("508=X:2.5,205=I2:1.0,301=S2:1.0,210=n1:1.0,210=n2:1.0,206=C:1.0")
            + "\n"
            + "3,0,1,aa,2,"
            + features("205=I3:1.0,301=S1:1.0")
            + "\n");
    Files.writeString(
        folder.resolve("common_features_train.csv"),
        "aa,4,"
            + features("101=U1:1.0,121=a:1.0,109_14=c1:0.7,109_14=c2:1.1")
            + "\n"
            + "bb,1,"
            + features("101=U2:1.0")
            + "\n");
    Files.writeString(
        folder.resolve("sample_skeleton_test.csv"),
        "9,1,1,aa,2," + features("205=I1:1.0,301=S3:1.0") + "\n");
    Files.writeString(
        folder.resolve("common_features_test.csv"), "aa,1," + features("101=U3:1.0") + "\n");
  }

  @Test
  void rowsAreJoinedWithTheirCommonFeatures() throws IOException {
    try (DatasetReader reader = reader(new AliCcpConfig(true, true, 0))) {
      List<Map<String, String>> rows = Rows.of(reader, RawTable.INTERACTIONS);
      assertThat(rows)
          .extracting(
              row ->
                  String.join(
                      " ",
                      row.get("user"),
                      row.get("item"),
                      row.get("scenario"),
                      row.get("label"),
                      row.get("split")))
          .containsExactly("U1 I1 S1 0 train", "U2 I2 S2 1 train", "U3 I1 S3 1 test");
      assertThat(rows.get(0))
          .containsEntry("121", "a")
          .containsEntry("216", "B1")
          .containsEntry("206", "null")
          .containsEntry("109_14", "[\"c1\",\"c2\"]")
          .containsEntry("210", "[]")
          .containsEntry("D508", "null");
      assertThat(rows.get(1))
          .containsEntry("206", "C")
          .containsEntry("508", "X")
          .containsEntry("210", "[\"n1\",\"n2\"]")
          .containsEntry("D508", "2.5");
      assertThat(reader.schema().fields()).hasSize(3 + 8 + 3 + 4 + 5 + 4);
      assertThat(reader.leftOut())
          .containsExactly(
              new LeftOutRows("rows with a purchase but no click", 1, false, List.of()));
    }
  }

  /** The purchase without a click is left out, as without labels. */
  @Test
  void purchasesAreAFurtherLabel() throws IOException {
    Path train = folder.resolve("sample_skeleton_train.csv");
    Files.writeString(
        train, "4,1,1,bb,2," + features("205=I4:1.0,301=S2:1.0") + "\n", StandardOpenOption.APPEND);
    AliCcpConfig config = new AliCcpConfig(false, false, 0, false, List.of("purchase"));
    try (DatasetReader reader = reader(config)) {
      assertThat(reader.schema().labels()).containsExactly("purchase");
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(
              row -> row.get("item") + " " + row.get("label") + " " + row.get("label_purchase"))
          .containsExactly("I1 0 0", "I2 1 0", "I4 1 1", "I1 1 1");
      assertThat(reader.leftOut())
          .containsExactly(
              new LeftOutRows("rows with a purchase but no click", 1, false, List.of()));
    }
    Files.writeString(train, Files.readString(train).replace("4,1,1,bb", "4,1,,bb"));
    try (DatasetReader reader = reader(config)) {
      assertThatThrownBy(() -> Rows.of(reader, RawTable.INTERACTIONS))
          .hasMessageContaining(train + ", line 4: column 'purchase' has '', which is not 0 or 1.");
    }
  }

  @Test
  void valuesWeighTheElementsOfLists() throws IOException {
    try (DatasetReader reader = reader(new AliCcpConfig(true, false, 0, true, List.of()))) {
      List<Map<String, String>> rows = Rows.of(reader, RawTable.INTERACTIONS);
      assertThat(rows.get(0))
          .containsEntry("109_14", "[\"c1\",\"c2\"]")
          .containsEntry("W109_14", "[0.7,1.1]")
          .containsEntry("W210", "[]");
      assertThat(rows.get(1)).containsEntry("W210", "[1.0,1.0]");
      assertThat(reader.schema().fields())
          .filteredOn(field -> field.weights() != null)
          .extracting(RawField::weights)
          .containsExactly("W109_14", "W110_14", "W127_14", "W150_14", "W210");
    }
  }

  @Test
  void aValueThatIsNoWeightIsRefused() throws IOException {
    Path common = folder.resolve("common_features_train.csv");
    Files.writeString(common, Files.readString(common).replace("1.1", "-1"));
    try (DatasetReader reader = reader(new AliCcpConfig(true, false, 0, true, List.of()))) {
      assertThatThrownBy(() -> Rows.of(reader, RawTable.INTERACTIONS))
          .hasMessageContaining("common_features_train.csv, line 1: column 'feature_list' has ")
          .hasMessageContaining("a list whose values of 109_14 are from 0 to 1e30");
    }
  }

  @Test
  void aShareOfTheTrainingRowsIsForValidation() throws IOException {
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 2_000; i++) {
      rows.append(i).append(",0,0,aa,2,").append(features("205=I1:1.0,301=S1:1.0")).append('\n');
    }
    Files.writeString(folder.resolve("sample_skeleton_train.csv"), rows);
    try (DatasetReader reader = reader(new AliCcpConfig(false, false, 0.25))) {
      long validation =
          Rows.of(reader, RawTable.INTERACTIONS).stream()
              .filter(row -> row.get("split").equals("validation"))
              .count();
      assertThat(validation).isBetween(430L, 570L);
    }
  }

  @Test
  void aRepeatedRowOfCommonFeaturesIsRefused() throws IOException {
    Path common = repeatCommonFeatures();
    fails(
        common
            + ", line 3: column 'common_feature_index' has 'aa', which is not a key that no earlier"
            + " row has.");
  }

  @Test
  void theFirstRowOfCommonFeaturesCountsWhereMalformedRowsAreSkipped() throws IOException {
    repeatCommonFeatures();
    try (DatasetReader reader =
        new AliCcpFactory().create(CONFIG, Contexts.skipping(folder, scratch))) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("user"))
          .containsExactly("U1", "U2", "U3");
      assertThat(reader.leftOut())
          .containsExactly(
              new LeftOutRows("rows with a purchase but no click", 1, false, List.of()),
              new LeftOutRows("repeated rows of common features", 1, false, List.of()));
    }
  }

  @Test
  void rowsWithoutTheirFeaturesAreRefusedOrSkipped() throws IOException {
    Path skeleton = folder.resolve("sample_skeleton_test.csv");
    Files.writeString(
        skeleton,
        "9,1,1,aa,1,"
            + features("205=I1:1.0")
            + "\n8,1,1,zz,2,"
            + features("205=I1:1.0,301=S3:1.0"));
    fails(skeleton + ", line 1: column 'feature_list' has");
    try (DatasetReader reader =
        new AliCcpFactory().create(CONFIG, Contexts.skipping(folder, scratch))) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(row -> row.get("user"))
          .containsExactly("U1", "U2");
      assertThat(reader.leftOut())
          .extracting(LeftOutRows::reason, LeftOutRows::rows)
          .containsExactly(
              tuple("rows with a purchase but no click", 1L),
              tuple("rows without common features", 1L),
              tuple("malformed rows", 1L));
    }
  }

  private Path repeatCommonFeatures() throws IOException {
    return Files.writeString(
        folder.resolve("common_features_train.csv"),
        "aa,1," + features("101=U9:1.0") + "\n",
        StandardOpenOption.APPEND);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "205",
        "205=I1",
        "205=I1:",
        "205=I1:1.0",
        "205=I1:1.0,",
        "205=I1:1.0,301=S3",
        "205=I1:1.0,301=S3:"
      })
  void aListThatIsCutOffIsRefused(String list) throws IOException {
    Path skeleton = folder.resolve("sample_skeleton_test.csv");
    Files.writeString(skeleton, "9,1,1,aa,2," + features(list));
    fails(
        skeleton
            + ", line 1: column 'feature_list' has '"
            + features(list)
            + "', which is not as many whole features as feature_num says.");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sample_skeleton_train.csv",
        "sample_skeleton_test.csv",
        "common_features_train.csv",
        "common_features_test.csv"
      })
  void aFileThatIsMissingIsNamed(String file) throws IOException {
    Files.move(folder.resolve(file), folder.resolve(file + ".gz"));
    assertThatThrownBy(() -> reader(CONFIG))
        .hasMessageContaining("There is no file " + file + " in " + folder);
  }

  private void fails(String message) {
    try (DatasetReader reader = reader(CONFIG)) {
      assertThatThrownBy(() -> Rows.of(reader, RawTable.INTERACTIONS))
          .hasMessageContaining("data/MALFORMED_ROW")
          .hasMessageContaining(message);
    }
  }

  private DatasetReader reader(AliCcpConfig config) {
    return new AliCcpFactory().create(config, Contexts.of(folder, scratch));
  }
}
