package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.llm4msr.runtime.bundle.Bundle;

/** What folders hold, in a form that two of them can be compared in. */
final class Contents {

  private static final ObjectMapper JSON = new ObjectMapper();

  private Contents() {}

  /** Returns the checksums of the files below a folder, by their names in it. */
  static Map<String, String> bytes(Path root, Predicate<String> which) throws IOException {
    Map<String, String> bytes = new TreeMap<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = root.relativize(file).toString();
        if (which.test(name)) {
          bytes.put(name, sha256(Files.readAllBytes(file)));
        }
      }
    }
    return bytes;
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Returns the lines of a run's metrics without the time that they took. */
  static List<String> metrics(Path run) throws IOException {
    List<String> lines = new ArrayList<>();
    for (String line : Files.readAllLines(run.resolve("metrics.jsonl"))) {
      ObjectNode object = (ObjectNode) JSON.readTree(line);
      object.remove("rowsPerSecond");
      lines.add(object.toString());
    }
    return lines;
  }

  /** Compares two runs but for what tells when and where: manifests, logs, reports of time. */
  static void assertSameRun(Path run, Path other) throws IOException {
    Predicate<String> timeless =
        name ->
            name.startsWith("checkpoints/")
                || name.startsWith("bundle/")
                    && !name.startsWith("bundle/manifest.json")
                    && !name.startsWith("bundle/knowledge/");
    assertThat(bytes(run, timeless))
        .isEqualTo(bytes(other, timeless))
        .containsKey("bundle/dense.safetensors")
        .hasSizeGreaterThan(25);
    assertThat(metrics(run)).isEqualTo(metrics(other));
    Bundle.open(run.resolve("bundle"));
  }

  /**
   * Returns the rows of a knowledge store by level and key: the order of rows and the cut into
   * files tell when it was filled, and are no part of what it says.
   */
  static Map<String, String> knowledge(Path store) throws IOException {
    Map<String, String> rows = new TreeMap<>();
    rows.put("store.json", Files.readString(store.resolve("store.json"), UTF_8));
    try (Stream<Path> files = Files.list(store)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".arrow")).toList()) {
        String level = file.getFileName().toString().replaceAll("-\\d+\\.arrow", "");
        read(file, level, rows);
      }
    }
    return rows;
  }

  private static void read(Path file, String level, Map<String, String> rows) throws IOException {
    try (BufferAllocator allocator = new RootAllocator();
        FileChannel channel = FileChannel.open(file);
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      while (reader.loadNextBatch()) {
        List<FieldVector> columns = reader.getVectorSchemaRoot().getFieldVectors();
        for (int row = 0; row < reader.getVectorSchemaRoot().getRowCount(); row++) {
          StringBuilder text = new StringBuilder();
          for (FieldVector column : columns) {
            Object value = column.getObject(row);
            text.append(value instanceof byte[] b ? HexFormat.of().formatHex(b) : value)
                .append(' ');
          }
          String key = level + " " + reader.getVectorSchemaRoot().getVector("key").getObject(row);
          rows.put(key, sha256(text.toString().getBytes(UTF_8)));
        }
      }
    }
  }
}
