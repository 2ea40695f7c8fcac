package org.llm4msr.runtime.training;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.files.FileErrors;
import org.llm4msr.runtime.files.SmallFiles;

/**
 * A file {@code checksums.json} with the CRC-32C of every other file of a folder: a file that a
 * disk or a copy changed may still be readable, with another meaning.
 */
final class FolderChecksums {

  private static final String NAME = "checksums.json";

  private static final int BUFFER_BYTES = 1 << 20;

  private static final ObjectMapper JSON = new ObjectMapper();

  private FolderChecksums() {}

  /** Writes the checksums of a folder's files and forces them to the disk. */
  static void write(Path folder) throws IOException {
    DurableFiles.write(folder.resolve(NAME), JSON.writeValueAsBytes(of(folder)));
  }

  /**
   * Compares a folder with its checksums.
   *
   * @throws IOException that names the first file that differs from what was written
   */
  static void verify(Path folder) throws IOException {
    Map<String, String> written = read(folder.resolve(NAME));
    Map<String, String> found = of(folder);
    TreeSet<String> names = new TreeSet<>(written.keySet());
    names.addAll(found.keySet());
    for (String name : names) {
      if (!Objects.equals(written.get(name), found.get(name))) {
        throw new IOException(
            "%s has the checksum %s, and %s was written"
                .formatted(
                    folder.resolve(name),
                    found.getOrDefault(name, "of no file"),
                    written.getOrDefault(name, "none")));
      }
    }
  }

  private static Map<String, String> read(Path file) throws IOException {
    try {
      Map<String, String> checksums =
          JSON.readValue(SmallFiles.read(file), new TypeReference<Map<String, String>>() {});
      return Objects.requireNonNullElse(checksums, Map.of());
    } catch (JsonProcessingException | CharConversionException e) {
      throw new IOException(file + ": " + FileErrors.reason(e), e);
    }
  }

  private static Map<String, String> of(Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> entries = Files.walk(folder)) {
      files = entries.filter(Files::isRegularFile).filter(file -> !file.endsWith(NAME)).toList();
    }
    Map<String, String> checksums = new TreeMap<>();
    for (Path file : files) {
      checksums.put(folder.relativize(file).toString().replace('\\', '/'), checksum(file));
    }
    return checksums;
  }

  private static String checksum(Path file) throws IOException {
    CRC32C crc = new CRC32C();
    byte[] buffer = new byte[BUFFER_BYTES];
    try (InputStream in = Files.newInputStream(file)) {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        crc.update(buffer, 0, read);
      }
    }
    return "%08x".formatted(crc.getValue());
  }
}
