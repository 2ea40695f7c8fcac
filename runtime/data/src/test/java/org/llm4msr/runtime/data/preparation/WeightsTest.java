package org.llm4msr.runtime.data.preparation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.config.DatasetConfig;
import org.llm4msr.runtime.config.NegativePool;
import org.llm4msr.runtime.config.NegativesConfig;
import org.llm4msr.runtime.config.SplitConfig;
import org.llm4msr.runtime.data.inspection.PreparedSummary;
import org.llm4msr.runtime.data.inspection.PreparedSummary.Labels;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.Split;

/** The weights of rows, from the reader to the prepared files. */
class WeightsTest {

  private static final DatasetConfig GIVEN =
      Preparations.config(Preparations.split(SplitConfig.By.GIVEN), 1);

  @TempDir Path folder;

  private static ListReader reader(Object... weights) {
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
    if (weights.length > 0) {
      reader.tables.get(RawTable.INTERACTIONS).put(RawSchema.WEIGHT, Arrays.asList(weights));
    }
    return reader;
  }

  private DatasetManifest prepare(ListReader reader, DatasetConfig config, String name) {
    return DatasetPreparation.prepare(
            reader, Preparations.request(config, folder.resolve(name), 2), Progress.NONE)
        .manifest();
  }

  private float[] weights(String name, Split split) {
    try (PreparedData data = PreparedData.open(folder.resolve(name));
        BatchSource rows = data.sequential(split, 16);
        BatchSource without = data.withoutFields(split, 16)) {
      Batch batch = rows.newBatch();
      Batch other = without.newBatch();
      assertThat(rows.next(batch)).isEqualTo(without.next(other)).isTrue();
      assertThat(other.fields).isEmpty();
      assertThat(other.weight).isEqualTo(batch.weight);
      assertThat(other.label).isEqualTo(batch.label);
      return batch.weight == null ? null : Arrays.copyOf(batch.weight, batch.size);
    }
  }

  private static DatasetConfig drawing(double weight) {
    return Preparations.drawing(
        Preparations.split(SplitConfig.By.GIVEN),
        1,
        new NegativesConfig(1, NegativesConfig.Draw.UNIFORM, NegativePool.PART, 3, weight));
  }

  @Test
  void areThoseOfTheReaderAndOneWhereItHasNone() {
    prepare(reader(0.5, 2.0, null, 0.0, 7.0), GIVEN, "data");

    assertThat(weights("data", Split.TRAIN)).containsExactly(2, 1, 0);
    assertThat(weights("data", Split.VALIDATION)).containsExactly(7);
    assertThat(weights("data", Split.TEST)).containsExactly(0.5f);
  }

  @Test
  void dataWithoutThemHasNoColumn() {
    prepare(reader(), GIVEN, "data");

    assertThat(weights("data", Split.TRAIN)).isNull();
  }

  /** The positive of the training part weighs 3, and has the other item as a negative. */
  @Test
  void ofDrawnNegativesAreOneUnlessSet() {
    prepare(reader(1.0, 2.0, 3.0, 4.0, 5.0), drawing(1), "one");
    prepare(reader(1.0, 2.0, 3.0, 4.0, 5.0), drawing(0.25), "set");
    prepare(reader(), drawing(1), "none");
    DatasetManifest manifest = prepare(reader(), drawing(0.25), "alone");

    assertThat(weights("one", Split.TRAIN)).containsExactly(2, 3, 1, 4);
    assertThat(weights("set", Split.TRAIN)).containsExactly(2, 3, 0.25f, 4);
    assertThat(weights("none", Split.TRAIN)).isNull();
    assertThat(weights("alone", Split.TRAIN)).containsExactly(1, 1, 0.25f, 1);
    assertThat(manifest.labelRule()).endsWith(", seed 3, weight 0.25");
  }

  @Test
  void decideTheKeyOnlyWhereThereAreSome() {
    String plain = prepare(reader(), GIVEN, "plain").key();
    List<String> keys = new ArrayList<>(List.of(plain));
    keys.add(prepare(reader(1.0, 1.0, 1.0, 1.0, 1.0), GIVEN, "weights").key());
    keys.add(prepare(reader(), drawing(1), "drawn").key());
    keys.add(prepare(reader(), drawing(2), "heavy").key());

    assertThat(keys).doesNotHaveDuplicates();
  }

  @Test
  void areNeitherNegativeNorInfinite() {
    for (Double bad : new Double[] {-1.0, Double.NaN, Double.POSITIVE_INFINITY, 1e39}) {
      refused(
          reader(1.0, 1.0, bad, 1.0, 1.0),
          "[data/BAD_WEIGHT] Table interactions has 1 rows with a weight that is negative or not finite");
    }
    refused(reader("1", "1", "1", "1", "1"), "[data/WRONG_TYPE] Column 'weight'");
  }

  @Test
  void mustNotAllBeZeroInTheTrainingPart() {
    refused(
        reader(1.0, 0.0, 0.0, 0.0, 1.0),
        "[data/NO_WEIGHT] All 3 rows of the training part have the weight 0");
  }

  private void refused(ListReader reader, String message) {
    assertThatThrownBy(() -> prepare(reader, GIVEN, "bad"))
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith(message);
    assertThat(folder.resolve("bad")).doesNotExist();
  }

  @Test
  void inspectionCountsLabelsByThem() throws IOException {
    prepare(reader(0.5, 2.0, 6.0, 1.0, 7.0), GIVEN, "data");
    prepare(reader(), GIVEN, "plain");

    PreparedSummary summary =
        Preparations.inspect(folder.resolve("data"), folder.resolve("scratch"));
    PreparedSummary plain =
        Preparations.inspect(folder.resolve("plain"), folder.resolve("scratch2"));

    assertThat(summary.parts())
        .extracting(part -> part.labels().positiveWeightShare())
        .satisfies(shares -> assertThat(shares.get(0)).isCloseTo(6 / 9.0, within(1e-12)))
        .endsWith(1.0, 1.0);
    List<Labels> training =
        summary.scenarios().stream().map(s -> s.parts().get(0).labels()).toList();
    // t has two training rows, and s one.
    assertThat(training.get(0).positiveWeightShare()).isCloseTo(6 / 7.0, within(1e-12));
    assertThat(training.get(0).positiveShare()).isEqualTo(0.5);
    assertThat(training.get(1).positiveWeightShare()).isEqualTo(0.0);
    assertThat(plain.parts())
        .allSatisfy(part -> assertThat(part.labels().positiveWeightShare()).isNull());
  }
}
