package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.cli.InProcess;

/** What {@code --json} prints of data and of settings, for other programs. */
class JsonOutputTest {

  @TempDir Path folder;

  @Test
  void preparedDataNamesTheKindsOfItsFields() throws IOException {
    Path file = ClickLog.draw(false).write(folder);

    JsonNode prepared = json("data", "prepare", file.toString(), "--json");

    Map<String, String> kinds = new TreeMap<>();
    for (JsonNode field : prepared.at("/manifest/fields")) {
      kinds.put(field.path("name").asText(), field.path("kind").asText());
    }
    assertThat(kinds)
        .containsEntry("device", "categorical")
        .containsEntry("price", "numeric")
        .containsEntry("tags", "multi-categorical")
        .containsEntry("town", "categorical");
    assertThat(prepared.at("/manifest"))
        .as("as in the file")
        .isEqualTo(
            new ObjectMapper()
                .readTree(
                    Files.readString(
                        Path.of(prepared.path("folder").asText()).resolve("dataset.json"))));
  }

  @Test
  void aResultThatCannotBeWrittenIsAFailure() throws Exception {
    List<String> full = List.of("sh", "-c", "exec \"$0\" \"$@\" > /dev/full");
    Cli.Outcome outcome = new Cli(folder).start(full, "plugins", "list", "--json").await();

    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err())
        .contains("[cli/OUTPUT] Standard output could not be written completely: No space left");
  }

  @Test
  void aReaderThatHasEnoughIsNoFailure() throws Exception {
    List<String> head =
        List.of("sh", "-c", "{ \"$0\" \"$@\"; echo \"exit $?\" >&2; } | head -c 1 > /dev/null");
    Cli.Outcome outcome = new Cli(folder).start(head, "config", "schema").await();

    assertThat(outcome.err()).contains("exit 0").doesNotContain("cli/OUTPUT");
  }

  @Test
  void numbersHaveTheSameDigitsInEveryLanguage() throws Exception {
    String options = Cli.options() + " -Duser.language=ar -Duser.country=EG";
    Cli.Outcome outcome =
        new Cli(folder)
            .start(
                Map.of("LLM4MSR_JAVA_OPTS", options), "explain", "shop.yaml", "--rows=-5", "--json")
            .await();

    assertThat(new ObjectMapper().readTree(outcome.out()).at("/error/message").asText())
        .startsWith("--rows is -5;");
  }

  @Test
  void aPluginIsDescribedWithTheKeysOfEveryRecord() throws Exception {
    JsonNode table = json("plugins", "describe", "table", "--kind=dataset-reader", "--json");

    assertThat(keys(table.path("settings"), "users")).isEqualTo("files, key, text, missingValues");
    assertThat(keys(table.path("settings"), "items")).isEqualTo("files, key, text, missingValues");
    assertThat(keys(table.path("settings"), "fields"))
        .isEqualTo(
            "column, name, table, role, kind, file, key, missingValues, vocabulary, buckets, bounds,"
                + " cross, weights, weightMark");
  }

  private static String keys(JsonNode settings, String of) {
    return StreamSupport.stream(settings.spliterator(), false)
        .filter(setting -> setting.path("key").asText().equals(of))
        .flatMap(setting -> StreamSupport.stream(setting.path("settings").spliterator(), false))
        .map(inner -> inner.path("key").asText())
        .collect(Collectors.joining(", "));
  }

  private static JsonNode json(String... command) throws IOException {
    return new ObjectMapper().readTree(InProcess.run(command));
  }
}
