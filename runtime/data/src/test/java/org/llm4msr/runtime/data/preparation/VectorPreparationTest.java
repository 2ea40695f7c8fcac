package org.llm4msr.runtime.data.preparation;

import static java.util.Arrays.asList;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues.Vectors;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.ManifestFile;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.PreparedIds;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.prepared.VectorMoments;
import org.llm4msr.runtime.data.rows.RawRows;
import org.llm4msr.runtime.data.rows.RowBinding;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.slf4j.LoggerFactory;

/**
 * Vectors of rows ("sound") and of items ("image") in six rows, worked by hand: 4:1:1 by time gives
 * rows 1 to 4, 5 and 6.
 */
class VectorPreparationTest {

  @TempDir Path folder;

  private static ListReader sixRows() {
    ListReader reader = new ListReader();
    reader.table(
        RawTable.INTERACTIONS,
        "user",
        asList("a", "b", "a", "b", "a", "b"),
        "item",
        asList("x", "x", "x", "y", "z", "y"),
        "scenario",
        asList("s", "s", "s", "s", "s", "s"),
        "label",
        asList(1L, 0L, 1L, 0L, 1L, 0L),
        "time",
        asList(1L, 2L, 3L, 4L, 5L, 6L),
        "sound",
        asList(
            List.of(1.0, 5.0, 7.0),
            List.of(3.0, 5.0, 9.0),
            null,
            asList(null, 5.0, Double.NaN),
            List.of(5.0, 5.0, 8.0),
            List.of(1.0, 6.0, 1e300)));
    reader.table(
        RawTable.ITEMS,
        "item",
        asList("x", "y", "z"),
        "image",
        asList(List.of(0.0, 2.0), List.of(4.0, -2.0), null));
    reader
        .field("user", RawTable.INTERACTIONS, new FieldKind.Categorical())
        .field("sound", RawTable.INTERACTIONS, new FieldKind.Vector(3))
        .field("image", RawTable.ITEMS, new FieldKind.Vector(2));
    return reader;
  }

  private PreparedData prepared() {
    return Preparations.prepare(
        sixRows(), Preparations.config(Preparations.BY_TIME, 1), folder.resolve("prepared"));
  }

  private static List<List<Float>> vectors(PreparedData data, Split split, int field) {
    List<List<Float>> vectors = new ArrayList<>();
    try (BatchSource source = data.sequential(split, 3)) {
      Batch batch = source.newBatch();
      while (source.next(batch)) {
        Vectors values = (Vectors) batch.fields.get(field);
        for (int row = 0; row < batch.size; row++) {
          List<Float> vector = new ArrayList<>();
          for (int k = 0; k < values.size(); k++) {
            vector.add(values.values()[row * values.size() + k]);
          }
          vectors.add(vector);
        }
      }
    }
    return vectors;
  }

  /**
   * Sound in training: 1, 3 (mean 2, deviation 1); 5, 5, 5 (constant); 7, 9 (mean 8, deviation 1).
   * Image: x has three training rows, y one: 0, 0, 0, 4 has mean 1 and deviation sqrt(3); 2, 2, 2,
   * -2 has mean 1 and deviation sqrt(3).
   */
  @Test
  void standardisesEachNumberOnTheTrainingPart() {
    PreparedData data = prepared();

    assertThat(vectors(data, Split.TRAIN, 1))
        .containsExactly(
            List.of(-1f, 0f, -1f), List.of(1f, 0f, 1f), List.of(0f, 0f, 0f), List.of(0f, 0f, 0f));
    assertThat(vectors(data, Split.VALIDATION, 1)).containsExactly(List.of(3f, 0f, 0f));
    assertThat(vectors(data, Split.TEST, 1)).containsExactly(List.of(-1f, 0f, 1e30f));
    float low = (float) (-1 / Math.sqrt(3));
    float high = (float) (1 / Math.sqrt(3));
    List<Float> x = List.of(low, high);
    List<Float> y = List.of(3 * high, 3 * low);
    List<List<Float>> images = vectors(data, Split.TRAIN, 2);
    assertClose(images.get(0), x);
    assertClose(images.get(2), x);
    assertClose(images.get(3), y);
    assertThat(vectors(data, Split.VALIDATION, 2)).containsExactly(List.of(0f, 0f));
    assertClose(vectors(data, Split.TEST, 2).get(0), y);
    VectorMoments moments = VectorMoments.read(folder.resolve("prepared"), "image", 2);
    assertThat(moments.mean()).containsExactly(1.0, 1.0);
    assertThat(moments.deviation().get(0)).isCloseTo(Math.sqrt(3), within(1e-12));
  }

