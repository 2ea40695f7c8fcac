package org.llm4msr.runtime.explanation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.files.FileErrors;

/**
 * The parameters that a head watches at one look at the validation part.
 *
 * @param epoch from 1
 * @param step training steps done
 * @param values by name
 */
public record EpochValues(int epoch, long step, Map<String, Double> values) {

  private static final ObjectMapper JSON = new ObjectMapper();

  public EpochValues {
    values = new TreeMap<>(values);
  }

  /**
   * Reads those of {@code metrics.jsonl}.
   *
   * @throws MsrException {@code explain/METRICS} if it cannot be read
   */
  public static List<EpochValues> of(Path metrics) {
    List<EpochValues> all = new ArrayList<>();
    String text;
    try {
      // Leniently: a line that is being written may end in the middle of a character.
      text = new String(Files.readAllBytes(metrics), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new MsrException(
          ErrorType.DATA,
          "explain/METRICS",
          "%s cannot be read: %s. Train a new run with --run NAME."
              .formatted(metrics, FileErrors.reason(e)),
          e);
    }
    for (String line : text.lines().toList()) {
      try {
        JsonNode look = JSON.readTree(line);
        if (look.path("type").asText().equals("validation") && look.has("parameters")) {
          all.add(of(look));
        }
      } catch (JsonProcessingException e) {
        break; // Half a line, of a process that writes or died.
      }
    }
    return all;
  }

  private static EpochValues of(JsonNode look) {
    Map<String, Double> values = new TreeMap<>();
    look.path("parameters")
        .properties()
        .forEach(entry -> values.put(entry.getKey(), entry.getValue().asDouble()));
    return new EpochValues(look.path("epoch").asInt() + 1, look.path("step").asLong(), values);
  }
}
