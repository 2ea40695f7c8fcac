package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.PreparedScenario;
import org.llm4msr.runtime.experiment.Experiment;

/** Published formats from the raw files to prepared data. */
class PublishedDataTest {

  @TempDir Path folder;

  private Experiment experiment(String dataset) throws IOException {
    Path file = folder.resolve("experiment.yaml");
    Files.writeString(file, "workspace: work\ndataset: %s\n".formatted(dataset));
    return Experiment.fromYaml(file);
  }

  /** 287,677 events: 4:1:1 gives 191,784, 47,946 and 47,947, each with four negatives. */
  @Test
  @Tag("slow")
  void amazonIsPreparedAsItsExampleSays() {
    Path shared = Path.of(System.getProperty("llm4msr.shared", "none"), "data", "amazon-fkbe");
    assumeThat(Files.isDirectory(shared)).as("there is no " + shared).isTrue();
    Path file = Path.of(System.getProperty("llm4msr.root"), "examples/configs/amazon.yaml");
    Experiment experiment =
        Experiment.fromYaml(
            file, "dataset.path=" + shared.toAbsolutePath(), "workspace=" + folder.resolve("work"));
    experiment.prepare(false, Progress.NONE);
    try (PreparedData data = experiment.openPrepared()) {
      assertThat(data.manifest().rows().train()).isEqualTo(5 * 191_784);
      assertThat(data.manifest().rows().validation()).isEqualTo(5 * 47_946);
      assertThat(data.manifest().rows().test()).isEqualTo(5 * 47_947);
      assertThat(data.manifest().scenarios())
          .extracting(PreparedScenario::key, scenario -> scenario.rows().total())
          .containsExactly(
              tuple("Kitchen", 5 * 89_885L),
              tuple("Food", 5 * 83_663L),
              tuple("Electronics", 5 * 63_800L),
              tuple("Beauty", 5 * 50_329L));
      assertThat(data.manifest().items()).isEqualTo(16_258 + 11_837 + 14_188 + 10_379);
      assertThat(data.manifest().labelRule())
          .isEqualTo(
              "every review; 4 negatives a positive drawn by popularity from the row's part, seed 1");
    }
  }

  private void writeRatings(int malformed) throws IOException {
    StringBuilder ratings = new StringBuilder("userId,movieId,rating,timestamp\n");
    for (int i = 0; i < 1_000; i++) {
      // Films of the second genre have no positive.
      ratings.append(i % 20).append(',').append(i % 10).append(',');
      ratings.append(i % 10 < 5 ? 4 : 2).append(",").append(964_982_703 + i).append('\n');
    }
    ratings.append("7,one,4.0,964982703\n".repeat(malformed));
    Files.writeString(folder.resolve("ratings.csv"), ratings);
    StringBuilder movies = new StringBuilder("movieId,title,genres\n");
    for (int i = 0; i < 10; i++) {
      movies.append(i).append(",Film ").append(i).append(i < 5 ? ",Drama" : ",War").append('\n');
    }
    Files.writeString(folder.resolve("movies.csv"), movies);
  }

  @Test
  void malformedRowsAreSkippedUpToAShare() throws IOException {
    writeRatings(2);
    assertThatThrownBy(
            () -> experiment("{ name: movielens, path: . }").prepare(false, Progress.NONE))
        .hasMessageContaining(
            folder.resolve("ratings.csv") + ", line 1002: column 'movieId' has 'one'");
    assertThatThrownBy(
            () ->
                experiment(
                        "{ name: movielens, path: ., malformed: { policy: skip, share: 0.001 } }")
                    .prepare(false, Progress.NONE))
        .hasMessageContaining("data/TOO_MANY_MALFORMED")
        .hasMessageContaining("2 of 1,012 rows")
        .hasMessageContaining("ratings.csv, line 1002, column 'movieId': 7,one,4.0,964982703");
    assertThat(folder.resolve("work/prepared")).doesNotExist();
    Experiment lenient =
        experiment("{ name: movielens, path: ., malformed: { policy: skip, share: 0.002 } }");
    lenient.prepare(false, Progress.NONE);
    try (PreparedData data = lenient.openPrepared()) {
      assertThat(data.manifest().rows().total()).isEqualTo(1_000);
      assertThat(data.manifest().files()).containsKey("rejected.jsonl");
    }
    List<String> rejected = Files.readAllLines(folder.resolve("work/prepared/rejected.jsonl"));
    assertThat(rejected).hasSize(3);
    assertThat(rejected.get(0))
        .isEqualTo("{\"malformed\":true,\"reason\":\"malformed rows\",\"rows\":2}");
    assertThat(rejected.get(1))
        .contains("\"line\":1002", "\"column\":\"movieId\"", "\"text\":\"7,one,4.0,964982703\"");
  }

  @Test
  void aScenarioWithoutPositivesIsPrepared() throws IOException {
    writeRatings(0);
    Experiment experiment = experiment("{ name: movielens, path: . }");
    experiment.prepare(false, Progress.NONE);
    try (PreparedData data = experiment.openPrepared()) {
      assertThat(data.manifest().scenarios())
          .extracting(scenario -> scenario.rows().total())
          .containsExactly(500L, 500L);
    }
    assertThat(folder.resolve("work/prepared/rejected.jsonl")).doesNotExist();
  }
}
