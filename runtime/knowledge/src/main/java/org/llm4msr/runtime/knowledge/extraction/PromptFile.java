package org.llm4msr.runtime.knowledge.extraction;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Function;
import java.util.zip.GZIPOutputStream;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.files.FileErrors;

/**
 * A file of prompts for other tools: JSON Lines in UTF-8, each with {@code level}, {@code key},
 * {@code text} and {@code droppedHistory}. It appears when it is complete.
 */
public final class PromptFile {

  private static final String ZIPPED = ".gz";

  private final Path path;

  private PromptFile(Path path) {
    this.path = path;
  }

  /**
   * Chooses a file, which {@link KnowledgeExtractor#write} fills.
   *
   * @param force whether a file that exists is replaced
   * @throws MsrException {@code knowledge/FORMAT} if the name does not end in {@code .jsonl} or
   *     {@code .jsonl.gz}, {@code knowledge/NO_FOLDER}, {@code knowledge/EXISTS}
   */
  public static PromptFile at(Path path, boolean force) {
    String name = String.valueOf(path.getFileName()).toLowerCase(Locale.ROOT);
    if (!name.endsWith(".jsonl") && !name.endsWith(".jsonl" + ZIPPED)) {
      throw user("FORMAT", path + " must end in .jsonl or .jsonl.gz.");
    }
    Path folder = path.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw user(
          "NO_FOLDER", "There is no folder " + folder + ". Create it, or choose another file.");
    }
    if (Files.exists(path) && !force) {
      throw user("EXISTS", path + " already exists. Choose another file, or add --force.");
    }
    return new PromptFile(path);
  }

  private static MsrException user(String code, String text) {
    return new MsrException(ErrorType.USER, "knowledge/" + code, text);
  }

  /** Writes the lines that a function adds; returns its result. */
  <T> T write(Function<Lines, T> content) {
    Path unfinished = DurableFiles.unfinished(path);
    unfinished.toFile().deleteOnExit(); // Ctrl-C leaves nothing.
    try {
      T result;
      try (Writer out = new BufferedWriter(new OutputStreamWriter(stream(unfinished), UTF_8))) {
        result = content.apply(new Lines(out));
      }
      DurableFiles.force(unfinished);
      DurableFiles.publish(path);
      return result;
    } catch (IOException e) {
      DurableFiles.discard(unfinished, e);
      throw failed(e);
    } catch (UncheckedIOException e) {
      DurableFiles.discard(unfinished, e);
      throw failed(requireNonNull(e.getCause(), "an UncheckedIOException has a cause"));
    } catch (RuntimeException | Error e) {
      DurableFiles.discard(unfinished, e);
      throw e;
    }
  }

  private OutputStream stream(Path unfinished) throws IOException {
    OutputStream out = Files.newOutputStream(unfinished);
    return path.toString().toLowerCase(Locale.ROOT).endsWith(ZIPPED)
        ? new GZIPOutputStream(out)
        : out;
  }

  private MsrException failed(IOException cause) {
    return new MsrException(
        ErrorType.EXTERNAL,
        "knowledge/IO",
        "%s could not be written: %s. Make room, or choose another file."
            .formatted(path, FileErrors.reason(cause)),
        cause,
        true);
  }

  /** The lines of a file that is being written. */
  static final class Lines {

    private static final ObjectWriter JSON = new ObjectMapper().writer();

    private final Writer out;

    private Lines(Writer out) {
      this.out = out;
    }

    void add(Level level, PromptFitter.Fitted fitted) {
      String name = level.name().toLowerCase(Locale.ROOT);
      Line line = new Line(name, fitted.prompt().key(), fitted.prompt().text(), fitted.dropped());
      try {
        out.write(JSON.writeValueAsString(line));
        out.write('\n');
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private record Line(String level, String key, String text, int droppedHistory) {}
}