  /** Another program need not write features of users where only items have vectors. */
  @Test
  void vectorsOfItemsNeedTheFileOfItemsAlone() throws IOException {
    prepared().close();
    Path prepared = folder.resolve("prepared");
    Path manifest = prepared.resolve("dataset.json");
    ObjectNode content = (ObjectNode) ManifestFile.JSON.readTree(manifest.toFile());
    content.putObject("files");
    ManifestFile.JSON.writeValue(manifest.toFile(), content);
    Files.delete(prepared.resolve("user-features.arrow"));
    float high = (float) (1 / Math.sqrt(3));

    try (PreparedData data = PreparedData.open(prepared)) {
      assertClose(vectors(data, Split.TEST, 2).get(0), List.of(3 * high, -3 * high));
    }
    Files.delete(prepared.resolve("item-features.arrow"));
    assertThatThrownBy(() -> PreparedData.open(prepared))
        .isInstanceOf(MsrException.class)
        .hasMessage(
            "[data/MISSING_COLUMN] %s has no column 'image', nor has user-features.arrow or item-features.arrow beside it. Write the vectors into one of them.",
            prepared.resolve("train.arrow"));
  }

  private static void assertClose(List<Float> actual, List<Float> expected) {
    for (int k = 0; k < expected.size(); k++) {
      assertThat(actual.get(k)).isCloseTo(expected.get(k), within(1e-6f));
    }
  }

