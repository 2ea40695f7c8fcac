package org.llm4msr.plugins.llm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.knowledge.KnowledgeEncoder;

class OnnxTemporariesTest {

  @TempDir Path temporaries;

  @Test
  void processLeavesNoFolderBehind() throws IOException, InterruptedException {
    assumeThat(Path.of("/proc/self/maps")).as("the system tells which files are mapped").exists();
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.io.tmpdir=" + temporaries,
                "-XX:-UsePerfData",
                "-cp",
                System.getProperty("java.class.path"),
                Encoding.class.getName(),
                temporaries.toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();

    assertThat(child.waitFor()).isZero();
    assertThat(temporaries).isEmptyDirectory();
  }

  /** The process: it encodes one text. */
  static final class Encoding {

    private Encoding() {}

    public static void main(String[] args) {
      try (KnowledgeEncoder encoder = EncoderFixture.onnx("all-minilm-l6-v2-q", Path.of(args[0]))) {
        encoder.encode(List.of("a cat"));
      }
    }
  }
}
