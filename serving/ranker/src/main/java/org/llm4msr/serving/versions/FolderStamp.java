package org.llm4msr.serving.versions;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Tells whether a folder changed, without reading its files.
 *
 * @param files name, bytes and time of each, in an order
 */
public record FolderStamp(List<String> files) {

  public FolderStamp {
    files = List.copyOf(files);
  }

  /** Notes the files that a folder holds now; none where it cannot be read. */
  public static FolderStamp of(Path folder) {
    List<String> files = new ArrayList<>();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : (Iterable<Path>) all.filter(Files::isRegularFile).sorted()::iterator) {
        BasicFileAttributes about = Files.readAttributes(file, BasicFileAttributes.class);
        files.add("%s %d %s".formatted(file, about.size(), about.lastModifiedTime()));
      }
    } catch (IOException | UncheckedIOException e) {
      files.add(e.toString());
    }
    return new FolderStamp(files);
  }
}
