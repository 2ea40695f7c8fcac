package org.llm4msr.runtime.training;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.evaluation.EvaluationResult;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.files.FileErrors;

/**
 * {@code metrics.jsonl}: one JSON object per line, {@code "type": "step"} or {@code "validation"}.
 */
final class MetricsLog implements AutoCloseable {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path file;
  private final FileChannel channel;
  private final @Nullable EventFile events;

  /**
   * Opens the file and drops the lines after a step, since a resumed run writes them again.
   *
   * @param eventFolder gets the same numbers for TensorBoard; null for none
   */
  MetricsLog(Path file, long resumedAt, @Nullable Path eventFolder) {
    this.file = file;
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      if (Files.exists(file)) {
        keepUpTo(file, resumedAt);
      }
      events = eventFolder == null ? null : new EventFile(eventFolder, resumedAt);
      channel = open(file, events);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private static FileChannel open(Path file, @Nullable EventFile events) throws IOException {
    try {
      return FileChannel.open(file, CREATE, APPEND);
    } catch (IOException e) {
      if (events != null) {
        events.close();
      }
      throw e;
    }
  }

  private static void keepUpTo(Path file, long step) throws IOException {
    StringBuilder kept = new StringBuilder();
    // Decoded leniently: the last line may end in the middle of a character.
    new String(Files.readAllBytes(file), UTF_8)
        .lines()
        .filter(line -> step > 0 && isUpTo(line, step))
        .forEach(line -> kept.append(line).append('\n'));
    DurableFiles.write(file, kept.toString().getBytes(UTF_8));
  }

  private static boolean isUpTo(String line, long step) {
    try {
      return JSON.readTree(line).path("step").asLong(Long.MAX_VALUE) <= step;
    } catch (IOException e) {
      return false; // Half a line, of a process that died.
    }
  }

  /**
   * Writes the mean of the last steps.
   *
   * @param watched values of parameters, by name
   */
  void step(
      long step,
      int epoch,
      double loss,
      TrainingStep.Outcome last,
      double learningRate,
      double rowsPerSecond,
      Map<String, Float> watched) {
    ObjectNode line = JSON.createObjectNode();
    line.put("type", "step").put("step", step).put("epoch", epoch).put("loss", loss);
    last.terms().forEach((name, value) -> line.withObject("/losses").put(name, value));
    line.put("learningRate", learningRate).put("rowsPerSecond", Math.round(rowsPerSecond));
    if (!Double.isNaN(last.gradientNorm())) {
      line.put("gradientNorm", last.gradientNorm());
    }
    write(line, watched);
  }

  /** Writes a validation. */
  void validation(Validation validation, double rowsPerSecond, Map<String, Float> watched) {
    ObjectNode line = JSON.createObjectNode();
    line.put("type", "validation")
        .put("step", validation.step())
        .put("epoch", validation.epoch())
        .put("loss", validation.trainingLoss())
        .put("rowsPerSecond", Math.round(rowsPerSecond));
    EvaluationResult result = validation.result();
    line.set("validation", JSON.<JsonNode>valueToTree(result));
    write(line, watched);
  }

  private void write(ObjectNode line, Map<String, Float> watched) {
    watched.forEach((name, value) -> line.withObject("/parameters").put(name, value));
    ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(UTF_8));
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      if (events != null) {
        events.add(line);
      }
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** Forces the lines to the disk: a checkpoint counts on those before it. */
  void force() {
    try {
      channel.force(true);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private MsrException failed(IOException e) {
    return new MsrException(
        ErrorType.RESOURCES,
        "training/METRICS_FAILED",
        "%s could not be written: %s. Make room there or choose another workspace, and run it again: training resumes from the last checkpoint."
            .formatted(file, FileErrors.reason(e)),
        e,
        true);
  }

  @Override
  public void close() {
    try (channel;
        events) {
      // Closed in the order of making, backwards.
    } catch (IOException e) {
      throw failed(e);
    }
  }
}
