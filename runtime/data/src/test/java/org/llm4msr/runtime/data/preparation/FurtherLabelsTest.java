package org.llm4msr.runtime.data.preparation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.data.RawField;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.api.knowledge.ScenarioStatistics;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.config.DatasetConfig;
import org.llm4msr.runtime.config.NegativePool;
import org.llm4msr.runtime.config.NegativesConfig;
import org.llm4msr.runtime.config.SplitConfig;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.prepared.TrainingLog;

/** Further labels of rows, from the reader to the prepared files. */
class FurtherLabelsTest {

  private static final DatasetConfig GIVEN =
      Preparations.config(Preparations.split(SplitConfig.By.GIVEN), 1);

  @TempDir Path folder;

  private static ListReader reader() {
    ListReader reader =
        new ListReader()
            .table(
                RawTable.INTERACTIONS,
                RawSchema.USER,
                List.of("a", "a", "b", "a", "b"),
                RawSchema.ITEM,
                List.of("1", "2", "3", "4", "5"),
                RawSchema.SCENARIO,
                List.of("s", "s", "t", "t", "s"),
                RawSchema.LABEL,
                List.of(1L, 0L, 1L, 0L, 1L),
                RawSchema.SPLIT,
                List.of("test", "train", "train", "train", "validation"));
    reader.field("user", RawTable.INTERACTIONS, new FieldKind.Categorical());
    return reader;
  }

  private static ListReader labelled(ListReader reader, String name, Object... values) {
    reader.labels = Stream.concat(reader.labels.stream(), Stream.of(name)).toList();
    reader.tables.get(RawTable.INTERACTIONS).put("label_" + name, Arrays.asList(values));
    return reader;
  }

  private static ListReader both() {
    return labelled(
        labelled(reader(), "like", 0L, 1L, 1L, null, 1L), "long_view", "1", null, "1.0", null, "0");
  }

  private DatasetManifest prepare(ListReader reader, DatasetConfig config, String name) {
    return DatasetPreparation.prepare(
            reader, Preparations.request(config, folder.resolve(name), 2), Progress.NONE)
        .manifest();
  }

  /** The labels by label, then by row, as texts; null where there are none. */
  private List<String> labels(String name, Split split) {
    try (PreparedData data = PreparedData.open(folder.resolve(name));
        BatchSource rows = data.sequential(split, 16)) {
      Batch batch = rows.newBatch();
      assertThat(rows.next(batch)).isTrue();
      return batch.labels == null
          ? null
          : Arrays.stream(batch.labels)
              .map(label -> Arrays.toString(Arrays.copyOf(label, batch.size)))
              .toList();
    }
  }

  @Test
  void areThoseOfTheReader() {
    DatasetManifest manifest = prepare(both(), GIVEN, "data");

    assertThat(manifest.labels()).containsExactly("like", "long_view");
    assertThat(labels("data", Split.TRAIN)).containsExactly("[1.0, 1.0, NaN]", "[NaN, 1.0, NaN]");
    assertThat(labels("data", Split.VALIDATION)).containsExactly("[1.0]", "[0.0]");
    assertThat(labels("data", Split.TEST)).containsExactly("[0.0]", "[1.0]");
  }

  /** The second training row is the positive: its negative has what is known of it as 0. */
  @Test
  void ofDrawnNegativesAreZeroWhereThePositiveHasThem() {
    NegativesConfig one =
        new NegativesConfig(1, NegativesConfig.Draw.UNIFORM, NegativePool.PART, 3, 1);
    DatasetConfig drawing = Preparations.drawing(Preparations.split(SplitConfig.By.GIVEN), 1, one);
    prepare(both(), drawing, "both");
    prepare(labelled(reader(), "like", 0L, 1L, null, 0L, 1L), drawing, "unknown");

    assertThat(labels("both", Split.TRAIN))
        .containsExactly("[1.0, 1.0, 0.0, NaN]", "[NaN, 1.0, 0.0, NaN]");
    assertThat(labels("unknown", Split.TRAIN)).containsExactly("[1.0, NaN, NaN, 0.0]");
  }

  @Test
  void dataWithoutThemIsAsBefore() throws IOException {
    DatasetManifest plain = prepare(reader(), GIVEN, "data");

    assertThat(labels("data", Split.TRAIN)).isNull();
    assertThat(Files.readString(folder.resolve("data/dataset.json"))).doesNotContain("labels");
    assertThat(prepare(both(), GIVEN, "both").key()).isNotEqualTo(plain.key());
  }

