package org.llm4msr.runtime.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.evaluation.EvaluationResult;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.evaluation.metric.Metric.Direction;

/** A state that someone else wrote. */
class CheckpointsTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"../elsewhere", "/etc", "step-1/../../elsewhere", "..", "step-1/"})
  void aNameThatLeadsElsewhereIsRefused(String name) throws IOException {
    for (String key : new String[] {"last", "best"}) {
      write(key, name);

      assertThatThrownBy(() -> new Checkpoints(folder).state("run"))
          .isInstanceOf(MsrException.class)
          .hasMessageStartingWith("[training/DAMAGED_CHECKPOINT]")
          .hasMessageContaining("state.json cannot be read: '" + name + "' is not the name of a");
    }
  }

  @Test
  void aNameOfAStateIsTaken() throws IOException {
    write("best", "step-00000012");

    assertThat(new Checkpoints(folder).state("run").orElseThrow().best())
        .isEqualTo("step-00000012");
  }

  private void write(String key, String name) throws IOException {
    ObjectNode state = JSON.valueToTree(RunState.start("run"));
    Files.write(folder.resolve("state.json"), JSON.writeValueAsBytes(state.put(key, name)));
  }

  @Test
  void aFileThatKnowsAucAloneIsRead() throws IOException {
    ObjectNode state = JSON.valueToTree(RunState.start("run"));
    state.remove("bestValue");
    Files.write(
        folder.resolve("state.json"),
        JSON.writeValueAsBytes(state.put("best", "step-00000012").put("bestAuc", .75)));

    RunState read = new Checkpoints(folder).state("run").orElseThrow();

    assertThat(read.bestValue()).isEqualTo(.75);
  }

  /** The first value is the best so far, whatever it is. */
  @Test
  void whereLessIsBetterALowerValueIsTheBest() {
    Metrics metrics = new Metrics("overall", 1, 1, Map.of());
    Validation validation =
        new Validation(1, 0, 0.5, new EvaluationResult(metrics, List.of(), List.of()));
    RunState first = RunState.start("run").stepped(9, 1).validated(validation, 3, Direction.LOWER);

    assertThat(first.bestStep()).isEqualTo(1);
    RunState worse = first.stepped(9, 1).validated(validation, 3.5, Direction.LOWER);
    assertThat(worse.bestValue()).isEqualTo(3);
    assertThat(worse.sinceBest()).isEqualTo(1);
    RunState better = worse.stepped(9, 1).validated(validation, 2.5, Direction.LOWER);
    assertThat(better.bestValue()).isEqualTo(2.5);
    assertThat(better.bestStep()).isEqualTo(3);
    assertThat(better.sinceBest()).isZero();
  }

  /** A part with one class has none, and patience would end training for it. */
  @Test
  void aValidationWithoutAnAucIsNotWaitedFor() {
    Metrics metrics = new Metrics("overall", 1, 1, Map.of());
    Validation validation =
        new Validation(1, 0, 0.5, new EvaluationResult(metrics, List.of(), List.of()));
    RunState state =
        RunState.start("run")
            .validated(validation, 0.6, Direction.HIGHER)
            .validated(validation, 0.5, Direction.HIGHER);

    assertThat(state.sinceBest()).isEqualTo(1);
    assertThat(state.validated(validation, Double.NaN, Direction.HIGHER).sinceBest()).isEqualTo(1);
    assertThat(state.validated(validation, 0.6, Direction.HIGHER).sinceBest()).isEqualTo(2);
  }
}
