package org.llm4msr.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads the output of {@code knowledge extract --dry-run --json}. */
final class Prompts {

  private Prompts() {}

  /** Returns the texts of the first users. */
  static List<String> ofUsers(Path file, int most) throws IOException {
    JsonNode users = new ObjectMapper().readTree(file.toFile()).path("users");
    List<String> prompts = new ArrayList<>();
    users.forEach(user -> prompts.add(user.path("text").asText()));
    return prompts.subList(0, Math.min(most, prompts.size()));
  }
}
