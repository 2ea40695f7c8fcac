package org.llm4msr.runtime.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.EvaluationReport;
import org.llm4msr.runtime.experiment.StageCost;
import org.llm4msr.runtime.explanation.Explanation;
import org.llm4msr.runtime.files.FileErrors;

/**
 * What a run has written so far.
 *
 * @param folder of the run, in {@code runs} of a workspace
 */
record RunFiles(Path folder) {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Returns the lines of {@code metrics.jsonl}; one that is being written is left out. */
  List<JsonNode> metrics() {
    List<JsonNode> lines = new ArrayList<>();
    for (String line : text("metrics.jsonl").lines().toList()) {
      try {
        lines.add(JSON.readTree(line));
      } catch (JsonProcessingException e) {
        break;
      }
    }
    return lines;
  }

  /** Returns the existing evaluations, that of the test part first. */
  List<EvaluationReport> evaluations() {
    return Stream.of(Split.TEST, Split.VALIDATION, Split.TRAIN)
        .map(part -> read("evaluation-" + part.key() + ".json", EvaluationReport.class))
        .filter(Objects::nonNull)
        .toList();
  }

  private <T> @Nullable T read(String name, Class<T> type) {
    String text = text(name);
    try {
      return text.isEmpty() ? null : JSON.readValue(text, type);
    } catch (JsonProcessingException e) {
      throw unreadable(folder.resolve(name), e);
    }
  }

  /** Returns the last explanation, or null. */
  @Nullable Explanation explanation() {
    return read(Explanation.FILE, Explanation.class);
  }

  /** Returns a file as JSON, or nothing if it is missing. */
  JsonNode json(String name) {
    String text = text(name);
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw unreadable(folder.resolve(name), e);
    }
  }

  /** Returns a file as text, empty if it is missing. */
  String text(String name) {
    Path file = folder.resolve(name);
    try {
      // Leniently: a line that is being written may end in the middle of a character.
      return new String(Files.readAllBytes(file), UTF_8);
    } catch (NoSuchFileException e) {
      return "";
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /** Returns the costs of the stages, including those of the workspace that the run needed. */
  List<StageCost> costs() {
    Path workspace = folder.resolve("../..").normalize();
    JsonNode provenance = json("provenance.json");
    boolean plain = provenance.isObject() && !provenance.has("knowledge");
    return Stream.of(workspace, folder)
        .map(StageCost::read)
        .flatMap(List::stream)
        .filter(cost -> !plain || !cost.stage().equals(StageCost.EXTRACT))
        .toList();
  }

  private static MsrException unreadable(Path file, IOException cause) {
    return new MsrException(
        ErrorType.DATA,
        "report/RUN_FILE",
        "%s cannot be read: %s. Evaluate the run again, or train a new one with --run NAME."
            .formatted(file, FileErrors.reason(cause)),
        cause);
  }
}