  @Test
  void haveTwoValues() {
    for (Object bad : new Object[] {2L, -1L, "yes"}) {
      refused(
          labelled(reader(), "like", "0", String.valueOf(bad), "1", null, "0"),
          "[data/BAD_LABEL] Table interactions has 1 rows with a label 'like' other than 0, 1 and null, for example 'user a and item 2'");
    }
  }

  @Test
  void haveNamesOfTheirOwn() {
    refused(
        labelled(reader(), "Like", 0L, 0L, 0L, 0L, 0L),
        "[data/LABEL_NAME] The further label 'Like' has a name that is not of lower-case letters, digits and underscores. Rename it.");
    refused(
        labelled(reader(), "score", 0L, 0L, 0L, 0L, 0L),
        "[data/LABEL_NAME] The further label 'score' has a name that is taken");
    ListReader field = labelled(reader(), "like", 0L, 0L, 0L, 0L, 0L);
    field.field("label_like", RawTable.INTERACTIONS, new FieldKind.Categorical());
    refused(field, "[data/FIELD_NAME] The field name 'label_like' is used twice or reserved");
  }

  /** What is not known when a prediction is made is no field. */
  @Test
  void areNoFields() {
    ListReader reader = labelled(reader(), "like", 0L, 0L, 0L, 0L, 0L);
    reader.fields.add(
        new RawField(
            "liked",
            RawTable.INTERACTIONS,
            "label_like",
            FieldRole.CONTEXT,
            new FieldKind.Categorical()));

    refused(reader, "[data/LEAK] The field 'liked' reads the column 'label_like'");
  }

  private void refused(ListReader reader, String message) {
    assertThatThrownBy(() -> prepare(reader, GIVEN, "bad"))
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith(message);
    assertThat(folder.resolve("bad")).doesNotExist();
  }

  /** Of the training rows only the last is liked; the likes of the first are not known. */
  @Test
  void tellWhatUsersHadChosen() {
    ListReader reader = labelled(reader(), "like", 1L, null, 0L, 1L, 1L);
    reader.tables.get(RawTable.INTERACTIONS).put(RawSchema.TIME, List.of(5L, 1L, 2L, 3L, 4L));
    prepare(reader, GIVEN, "data");

    Path data = folder.resolve("data");
    TrainingLog liked = new RowsLog(data, folder.resolve("liked"), 256L << 20, 2, "like").oldest(3);
    TrainingLog clicked = new RowsLog(data, folder.resolve("clicked"), 256L << 20, 2).oldest(3);
    assertThat(histories(liked)).containsExactly("a t");
    assertThat(histories(clicked)).containsExactly("b t");
    assertThat(liked.scenarioStatistics())
        .extracting(ScenarioStatistics::positives)
        .containsExactly(1L, 0L);

    try (PreparedData prepared = PreparedData.open(data)) {
      List<String> rows = new ArrayList<>();
      prepared
          .loggedRows(EnumSet.allOf(Split.class), "like")
          .forEach(
              (part, user, item, scenario, positive, time, group) ->
                  rows.add(time + (positive ? " liked" : "")));
      assertThat(rows).containsExactly("2", "3 liked", "4 liked", "5 liked");
      assertThatThrownBy(() -> prepared.loggedRows(EnumSet.of(Split.TRAIN), "share"))
          .hasMessage(
              "[data/UNKNOWN_LABEL] The data has no label 'share'. It has label, the main one, and the further labels [like].");
    }
  }

  private static List<String> histories(TrainingLog log) {
    List<String> histories = new ArrayList<>();
    log.forEachUser(
        user ->
            user.events().forEach(event -> histories.add(user.user() + " " + event.scenario())));
    return histories;
  }

  /** The new data may lack a label, or have another one: a model is trained on what it has. */
  @Test
  void ofExtendedDataAreItsOwn() {
    prepare(both(), GIVEN, "first");

    DatasetManifest next =
        DatasetPreparation.prepare(
                labelled(reader(), "like", 1L, 0L, 1L, 0L, 1L),
                new PreparationRequest(
                    GIVEN,
                    folder.resolve("next"),
                    512L << 20,
                    2,
                    false,
                    folder.resolve("first"),
                    "FILE"),
                Progress.NONE)
            .manifest();

    assertThat(next.labels()).containsExactly("like");
  }
}
