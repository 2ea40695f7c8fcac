package org.llm4msr.plugins.datasets.published;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.plugins.datasets.input.TextFile;

/**
 * The folder of a data set, or of a release in it.
 *
 * @param path the folder that holds the files themselves
 */
record RawFolder(Path path) {

  /** Finds the folder that contains a file: the given one, or one of the named ones below it. */
  static RawFolder with(Path folder, List<String> below, String pattern) {
    RawFolder given = new RawFolder(folder);
    if (!given.matching(pattern).isEmpty()) {
      return given;
    }
    List<RawFolder> found =
        below.stream()
            .map(name -> new RawFolder(folder.resolve(name)))
            .filter(candidate -> !candidate.matching(pattern).isEmpty())
            .toList();
    if (found.size() > 1) {
      throw new MsrException(
          ErrorType.DATA,
          "data/TWO_RELEASES",
          "%s has several releases: %s. Set dataset.path to the folder of one."
              .formatted(
                  folder,
                  found.stream().map(release -> release.path.toString()).collect(joining(", "))));
    }
    if (found.isEmpty()) {
      throw new MsrException(
          ErrorType.DATA,
          "data/MISSING_FILE",
          "There is no file "
              + readable(pattern)
              + " in "
              + folder
              + (below.isEmpty() ? "" : " or its folders " + String.join(", ", below))
              + ". Set dataset.path to the folder of the unpacked data set.");
    }
    return found.get(0);
  }

  /** Returns a file that must be there. */
  Path file(String name) {
    return optional(name)
        .orElseThrow(
            () ->
                new MsrException(
                    ErrorType.DATA,
                    "data/MISSING_FILE",
                    "There is no file " + name + " in " + path + ". Unpack the whole data set."));
  }

  /** Returns a file, or nothing if it does not exist. */
  Optional<Path> optional(String name) {
    return Optional.of(path.resolve(name)).filter(Files::isRegularFile);
  }

  /** Returns a file, the compressed one if only that exists, or nothing. */
  Optional<Path> csv(String name) {
    return optional(name).or(() -> optional(name + ".gz"));
  }

  /**
   * Returns the files whose whole names match a pattern, by name; hidden ones and the label of
   * generated files are not data.
   */
  List<Path> matching(String pattern) {
    if (!Files.isDirectory(path)) {
      return List.of();
    }
    Pattern compiled = Pattern.compile(pattern);
    try (Stream<Path> files = Files.list(path)) {
      return files
          .filter(Files::isRegularFile)
          .filter(file -> !file.getFileName().toString().startsWith("."))
          .filter(file -> !file.endsWith("GENERATED.json"))
          .filter(file -> compiled.matcher(String.valueOf(file.getFileName())).matches())
          .sorted()
          .toList();
    } catch (IOException e) {
      throw TextFile.unreadable(path, e);
    }
  }

  private static String readable(String pattern) {
    return pattern.replace(".*", "*").replace("\\", "").replace("|", " or ");
  }
}
