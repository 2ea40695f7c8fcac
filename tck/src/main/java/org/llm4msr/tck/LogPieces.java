package org.llm4msr.tck;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.llm4msr.api.data.LogFile;

/** Pieces of a file of interactions, as nodes of a cluster read them. */
final class LogPieces {

  private static final int PIECES = 3;

  private LogPieces() {}

  /**
   * Writes the pieces of a small file; all but the first begin with its header, if it has one.
   *
   * @return the file itself, if its lines are read together
   */
  static List<Path> of(LogFile file, Path scratch) throws IOException {
    if (!file.lines()) {
      return List.of(file.path());
    }
    List<String> lines = text(file.path()).lines().toList();
    List<Path> pieces = new ArrayList<>();
    for (int piece = 0; piece < PIECES; piece++) {
      int from = lines.size() * piece / PIECES;
      List<String> own = new ArrayList<>(lines.subList(from, lines.size() * (piece + 1) / PIECES));
      if (file.header() && piece > 0) {
        own.add(0, lines.get(0));
      }
      Path written = Files.createTempFile(scratch, "lines", ".txt");
      pieces.add(Files.write(written, own, ISO_8859_1));
    }
    return pieces;
  }

  /** Takes bytes for characters: the encoding is the reader's matter. */
  private static String text(Path file) throws IOException {
    try (InputStream bytes = Files.newInputStream(file);
        InputStream text = file.toString().endsWith(".gz") ? new GZIPInputStream(bytes) : bytes) {
      return new String(text.readAllBytes(), ISO_8859_1);
    }
  }
}
