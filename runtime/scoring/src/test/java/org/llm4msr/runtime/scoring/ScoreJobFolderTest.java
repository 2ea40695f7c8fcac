package org.llm4msr.runtime.scoring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.util.Text;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.runtime.config.MalformedConfig.Policy;
import org.llm4msr.runtime.data.database.ArrowConversion.Format;
import org.llm4msr.runtime.data.rows.RawRows;
import org.llm4msr.runtime.scoring.ScoringReport.RowProblem;

/** Scores are read back by Arrow's own reader. */
class ScoreJobFolderTest {

  private static final int PART_ROWS = 3;

  @TempDir Path folder;

  @Test
  void numbersRowsThroughBatchesPartsAndJobs() throws IOException {
    ScoringRequest request = request(Policy.STRICT);
    try (ScoreJobFolder job = ScoreJobFolder.open(request, List.of("like"), "key")) {
      try (ScoreJobFolder.Writer writer = job.writer(PART_ROWS)) {
        add(writer, Map.of(), "a", "b");
        assertThat(writer.pending()).isEqualTo(2);
        add(writer, Map.of(), "c");
        assertThat(writer.pending()).as("after a whole part").isZero();
        add(writer, Map.of(), "lost");
      }
      assertThat(job.rows()).isEqualTo(3);
    }
    assertThat(names("out.arrow.parts"))
        .contains("part-000000000000-000000003.arrow")
        .hasSize(4); // With job.txt, the lock, and what was begun.

    try (ScoreJobFolder job = ScoreJobFolder.open(request, List.of("like"), "key")) {
      assertThat(job.rows()).as("rows of the job before").isEqualTo(3);
      try (ScoreJobFolder.Writer writer = job.writer(PART_ROWS)) {
        add(writer, Map.of(), "d", null);
        writer.finish();
        writer.finish(); // Nothing is left to complete.
      }
      job.assemble(Format.ARROW, folder);
    }

    assertThat(columns("out.arrow"))
        .isEqualTo(
            Map.of(
                "row", List.of(0L, 1L, 2L, 3L, 4L),
                "name", Arrays.asList("a", "b", "c", "d", null),
                "score", List.of(0f, 1f, 0f, 0f, 1f),
                "score_like", List.of(10f, 11f, 10f, 10f, 11f)));
    assertThat(names(".")).containsExactly("out.arrow");
  }

  @Test
  void aRowThatCannotBeReadHasAProblemInPlaceOfScores() throws IOException {
    try (ScoreJobFolder job = ScoreJobFolder.open(request(Policy.SKIP), List.of("like"), "key");
        ScoreJobFolder.Writer writer = job.writer(PART_ROWS)) {
      add(writer, Map.of(), "a", "b");
      add(writer, Map.of(3L, "line 4 is cut"), "c", "d");
      add(writer, Map.of(4L, "line 5 is cut"), "e");
      writer.finish();
      job.assemble(Format.ARROW, folder);
      assertThat(job.malformed()).isEqualTo(2);
      assertThat(job.problems())
          .containsExactly(new RowProblem(3, "line 4 is cut"), new RowProblem(4, "line 5 is cut"));
    }

    Map<String, List<Object>> columns = columns("out.arrow");
    assertThat(columns.get("score")).containsExactly(0f, 1f, 0f, null, null);
    assertThat(columns.get("score_like")).containsExactly(10f, 11f, 10f, null, null);
    assertThat(columns.get("name")).containsExactly("a", "b", "c", "d", "e");
    assertThat(columns.get("problem"))
        .containsExactly(null, null, null, "line 4 is cut", "line 5 is cut");
  }

  @Test
  void reportsTheFirstTenProblemsAndCountsAll() throws IOException {
    try (ScoreJobFolder job = ScoreJobFolder.open(request(Policy.SKIP), List.of(), "key");
        ScoreJobFolder.Writer writer = job.writer(PART_ROWS)) {
      for (long row = 0; row < 12; row++) {
        add(writer, Map.of(row, "problem " + row), "x");
      }
      add(writer, Map.of(), "y");
      writer.finish();
      job.assemble(Format.ARROW, folder);
      assertThat(job.malformed()).isEqualTo(12);
      assertThat(job.problems()).hasSize(10).last().isEqualTo(new RowProblem(9, "problem 9"));
    }
  }

  @Test
  void scoresOfNoRowAreRefusedAndNothingIsLeft() throws IOException {
    try (ScoreJobFolder job = ScoreJobFolder.open(request(Policy.SKIP), List.of(), "key");
        ScoreJobFolder.Writer writer = job.writer(PART_ROWS)) {
      add(writer, Map.of(0L, "first is cut", 1L, "second is cut"), "a", "b");
      writer.finish();
      assertThatThrownBy(() -> job.assemble(Format.ARROW, folder))
          .hasMessageContaining("[score/NO_SCORES]")
          .hasMessageContaining("none of its 2 rows can be read. The first: first is cut");
    }
    assertThat(names(".")).isEmpty();
  }

