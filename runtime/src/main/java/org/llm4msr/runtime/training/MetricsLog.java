package org.llm4msr.runtime.training;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.llm4msr.runtime.evaluation.EvaluationResult;

/**
 * {@code metrics.jsonl}: one JSON object a line, {@code "type": "step"} or {@code "validation"}.
 */
final class MetricsLog implements AutoCloseable {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final BufferedWriter writer;

  /** Opens the file and drops the lines behind a step, which a resumed run does again. */
  MetricsLog(Path file, long resumedAt) {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      if (Files.exists(file)) {
        keepUpTo(file, resumedAt);
      }
      writer = Files.newBufferedWriter(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void keepUpTo(Path file, long step) throws IOException {
    List<String> kept = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      if (step > 0 && isUpTo(line, step)) {
        kept.add(line);
      }
    }
    Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
    Files.write(temporary, kept);
    Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
  }

  private static boolean isUpTo(String line, long step) {
    try {
      return JSON.readTree(line).path("step").asLong(Long.MAX_VALUE) <= step;
    } catch (IOException e) {
      return false; // Half a line, of a process that died.
    }
  }

  /** Writes the mean of the last steps. */
  void step(
      long step,
      int epoch,
      double loss,
      TrainingStep.Outcome last,
      double learningRate,
      double rowsPerSecond) {
    ObjectNode line = JSON.createObjectNode();
    line.put("type", "step").put("step", step).put("epoch", epoch).put("loss", loss);
    last.terms().forEach((name, value) -> line.withObject("/losses").put(name, value));
    line.put("learningRate", learningRate).put("rowsPerSecond", Math.round(rowsPerSecond));
    if (!Double.isNaN(last.gradientNorm())) {
      line.put("gradientNorm", last.gradientNorm());
    }
    write(line);
  }

  /** Writes a validation. */
  void validation(Validation validation, double rowsPerSecond) {
    ObjectNode line = JSON.createObjectNode();
    line.put("type", "validation")
        .put("step", validation.step())
        .put("epoch", validation.epoch())
        .put("loss", validation.trainingLoss())
        .put("rowsPerSecond", Math.round(rowsPerSecond));
    EvaluationResult result = validation.result();
    line.set("validation", JSON.<JsonNode>valueToTree(result));
    write(line);
  }

  private void write(ObjectNode line) {
    try {
      writer.write(line.toString());
      writer.newLine();
      writer.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      writer.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
