package org.llm4msr.runtime.files;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.LogFile;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;

class PieceFolderTest {

  @TempDir Path folder;
  private Path raw;
  private Path target;

  @BeforeEach
  void writeRawFiles() throws IOException {
    raw = Files.createDirectories(folder.resolve("raw/data")).getParent();
    target = Files.createDirectory(folder.resolve("target"));
    Files.writeString(folder.resolve("outside.csv"), "x");
    Files.writeString(raw.resolve("side.csv"), "k\n1\n");
    Files.writeString(raw.resolve("data/plain.csv"), "a,b\r\n1,2\r\n");
    Files.writeString(raw.resolve("data/lines.json"), "{}\n");
    try (OutputStream out =
        new GZIPOutputStream(Files.newOutputStream(raw.resolve("data/packed.csv.gz")))) {
      out.write("c,d\n3,4\n5,6\n".getBytes(UTF_8));
    }
  }

  @Test
  void aPieceStandsAmongFilesWithoutRows() throws IOException {
    Path piece = Files.writeString(folder.resolve("piece"), "c,d\n5,6\n");

    Path place = pieces().fill(raw.resolve("data/packed.csv.gz"), piece, target);

    assertThat(place).isEqualTo(target.resolve("data/packed.csv")).hasContent("c,d\n5,6");
    assertThat(target.resolve("data/plain.csv")).hasBinaryContent("a,b\r\n".getBytes(UTF_8));
    assertThat(target.resolve("data/lines.json")).hasBinaryContent("\n".getBytes(UTF_8));
    assertThat(target.resolve("side.csv")).hasContent("k\n1").isSymbolicLink();
    assertThat(target.resolve("data").toFile().list()).hasSize(3);
  }

  @Test
  void aWholeFileKeepsItsName() throws IOException {
    Path file = raw.resolve("data/packed.csv.gz");

    assertThat(pieces().fill(file, file, target))
        .isEqualTo(target.resolve("data/packed.csv.gz"))
        .hasSameBinaryContentAs(file);

    Path plain = Files.createDirectory(folder.resolve("plain"));
    pieces().fill(raw.resolve("data/plain.csv"), raw.resolve("data/plain.csv"), plain);
    assertThat(plain.resolve("data/packed.csv")).hasBinaryContent("c,d\n".getBytes(UTF_8));
  }

  private PieceFolder pieces() {
    return PieceFolder.of(raw, new Reader());
  }

  private final class Reader implements DatasetReader {

    @Override
    public List<Path> sources() {
      return List.of(
          raw.resolve("side.csv"),
          raw.resolve("data/plain.csv"),
          raw.resolve("data/packed.csv.gz"),
          raw.resolve("data/lines.json"),
          raw.resolve("data/../side.csv"),
          folder.resolve("outside.csv"));
    }

    @Override
    public List<LogFile> logFiles() {
      return List.of(
          new LogFile(raw.resolve("data/plain.csv"), true, true),
          new LogFile(raw.resolve("data/packed.csv.gz"), true, true),
          new LogFile(raw.resolve("data/lines.json"), false, true));
    }

    @Override
    public RawSchema schema() {
      throw new UnsupportedOperationException();
    }

    @Override
    public List<RawScenario> scenarios() {
      throw new UnsupportedOperationException();
    }

    @Override
    public ArrowReader open(RawTable table, BufferAllocator allocator) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
  }
}