  @Test
  void aPartAfterAGapIsNotOfTheJob() throws IOException {
    ScoringRequest request = request(Policy.STRICT);
    try (ScoreJobFolder job = ScoreJobFolder.open(request, List.of(), "key");
        ScoreJobFolder.Writer writer = job.writer(1)) {
      add(writer, Map.of(), "a");
      add(writer, Map.of(), "b");
      add(writer, Map.of(), "c");
    }
    Files.delete(folder.resolve("out.arrow.parts/part-000000000001-000000001.arrow"));

    try (ScoreJobFolder job = ScoreJobFolder.open(request, List.of(), "key")) {
      assertThat(job.rows()).isEqualTo(1);
      job.assemble(Format.ARROW, folder);
    }

    assertThat(columns("out.arrow").get("name")).containsExactly("a");
  }

  @Test
  void aJobWithoutAPartLeavesNoFolder() throws IOException {
    try (ScoreJobFolder job = ScoreJobFolder.open(request(Policy.STRICT), List.of(), "key");
        ScoreJobFolder.Writer writer = job.writer(PART_ROWS)) {
      add(writer, Map.of(), "a");
    }
    assertThat(names(".")).isEmpty();
  }

  @Test
  void anotherJobIsRefusedAndTheFolderStays() throws IOException {
    ScoringRequest request = request(Policy.STRICT);
    try (ScoreJobFolder job = ScoreJobFolder.open(request, List.of(), "key")) {
      assertThatThrownBy(() -> ScoreJobFolder.open(request, List.of(), "key"))
          .hasMessageContaining("[score/IN_USE]")
          .hasMessageContaining("Another job is writing " + request.out());
      try (ScoreJobFolder.Writer writer = job.writer(1)) {
        add(writer, Map.of(), "a");
      }
    }
    for (int attempt = 0; attempt < 2; attempt++) { // The first must have released the folder.
      assertThatThrownBy(() -> ScoreJobFolder.open(request, List.of(), "other key"))
          .hasMessageContaining("[score/OTHER_JOB]");
    }
    assertThat(names("out.arrow.parts")).contains("part-000000000000-000000001.arrow");
  }

  @Test
  void aFolderOfSomebodyElseIsNotTouched() throws IOException {
    Path strange = Files.createDirectories(folder.resolve("out.arrow.parts"));
    Files.writeString(strange.resolve("thesis.tex"), "years of work");
    assertThatThrownBy(() -> ScoreJobFolder.open(request(Policy.STRICT), List.of(), "key"))
        .hasMessageContaining("[score/IN_THE_WAY]");
    assertThat(names("out.arrow.parts")).containsExactly("thesis.tex");

    Files.move(strange.resolve("thesis.tex"), strange.resolve("lock")); // As after a kill.
    try (ScoreJobFolder job = ScoreJobFolder.open(request(Policy.STRICT), List.of(), "key")) {
      assertThat(job.rows()).isZero();
    }
  }

  @Test
  void scoresReplaceAFileAtOnceAlsoAsText() throws IOException {
    Path out = folder.resolve("out.csv");
    Files.writeString(out, "older scores");
    ScoringRequest request =
        new ScoringRequest(folder.resolve("in.csv"), out, List.of(), "|", true, Policy.STRICT);
    try (ScoreJobFolder job = ScoreJobFolder.open(request, List.of(), "key");
        ScoreJobFolder.Writer writer = job.writer(PART_ROWS)) {
      add(writer, Map.of(), "a", "b");
      writer.finish();
      assertThat(out).hasContent("older scores");
      job.assemble(Format.CSV, Files.createDirectory(folder.resolve("scratch")));
    }
    assertThat(out).hasContent("row,score\n0,0.0\n1,1.0\n");
    assertThat(folder.resolve("out.csv.parts")).doesNotExist();
  }

  private ScoringRequest request(Policy malformed) {
    return new ScoringRequest(
        folder.resolve("in.csv"),
        folder.resolve("out.arrow"),
        List.of("name"),
        "|",
        false,
        malformed);
  }

  /** Adds a batch: the score of a row is its place in the batch, and ten more for the label. */
  private static void add(
      ScoreJobFolder.Writer writer, Map<Long, String> problems, @Nullable String... names) {
    RowScores scores = RowScores.of(names.length, 1);
    List<Map<String, Object>> rows = new ArrayList<>();
    for (int i = 0; i < names.length; i++) {
      scores.scores()[i] = i;
      scores.further()[0][i] = 10 + i;
      rows.add(names[i] == null ? Map.of() : Map.of("kept name", names[i]));
    }
    writer.add(RawRows.of(rows), scores, problems);
  }

  private Map<String, List<Object>> columns(String file) throws IOException {
    Map<String, List<Object>> columns = new HashMap<>();
    try (BufferAllocator allocator = new RootAllocator();
        FileChannel channel = FileChannel.open(folder.resolve(file));
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      while (reader.loadNextBatch()) {
        for (FieldVector vector : reader.getVectorSchemaRoot().getFieldVectors()) {
          List<Object> values =
              columns.computeIfAbsent(vector.getName(), name -> new ArrayList<>());
          for (int row = 0; row < vector.getValueCount(); row++) {
            Object value = vector.getObject(row);
            values.add(value instanceof Text ? value.toString() : value);
          }
        }
      }
    }
    return columns;
  }

  private List<String> names(String of) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve(of))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
