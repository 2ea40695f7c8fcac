package org.llm4msr.runtime.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.MsrException;

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
          .hasMessageContaining("state.json does not read: '" + name + "' is no name of a");
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
}
