package org.llm4msr.runtime.files;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.LogFile;

/**
 * Makes folders that a reader takes for that of the raw files, with a piece of the log alone: its
 * other files have no rows, and what else the reader reads is linked.
 *
 * @param raw the folder of the raw files
 * @param sources all that the reader reads in it
 * @param headers the files of the log, each with its first line if that names columns, else with an
 *     empty one
 */
public record PieceFolder(Path raw, List<Path> sources, Map<Path, byte[]> headers) {

  private static final String COMPRESSED = ".gz";

  public PieceFolder {
    sources = List.copyOf(sources);
    headers = Map.copyOf(headers);
  }

  /** Asks a reader of the raw files, whose log is not empty. */
  public static PieceFolder of(Path raw, DatasetReader reader) {
    Path root = absolute(raw);
    Map<Path, byte[]> headers = new HashMap<>();
    for (LogFile file : reader.logFiles()) {
      headers.put(
          absolute(file.path()), file.header() ? firstLine(file.path()) : "\n".getBytes(UTF_8));
    }
    List<Path> sources =
        reader.sources().stream()
            .map(PieceFolder::absolute)
            .filter(source -> source.startsWith(root))
            .distinct()
            .toList();
    return new PieceFolder(root, sources, headers);
  }

  private static Path absolute(Path file) {
    return file.toAbsolutePath().normalize();
  }

  private static byte[] firstLine(Path file) {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    try (InputStream bytes = Files.newInputStream(file);
        InputStream text =
            new BufferedInputStream(isCompressed(file) ? new GZIPInputStream(bytes) : bytes)) {
      for (int next = text.read(); next >= 0 && next != '\n'; next = text.read()) {
        line.write(next);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    line.write('\n');
    return line.toByteArray();
  }

  private static boolean isCompressed(Path file) {
    return file.toString().endsWith(COMPRESSED);
  }

  /**
   * Fills a folder.
   *
   * @param file of the log
   * @param piece a file with some of its lines, uncompressed, or itself
   * @param target an empty folder
   * @return where the piece lies in that
   */
  public Path fill(Path file, Path piece, Path target) throws IOException {
    Path of = absolute(file);
    Path read = absolute(piece);
    Path place = piece;
    for (Path source : sources) {
      Path own = target.resolve(raw.relativize(source).toString());
      Files.createDirectories(requireNonNull(own.getParent(), "a file of the folder"));
      byte[] header = headers.get(source);
      if (source.equals(of)) {
        place = Files.createSymbolicLink(read.equals(of) ? own : uncompressed(own), read);
      } else if (header == null) {
        Files.createSymbolicLink(own, source);
      } else {
        Files.write(uncompressed(own), header);
      }
    }
    return place;
  }

  private static Path uncompressed(Path file) {
    String name = String.valueOf(file.getFileName());
    return isCompressed(file)
        ? file.resolveSibling(name.substring(0, name.length() - COMPRESSED.length()))
        : file;
  }
}
