package org.llm4msr.plugins.datasets.table;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.plugins.datasets.input.TextFile;

/**
 * The files that a name in the settings stands for: one, those of a folder, or those that match a
 * pattern such as {@code log/part-*.parquet}, by name. Hidden ones are none of them, nor those that
 * begin with an underscore, as Spark marks what is no data.
 */
final class NamedFiles {

  private static final Pattern WILD = Pattern.compile("[*?\\[{]");
  private static final Pattern HIDDEN = Pattern.compile("(^|/)[._]");

  private NamedFiles() {}

  /** Returns them. */
  static List<Path> of(Path folder, String name) {
    Path file = folder.resolve(name);
    if (Files.isRegularFile(file)) {
      return List.of(file);
    }
    if (Files.isDirectory(file)) {
      return ofFolder(file);
    }
    boolean isPattern = WILD.matcher(name).find();
    List<Path> found = isPattern ? matching(folder, Path.of(name)) : List.of();
    if (found.isEmpty()) {
      throw missing(
          "There is no file %s%s."
              .formatted(isPattern ? "that matches " : "", folder.resolve(name)));
    }
    return found;
  }

  /** Returns whether a name stands for other files of this machine than that of its name. */
  static boolean isOfSeveral(Path folder, String name) {
    Path file = folder.resolve(name);
    return Files.isDirectory(file) || (WILD.matcher(name).find() && !Files.exists(file));
  }

  private static List<Path> ofFolder(Path folder) {
    try (Stream<Path> content = Files.list(folder)) {
      List<Path> visible = content.filter(path -> !isHidden(path.getFileName())).sorted().toList();
      for (Path path : visible) {
        if (Files.isDirectory(path)) {
          throw missing(
              "%s is a folder that has folders, such as %s. Name their files by a pattern, such as *.parquet; what names of folders say is not read."
                  .formatted(folder, path.getFileName()));
        }
      }
      if (visible.isEmpty()) {
        throw missing(folder + " is a folder without files.");
      }
      return visible;
    } catch (IOException e) {
      throw TextFile.unreadable(folder, e);
    }
  }

  private static List<Path> matching(Path folder, Path pattern) {
    int fixed = 0;
    while (!WILD.matcher(pattern.getName(fixed).toString()).find()) {
      fixed++;
    }
    Path root = pattern.isAbsolute() ? pattern.getRoot() : folder;
    Path start = fixed == 0 ? root : root.resolve(pattern.subpath(0, fixed));
    Path rest = pattern.subpath(fixed, pattern.getNameCount());
    int depth = rest.toString().contains("**") ? Integer.MAX_VALUE : rest.getNameCount();
    try {
      PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + rest);
      if (!Files.isDirectory(start)) {
        return List.of();
      }
      try (Stream<Path> all = Files.walk(start, depth)) {
        return all.filter(Files::isRegularFile)
            .map(start::relativize)
            .filter(matcher::matches)
            .filter(path -> !isHidden(path))
            .sorted()
            .map(start::resolve)
            .toList();
      }
    } catch (PatternSyntaxException e) {
      return List.of();
    } catch (IOException e) {
      throw TextFile.unreadable(start, e);
    } catch (UncheckedIOException e) {
      throw TextFile.unreadable(start, requireNonNull(e.getCause(), "it wraps one"));
    }
  }

  private static boolean isHidden(Path path) {
    return HIDDEN.matcher(path.toString()).find();
  }

  private static MsrException missing(String message) {
    return new MsrException(
        ErrorType.DATA,
        "data/MISSING_FILE",
        message + " Files of a table are relative to dataset.path.");
  }
}
