package org.llm4msr.runtime.data.preparation;

import static java.util.Arrays.asList;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.data.RawField;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues.IdLists;
import org.llm4msr.runtime.batch.FieldValues.Ids;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.IdColumn;
import org.llm4msr.runtime.data.inspection.LeakCheck;
import org.llm4msr.runtime.data.prepared.ManifestFile;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.PreparedIds;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.rows.RawRows;
import org.llm4msr.runtime.data.rows.RowBinding;
import org.llm4msr.runtime.data.rows.RowEncoder;

/**
 * A list of items that shares the vocabulary of the item, and queries and captions that share one
 * of words, in six rows worked by hand: 4:1:1 by time gives rows 1 to 4, 5 and 6.
 */
class SharedVocabularyTest {

  private static final FieldKind LIST = new FieldKind.MultiCategorical();

  @TempDir Path folder;

  private static RawField field(
      String name, RawTable table, FieldKind kind, @Nullable String vocabulary) {
    return new RawField(name, table, name, FieldRole.CONTEXT, kind, vocabulary);
  }

  private static ListReader sixRows() {
    ListReader reader = new ListReader();
    reader.table(
        RawTable.INTERACTIONS,
        "user",
        asList("a", "b", "a", "b", "a", "b"),
        "item",
        asList("x", "x", "y", "y", "z", "x"),
        "scenario",
        asList("s", "s", "s", "s", "s", "s"),
        "label",
        asList(1L, 0L, 1L, 0L, 1L, 0L),
        "time",
        asList(1L, 2L, 3L, 4L, 5L, 6L),
        "clicked",
        asList(
            null,
            List.of("x"),
            List.of("y", "q"),
            List.of("z", "q"),
            List.of("x", "never"),
            List.of("y")),
        "query",
        asList(
            List.of("w1"),
            List.of("w2", "w1"),
            null,
            List.of("w3"),
            List.of("w1", "w9"),
            List.of("w4")),
        "price",
        asList(1.0, 2.0, 1.0, 2.0, 1.0, 2.0));
    reader.table(
        RawTable.ITEMS,
        "item",
        asList("x", "y", "z"),
        "caption",
        asList(List.of("w1", "w4"), List.of("w2"), List.of("w5")));
    reader.fields.add(field("item", RawTable.INTERACTIONS, new FieldKind.Categorical(), "item"));
    reader.fields.add(field("clicked", RawTable.INTERACTIONS, LIST, "item"));
    reader.fields.add(field("query", RawTable.INTERACTIONS, LIST, "words"));
    reader.fields.add(field("caption", RawTable.ITEMS, LIST, "words"));
    return reader;
  }

  private PreparedData prepared() {
    return Preparations.prepare(
        sixRows(), Preparations.config(Preparations.BY_TIME, 2), folder.resolve("prepared"));
  }

  /**
   * Items in training: x 2 + 1, y 2 + 1, q 2, z 1, which is below 2. Words: w1 2 + 2 of x's two
   * rows, w2 1 + 2 of y's, w4 0 + 2, w3 1.
   */
  @Test
  void countsTheValuesOfAllFieldsTogether() {
    PreparedData data = prepared();

    assertThat(Preparations.rows(data.sequential(Split.TRAIN, 3)))
        .containsExactly(
            "0 0 1 1 [0] [1] [1, 3]",
            "1 0 0 1 [1] [2, 1] [1, 3]",
            "0 0 1 2 [2, 3] [0] [2]",
            "1 0 0 2 [3] [0] [2]");
    assertThat(Preparations.rows(data.sequential(Split.VALIDATION, 3)))
        .containsExactly("0 0 1 0 [1] [1] [0]");
    assertThat(Preparations.rows(data.sequential(Split.TEST, 3)))
        .containsExactly("1 0 0 1 [2] [3] [1, 3]");
    assertThat(data.manifest().fields()).extracting(PreparedField::vocabularySize).containsOnly(4);
    PreparedIds ids = PreparedIds.open(folder.resolve("prepared"));
    assertThat(ids.values(data.manifest().fields().get(1))).containsExactly("x", "y", "q");
    assertThat(ids.values(data.manifest().fields().get(3))).containsExactly("w1", "w2", "w4");
    assertThat(counts("prepared", "item")).containsExactly(3, 3, 2);
    assertThat(counts("prepared", "words")).containsExactly(4, 3, 2);
  }

  private List<Integer> counts(String data, String vocabulary) {
    ArrowFile file =
        ArrowFile.open(folder.resolve(data).resolve("vocabulary/" + vocabulary + ".arrow"));
    IdColumn counts = new IdColumn(file, "count", Integer.MAX_VALUE);
    return Stream.iterate(0, row -> row + 1)
        .limit(file.rows())
        .map(row -> counts.get(file.locate(row)))
        .toList();
  }

