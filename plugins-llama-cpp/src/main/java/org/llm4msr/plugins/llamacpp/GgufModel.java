package org.llm4msr.plugins.llamacpp;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.PatternSyntaxException;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.toolkit.hub.ModelSource;

/**
 * A GGUF file, found but not loaded.
 *
 * @param name of the model: that of the file, without its extension
 * @param revision commit of its repository, or {@code file}
 */
record GgufModel(String name, String revision, Path file) {

  private static final String END = ".gguf";
  private static final String ANY = "*" + END;

  static void check(LlamaCppConfig config, Path base) {
    if (isFile(config)) {
      single(base.resolve(config.model()));
    } else {
      source(config, base).check();
    }
  }

  /** Finds the file, and downloads it from a hub if the configuration says so. */
  static GgufModel resolve(LlamaCppConfig config, Path base) {
    if (isFile(config)) {
      return single(base.resolve(config.model()));
    }
    ModelSource.Resolved source = source(config, base).resolve(List.of(config.file()));
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(source.folder(), config.file())) {
      files.forEach(found::add);
    } catch (IOException e) {
      throw notFound("cannot read %s: %s".formatted(source.folder(), e));
    }
    if (found.size() != 1) {
      throw notFound(
          "%s holds %d files %s: %s"
              .formatted(
                  source.folder(),
                  found.size(),
                  config.file(),
                  found.stream().map(Path::getFileName).sorted().toList()));
    }
    return new GgufModel(name(found.get(0)), source.revision(), found.get(0));
  }

  /** Repositories hold one file per precision, all of which {@code *.gguf} would download. */
  private static ModelSource source(LlamaCppConfig config, Path base) {
    if (config.model().startsWith("hf:") && config.file().equals(ANY)) {
      throw notFound("the file of %s is not named".formatted(config.model()));
    }
    checkPattern(config.file());
    return ModelSource.of(config.model(), base);
  }

  private static void checkPattern(String file) {
    if (file.contains("/")) {
      throw notFound(
          "knowledge.encoder.file is '%s', and subfolders are not searched".formatted(file));
    }
    try {
      FileSystems.getDefault().getPathMatcher("glob:" + file);
    } catch (PatternSyntaxException e) {
      throw notFound(
          "knowledge.encoder.file is '%s', which is not a valid pattern: %s"
              .formatted(file, e.getDescription()));
    }
  }

  private static boolean isFile(LlamaCppConfig config) {
    return config.model().endsWith(END) && !config.model().startsWith("hf:");
  }

  private static GgufModel single(Path file) {
    if (!Files.isRegularFile(file)) {
      throw notFound("no file %s".formatted(file));
    }
    return new GgufModel(name(file), "file", file.toAbsolutePath());
  }

  private static String name(Path file) {
    String name = file.getFileName().toString();
    return name.endsWith(END) ? name.substring(0, name.length() - END.length()) : name;
  }

  private static MsrException notFound(String problem) {
    return new MsrException(
        ErrorType.USER,
        "llama-cpp/MODEL_NOT_FOUND",
        problem
            + ". Set knowledge.encoder.model to a .gguf file, or .file to one of a folder or repository, such as *Q8_0.gguf.");
  }
}