  /** As when two files write the same ids differently. */
  @Test
  void warnsOfAFieldWithoutAnyVector() {
    Logger logger = (Logger) LoggerFactory.getLogger(VectorStatistics.class);
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    logger.addAppender(log);
    try {
      ListReader others = sixRows();
      others
          .tables
          .get(RawTable.ITEMS)
          .replaceAll(
              (column, values) ->
                  column.equals("item") ? List.<Object>of("item x", "item y", "item z") : values);
      Preparations.prepare(
          others, Preparations.config(Preparations.BY_TIME, 1), folder.resolve("prepared"));
    } finally {
      logger.detachAppender(log);
    }

    assertThat(log.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .containsExactly(
            "No row of the training part has a vector in the field image: models learn nothing from it. If the vectors are looked up by id, compare how the files write the ids.");
  }

  /** An item's vector is not repeated in its rows. */
  @Test
  void vectorsOfItemsAreStoredOnceForEachItem() {
    prepared();

    ArrowFile rows = ArrowFile.open(folder.resolve("prepared/train.arrow"));
    ArrowFile items = ArrowFile.open(folder.resolve("prepared/item-features.arrow"));
    assertThat(rows.has("sound")).isTrue();
    assertThat(rows.has("image")).isFalse();
    assertThat(items.has("image")).isTrue();
    assertThat(items.rows()).isEqualTo(3);
  }

  @Test
  void rowsToScoreAreEncodedAlike() {
    PreparedData data = prepared();
    RowEncoder encoder = RowEncoder.open(folder.resolve("prepared"));
    List<Map<String, Object>> rows =
        List.of(
            Map.of("user", "b", "item", "y", "scenario", "s", "sound", List.of(3.0, 5.0, 9.0)),
            Map.of(
                "user",
                "b",
                "item",
                "x",
                "scenario",
                "s",
                "sound",
                new float[] {5, 5, 8},
                "image",
                new double[] {4, -2}),
            Map.of("user", "b", "item", "new", "scenario", "s", "sound", new float[] {1, 5, 7}));

    RowBinding binding = encoder.bind(Set.of("user", "item", "scenario", "sound", "image"));
    Batch batch = binding.newBatch(3);
    binding.encode(RawRows.of(rows), 0, 3, 0, batch);

    assertThat(((Vectors) batch.fields.get(1)).values())
        .containsExactly(1, 0, 1, 3, 0, 0, -1, 0, -1);
    List<Float> y = vectors(data, Split.TRAIN, 2).get(3);
    assertThat(((Vectors) batch.fields.get(2)).values())
        .containsExactly(y.get(0), y.get(1), y.get(0), y.get(1), 0, 0);
    List<Map<String, Object>> wrong =
        List.of(Map.of("user", "b", "item", "y", "scenario", "s", "sound", List.of(3.0, 5.0)));
    assertThatThrownBy(() -> binding.encode(RawRows.of(wrong), 0, 1, 7, batch))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[data/VECTOR_SIZE]")
        .hasMessageContaining("Column 'sound' has 2 numbers in row 7; expected 3.");
  }

  @Test
  void vectorsOfAnotherLengthAreNamed() {
    ListReader short_ = sixRows();
    short_
        .tables
        .get(RawTable.ITEMS)
        .replaceAll(
            (column, values) ->
                column.equals("image")
                    ? asList(List.of(0.0, 2.0), List.of(4.0, -2.0, 1.0), null)
                    : values);
    assertThatThrownBy(
            () ->
                Preparations.prepare(
                    short_,
                    Preparations.config(Preparations.BY_TIME, 1),
                    folder.resolve("prepared")))
        .hasMessage(
            "[data/VECTOR_SIZE] Table items has 1 rows whose column 'image' does not have the 2 numbers of the vector field 'image'; the row of 'y' has 3. Fix the raw data, or the size of the field.");
    assertThat(Files.exists(folder.resolve("prepared"))).isFalse();
  }

  @Test
  void aSizeThatNoVectorHasIsRefused() {
    ListReader none = sixRows().field("nothing", RawTable.INTERACTIONS, new FieldKind.Vector(0));

    assertThatThrownBy(
            () ->
                Preparations.prepare(
                    none, Preparations.config(Preparations.BY_TIME, 1), folder.resolve("prepared")))
        .hasMessageContaining("[data/VECTOR_SIZE] The vectors of the field 'nothing' have 0");
  }

  /** Other data is standardised as the first was, and items that it does not describe stay. */
  @Test
  void extendedDataKeepsTheMoments() {
    prepared();
    ListReader later = sixRows();
    later.table(
        RawTable.ITEMS,
        "item",
        asList("y", "new"),
        "image",
        asList(List.of(7.0, 1.0), List.of(1.0, 1.0)));

    Path target = folder.resolve("extended");
    PreparationRequest request =
        new PreparationRequest(
            Preparations.config(Preparations.BY_TIME, 1),
            target,
            512L << 20,
            2,
            false,
            folder.resolve("prepared"),
            "FILE");
    DatasetPreparation.prepare(later, request, Progress.NONE);
    PreparedData extended = PreparedData.open(target);

    List<List<Float>> images = vectors(extended, Split.TRAIN, 2);
    assertClose(images.get(0), List.of((float) (-1 / Math.sqrt(3)), (float) (1 / Math.sqrt(3))));
    assertClose(images.get(3), List.of((float) (6 / Math.sqrt(3)), 0f));
    PreparedIds before = PreparedIds.open(folder.resolve("prepared"));
    assertThat(PreparedIds.open(folder.resolve("extended")).extend(before)).isTrue();
  }
}
