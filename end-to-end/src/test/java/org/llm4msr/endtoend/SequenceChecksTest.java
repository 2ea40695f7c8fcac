package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.experiment.Experiment;

/** What sequences need of the data is said before it is prepared, as far as its schema tells. */
class SequenceChecksTest {

  @TempDir static Path folder;

  @BeforeAll
  static void prepare() throws IOException {
    SequencesTest.write(folder, 1, 1000, 200);
    SequencesTest.experiment(folder).prepare(false, Progress.NONE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model.sequences={A: {}} | SEQUENCE_NAME | has a name that is not",
        "model.sequences={s: {of: views}} | SEQUENCE_FIELD | names the field 'views', which the data"
            + " does not have",
        "model.sequences={s: {of: hour}} | SEQUENCE_FIELD | is of the field 'hour', which is no list",
        "model.sequences={s: {table: seen}} | SEQUENCE_TABLE | reads the table of 'seen', of which a"
            + " row has no single id",
        "model.sequences={s: {of: seen, table: kind}} | SEQUENCE_TABLE | whose ids are not those of"
            + " 'kind'",
        "model.sequences={s: {table: hour}} | SEQUENCE_TABLE | does not have one id of it for each"
      })
  void refusesSequencesThatTheDataCannotHave(String wrong) {
    String[] parts = wrong.split(" \\| ");
    assertThatThrownBy(
            () -> SequencesTest.experiment(folder, parts[0], "workspace=unprepared").check())
        .as("of raw data")
        .hasMessageContainingAll("[config/INVALID]", "model.sequences.", parts[2]);
    assertThatThrownBy(() -> SequencesTest.experiment(folder, parts[0]).check())
        .isInstanceOf(MsrException.class)
        .hasMessageContainingAll("[config/INVALID]", "model.sequences.", parts[2]);
    assertThatThrownBy(() -> SequencesTest.experiment(folder, parts[0]).train("no", Progress.NONE))
        .isInstanceOf(MsrException.class)
        .hasMessageContainingAll("[model/" + parts[1] + "]", parts[2]);
    assertThat(folder.resolve("work/runs/no")).doesNotExist();
  }

  /** Preparing data takes long: what no preparation can give is refused before. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{table: hour-city}|A sequence of items reads the table of the field 'hour-city', but the"
            + " data does not have one id of it for each item. Name a field of items in 'table'.",
        "{table: price}|A sequence of items reads the table of the field 'price', but the data does"
            + " not have one id of it for each item. Name a field of items in 'table'.",
        "{table: city}|the field 'city', but the data does not have one id of it for each item.",
        "{of: tags, pooling: target-attention}|reads the table of 'tags', of which a row has no"
            + " single id. Name a field with one id a row in 'table', which shares the vocabulary"
      })
  void theSchemaOfRawDataTellsWhatSequencesLack(String settings, String rule) {
    String fields =
        "dataset.fields=[{column: hour}, {column: city, table: users}, {column: price, kind:"
            + " bucketed, buckets: 4}, {name: hour-city, cross: [hour, city]}, {column: tags, kind:"
            + " multi-categorical}]";
    assertThatThrownBy(
            () ->
                SequencesTest.experiment(
                        folder,
                        fields,
                        "workspace=unprepared",
                        "model.sequences={s: %s, t: {}, u: {table: scenario}, v: {of: tags}}"
                            .formatted(settings))
                    .check())
        .hasMessageContaining("has a problem:\n  1. model.sequences.s (-Dmodel.sequences): ")
        .hasMessageContaining(rule);
  }

  /** Keys of a mapping have names that the user gave, and so no default. */
  @Test
  void theCheckSaysWhereKeysOfMappingsWereWritten() throws IOException {
    Path file = folder.resolve("placed.yaml");
    Files.writeString(
        file,
        """
        extends: experiment.yaml
        model:
          labels: { shared: {} }
          sequences:
            log: {}
            list:
              of: seen
              positive: nope
        """);
    List<String> overrides = new ArrayList<>(List.of(SmallShop.PLAIN));
    overrides.addAll(
        List.of(SequencesTest.FIELDS, SequencesTest.LABELS, "model.sequences.other.of=views"));
    overrides.add("model.sequences.bad={positive: wrong}");
    Experiment placed = Experiment.fromYaml(file, overrides.toArray(String[]::new));
    assertThatThrownBy(placed::check)
        .hasMessageContainingAll(
            "model.labels.shared (" + file + ":3:21): ",
            "model.sequences.list.positive = nope (" + file + ":8:17): ",
            "model.sequences.other (-Dmodel.sequences.other.of): names the field 'views'",
            "model.sequences.bad.positive = wrong (-Dmodel.sequences.bad): ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{s: {}}|model.sequences.s|is what the user did before, but the data has no time",
        "{s: {of: seen, positive: liked}}|model.sequences.s.positive|the further labels [dear]"
      })
  void theCheckTellsWhatEventsLack(String sequences, String key, String rule) {
    Experiment without =
        SequencesTest.experiment(
            folder, "dataset.time=~", "dataset.split={by: random}", "model.sequences=" + sequences);
    assertThatThrownBy(without::check)
        .isInstanceOf(MsrException.class)
        .hasMessageContainingAll("[config/INVALID]", key, rule);
  }
}
