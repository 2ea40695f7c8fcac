package org.llm4msr.serving.versions;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.text.Shortened;

/**
 * A folder of versions of a model, each a bundle in a folder of its own. The file {@value #PINNED}
 * may name the one that is wanted; without it, that is the newest by name.
 */
public final class ModelVersions {

  /** The file that names the version that is wanted. */
  public static final String PINNED = "PINNED";

  private static final Comparator<String> ORDER = new VersionOrder();

  private final Path folder;

  /** Looks at a folder. */
  public ModelVersions(Path folder) {
    this.folder = folder.toAbsolutePath().normalize();
  }

  /**
   * Returns the names of the versions, the newest first. Folders that are being written, with names
   * that begin with a point or end with {@value DurableFiles#UNFINISHED}, and folders without a
   * manifest are none.
   *
   * @throws MsrException {@code serve/NO_VERSIONS} if the folder cannot be read
   */
  public List<String> names() {
    try (Stream<Path> children = Files.list(folder)) {
      List<String> names = new ArrayList<>();
      children
          .filter(Bundle::isIn)
          .map(child -> String.valueOf(child.getFileName()))
          .filter(name -> !name.startsWith(".") && !name.endsWith(DurableFiles.UNFINISHED))
          .forEach(names::add);
      names.sort(ORDER.reversed());
      return names;
    } catch (IOException e) {
      throw new MsrException(
          ErrorType.EXTERNAL,
          "serve/NO_VERSIONS",
          "The folder of versions %s cannot be read: %s. Each version is a bundle in a folder of its own there."
              .formatted(folder, e),
          e);
    }
  }

  /** Returns whether the first name is that of a newer version. */
  public static boolean isNewer(String first, String second) {
    return ORDER.compare(first, second) > 0;
  }

  /** Returns the folder of a version. */
  public Path folder(String version) {
    return folder.resolve(version);
  }

  /** Returns a text with paths as they are seen from the folder. */
  public String relative(String text) {
    return text.replace(folder + File.separator, "")
        .replace(folder.toString(), String.valueOf(folder.getFileName()));
  }

  /** Returns the name of the version that is wanted whatever is newer; empty if none is. */
  public Optional<String> pinned() {
    try {
      String name = Files.readString(folder.resolve(PINNED), UTF_8).strip();
      return name.isEmpty() ? Optional.empty() : Optional.of(name);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new MsrException(
          ErrorType.EXTERNAL,
          "serve/PINNED",
          "%s cannot be read: %s. It should hold the name of a version, or be deleted."
              .formatted(folder.resolve(PINNED), e),
          e);
    }
  }

  /**
   * Writes which version is wanted, for all that look at the folder.
   *
   * @param version null for the newest
   * @throws MsrException {@code serve/NO_VERSION} where there is none of that name, {@code
   *     serve/PINNED} where the folder cannot be written
   */
  public void pin(@Nullable String version) {
    List<String> names = names();
    if (version != null && !names.contains(version)) {
      throw new MsrException(
          ErrorType.USER,
          "serve/NO_VERSION",
          "There is no version %s in %s. Name one of %s."
              .formatted(Shortened.of(version), folder, names));
    }
    Path file = folder.resolve(PINNED);
    try {
      if (version == null) {
        Files.deleteIfExists(file);
      } else {
        DurableFiles.write(file, (version + "\n").getBytes(UTF_8));
      }
    } catch (IOException e) {
      throw new MsrException(
          ErrorType.EXTERNAL,
          "serve/PINNED",
          "%s cannot be written: %s. Give the server the right to write there, or write the name of a version into it yourself."
              .formatted(file, e),
          e);
    }
  }
}
