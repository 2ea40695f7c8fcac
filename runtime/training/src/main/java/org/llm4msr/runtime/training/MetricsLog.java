package org.llm4msr.runtime.training;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.files.FileErrors;

/** {@code metrics.jsonl}: one JSON object per line. */
final class MetricsLog implements TrainingListener, AutoCloseable {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path file;
  private final FileChannel channel;

  /** Opens the file and drops the lines after a step, since a resumed run writes them again. */
  MetricsLog(Path file, long resumedAt) {
    this.file = file;
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      if (Files.exists(file)) {
        keepUpTo(file, resumedAt);
      }
      channel = FileChannel.open(file, CREATE, APPEND);
    } catch (IOException e) {
      throw failed(file, e);
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

  @Override
  public void step(Step step) {
    write(MetricsLine.of(step));
  }

  @Override
  public void validated(Validated validated) {
    write(MetricsLine.of(validated));
  }

  private void write(JsonNode line) {
    ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(UTF_8));
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  /** Forces the lines to the disk: a checkpoint counts on those before it. */
  @Override
  public void saving(long step) {
    try {
      channel.force(true);
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  /** Returns the error of a file of metrics that cannot be written. */
  static MsrException failed(Path file, IOException e) {
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
    try {
      channel.close();
    } catch (IOException e) {
      throw failed(file, e);
    }
  }
}