  @Test
  void aVocabularyIsOneFileAndOnlyFieldsThatShareOneNameIt() throws IOException {
    prepared();
    Path prepared = folder.resolve("prepared");

    try (Stream<Path> files = Files.list(prepared.resolve("vocabulary"))) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("item.arrow", "words.arrow");
    }
    JsonNode fields =
        ManifestFile.JSON.readTree(prepared.resolve("dataset.json").toFile()).get("fields");
    assertThat(fields.get(0).has("vocabulary")).isFalse();
    assertThat(fields.findValuesAsText("vocabulary")).containsExactly("item", "words", "words");
  }

  @Test
  void inspectionFindsTheCounts() throws IOException {
    prepared();

    assertThat(Preparations.inspect(folder.resolve("prepared"), folder.resolve("scratch")).checks())
        .filteredOn(check -> check.name().equals("vocabularies"))
        .extracting(LeakCheck::found)
        .containsExactly(0L);
  }

  @Test
  void rowsToScoreAreEncodedAlike() {
    prepared();
    RowEncoder encoder = RowEncoder.open(folder.resolve("prepared"));
    RowBinding binding = encoder.bind(Set.of("user", "item", "scenario", "clicked", "query"));
    Batch batch = binding.newBatch(2);

    binding.encode(
        RawRows.of(
            List.of(
                Map.of(
                    "user",
                    "b",
                    "item",
                    "y",
                    "scenario",
                    "s",
                    "clicked",
                    List.of("q", "z", "x"),
                    "query",
                    List.of("w4", "w1")),
                Map.of("user", "c", "item", "q", "scenario", "s", "clicked", "y", "query", "x"))),
        0,
        2,
        0,
        batch);

    assertThat(((Ids) batch.fields.get(0)).ids()).containsExactly(2, 3);
    assertList(batch, 1, 0, 3, 1);
    assertList(batch, 1, 1, 2);
    assertList(batch, 2, 0, 3, 1);
    assertList(batch, 2, 1, 0);
    assertList(batch, 3, 0, 2);
    assertList(batch, 3, 1, 0);
    assertThat(encoder.newCounts()).containsOnlyKeys("caption", "clicked", "item", "query");
    assertThat(RowEncoder.files(folder.resolve("prepared"))).doesNotHaveDuplicates();
  }

  private static void assertList(Batch batch, int field, int row, int... ids) {
    IdLists lists = (IdLists) batch.fields.get(field);
    int from = row == 0 ? 0 : lists.offsets[row];
    assertThat(Arrays.copyOfRange(lists.ids, from, lists.offsets[row + 1])).containsExactly(ids);
  }

  /** The second time, z has 1 more in each of two fields, and comes behind what is known. */
  @Test
  void extendedDataKeepsTheIds() {
    prepared();
    ListReader later = sixRows();
    later
        .tables
        .get(RawTable.INTERACTIONS)
        .replaceAll(
            (column, values) ->
                column.equals("item") ? asList("z", "x", "x", "x", "x", "x") : values);
    DatasetPreparation.prepare(later, extending("later"), Progress.NONE);
    PreparedIds ids = PreparedIds.open(folder.resolve("later"));

    assertThat(ids.extend(PreparedIds.open(folder.resolve("prepared")))).isTrue();
    assertThat(ids.values(ids.manifest().fields().get(0))).containsExactly("x", "y", "q", "z");
    assertThat(counts("later", "item")).containsExactly(3 + 3 + 1, 3 + 1, 2 + 2, 1 + 1);
    ListReader apart = sixRows();
    apart.fields.set(2, field("query", RawTable.INTERACTIONS, LIST, null));
    assertThatThrownBy(() -> DatasetPreparation.prepare(apart, extending("apart"), Progress.NONE))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[data/OTHER_FIELDS]")
        .hasMessageContaining("query (multi-categorical, vocabulary words)")
        .hasMessageContaining("query (multi-categorical), caption");
  }

  private PreparationRequest extending(String target) {
    return new PreparationRequest(
        Preparations.config(Preparations.BY_TIME, 2),
        folder.resolve(target),
        512L << 20,
        2,
        false,
        folder.resolve("prepared"),
        "FILE");
  }

  @Test
  void refusesWhatCannotBeShared() {
    FieldKind number = new FieldKind.Numeric();
    refused(
        sixRows(),
        field("price", RawTable.INTERACTIONS, number, "words"),
        "The field 'price' (numeric) has the vocabulary 'words'. Only categorical and multi-categorical fields share one, and it has a name; leave it out.");
    ListReader priced = sixRows().field("price", RawTable.INTERACTIONS, number);
    refused(
        priced,
        new RawField("more", RawTable.INTERACTIONS, "query", FieldRole.CONTEXT, LIST, "price"),
        "The field 'more' shares the vocabulary of the field 'price', which is numeric. Name the vocabulary of a categorical or multi-categorical field.");
    refused(
        sixRows(),
        new RawField("more", RawTable.INTERACTIONS, "query", FieldRole.CONTEXT, LIST, "caption"),
        "The field 'more' shares the vocabulary of the field 'caption', which is one that shares 'words'.");
  }

  private static void refused(ListReader reader, RawField more, String text) {
    reader.fields.add(more);
    assertThatThrownBy(() -> DatasetPreparation.requireFields(reader.schema()))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[data/VOCABULARY] " + text);
  }

  @Test
  void refusesAManifestWhoseFieldsCannotShare() throws IOException {
    prepared();
    Path manifest = folder.resolve("prepared/dataset.json");
    ObjectNode content = (ObjectNode) ManifestFile.JSON.readTree(manifest.toFile());
    ((ObjectNode) content.get("fields").get(3)).put("vocabularySize", 3);
    ManifestFile.JSON.writeValue(manifest.toFile(), content);

    assertThatThrownBy(() -> ManifestFile.read(folder.resolve("prepared")))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[data/BAD_MANIFEST]")
        .hasMessageContaining(
            "the fields 'query' and 'caption' share the vocabulary 'words', but they are multi-categorical of 4 ids and multi-categorical of 3 ids.");
  }
}
