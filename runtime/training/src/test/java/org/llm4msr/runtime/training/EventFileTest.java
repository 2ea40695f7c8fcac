package org.llm4msr.runtime.training;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Records as the RecordWriter of tensorboard 2 wrote them of the same events. */
class EventFileTest {

  private static final double TIME = 1764085200.25;

  private static String hex(byte[] event) {
    return HexFormat.of().formatHex(EventFile.record(event));
  }

  @Test
  void writesWhatTensorBoardWrites() throws IOException {
    assertThat(hex(EventFile.version(TIME)))
        .isEqualTo(
            "1800000000000000a37f4b2209000010747349da411a0d627261696e2e4576656e743a32862fe1bb");
    assertThat(hex(EventFile.restart(TIME, 51)))
        .isEqualTo("0f000000000000006d532b0909000010747349da4110333a020801eb1272b4");
    Map<String, Float> numbers =
        new TreeMap<>(Map.of("step/loss", 0.625f, "validation/overall/auc", 0.7f));
    assertThat(hex(EventFile.scalars(TIME, 50, numbers)))
        .isEqualTo(
            "3e00000000000000d9d240e709000010747349da4110322a310a100a09737465702f6c6f7373150000203f"
                + "0a1d0a1676616c69646174696f6e2f6f766572616c6c2f617563153333333fa6ca0f36");
  }

  @Test
  void namesNumbersByPartAndScenario(@TempDir Path folder) throws IOException {
    JsonNode step =
        new ObjectMapper()
            .readTree(
                "{\"type\": \"step\", \"step\": 50, \"loss\": 0.5, \"losses\": {\"aux\": 1}}");
    JsonNode validation =
        new ObjectMapper()
            .readTree(
                """
                {"type": "validation", "step": 60, "loss": 0.4, "validation": {
                  "overall": {"name": "overall", "auc": 0.7},
                  "scenarios": [{"name": "feed", "auc": 0.6, "gauc": null}],
                  "calibration": [{"rows": 3}]}}
                """);
    try (EventFile file = new EventFile(folder, 0)) {
      file.add(step);
      file.add(validation);
    }
    try (Stream<Path> files = Files.list(folder)) {
      String text = Files.readString(files.findFirst().orElseThrow(), StandardCharsets.ISO_8859_1);
      assertThat(text)
          .contains("training/loss", "training/losses/aux")
          .contains("validation/overall/auc", "validation/scenarios/feed/auc")
          .doesNotContain("training/step", "gauc", "calibration", "name");
    }
  }
}
