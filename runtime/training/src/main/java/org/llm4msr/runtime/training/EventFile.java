package org.llm4msr.runtime.training;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * Numbers for TensorBoard. Each process begins a new file, and tells the viewer to forget what an
 * earlier process wrote after its last checkpoint.
 *
 * <p>A record is the length of an event, its checksum, the event and its checksum; an event is a
 * message of {@code tensorflow/core/util/event.proto}.
 */
final class EventFile implements TrainingListener, AutoCloseable {

  private static final String VERSION = "brain.Event:2";

  private static final int WALL_TIME = 1;
  private static final int STEP = 2;
  private static final int FILE_VERSION = 3;
  private static final int SUMMARY = 5;
  private static final int SESSION_LOG = 7;
  private static final int SESSION_STATUS = 1;
  private static final int SESSION_START = 1;
  private static final int SUMMARY_VALUE = 1;
  private static final int VALUE_TAG = 1;
  private static final int VALUE_NUMBER = 2;

  private final Path file;
  private final FileChannel channel;

  /**
   * Begins a file.
   *
   * @param folder of all files of the run
   * @param resumedAt steps that were done before
   */
  EventFile(Path folder, long resumedAt) {
    // Viewers read files in the order of their names.
    file = folder.resolve("events.out.tfevents.%s.llm4msr".formatted(System.currentTimeMillis()));
    try {
      Files.createDirectories(folder);
      channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      begin(resumedAt);
    } catch (IOException e) {
      throw MetricsLog.failed(file, e);
    }
  }

  private void begin(long resumedAt) throws IOException {
    try {
      write(version(now()));
      write(restart(now(), resumedAt + 1));
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  private static double now() {
    return System.currentTimeMillis() / 1e3;
  }

  @Override
  public void step(Step step) {
    add(MetricsLine.of(step));
  }

  @Override
  public void validated(Validated validated) {
    add(MetricsLine.of(validated));
  }

  /** Writes the numbers of a line of {@code metrics.jsonl}. */
  void add(JsonNode line) {
    Map<String, Float> numbers = new TreeMap<>();
    if (line.has("validation")) {
      collect("validation", line.path("validation"), numbers);
    } else {
      collect("training", line, numbers);
    }
    numbers.remove("training/step");
    numbers.remove("training/epoch");
    try {
      write(scalars(now(), line.path("step").asLong(), numbers));
    } catch (IOException e) {
      throw MetricsLog.failed(file, e);
    }
  }

  /** Metrics stand in an array, each with the name of its scenario. */
  private static void collect(String tag, JsonNode node, Map<String, Float> numbers) {
    if (node.isNumber()) {
      numbers.put(tag, node.floatValue());
    } else if (node.isArray()) {
      for (JsonNode element : node) {
        if (element.has("name")) {
          collect(tag + "/" + element.path("name").asText(), element, numbers);
        }
      }
    } else {
      node.properties()
          .forEach(field -> collect(tag + "/" + field.getKey(), field.getValue(), numbers));
    }
  }

  static byte[] version(double time) throws IOException {
    return event(time, 0, out -> out.writeString(FILE_VERSION, VERSION));
  }

  static byte[] restart(double time, long step) throws IOException {
    byte[] start = message(out -> out.writeEnum(SESSION_STATUS, SESSION_START));
    return event(time, step, out -> out.writeByteArray(SESSION_LOG, start));
  }

  static byte[] scalars(double time, long step, Map<String, Float> numbers) throws IOException {
    byte[] summary =
        message(
            out -> {
              for (Map.Entry<String, Float> number : numbers.entrySet()) {
                byte[] value =
                    message(
                        tagged -> {
                          tagged.writeString(VALUE_TAG, number.getKey());
                          tagged.writeFloat(VALUE_NUMBER, number.getValue());
                        });
                out.writeByteArray(SUMMARY_VALUE, value);
              }
            });
    return event(time, step, out -> out.writeByteArray(SUMMARY, summary));
  }

  private interface Fields {
    void write(CodedOutputStream out) throws IOException;
  }

  private static byte[] message(Fields fields) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    fields.write(out);
    out.flush();
    return bytes.toByteArray();
  }

  private static byte[] event(double time, long step, Fields content) throws IOException {
    return message(
        out -> {
          out.writeDouble(WALL_TIME, time);
          if (step > 0) {
            out.writeInt64(STEP, step);
          }
          content.write(out);
        });
  }

  private void write(byte[] event) throws IOException {
    ByteBuffer record = ByteBuffer.wrap(record(event));
    while (record.hasRemaining()) {
      channel.write(record);
    }
  }

  static byte[] record(byte[] event) {
    ByteBuffer record =
        ByteBuffer.allocate(Long.BYTES + Integer.BYTES + event.length + Integer.BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    record.putLong(event.length);
    record.putInt(checksum(record.array(), Long.BYTES));
    record.put(event).putInt(checksum(event, event.length));
    return record.array();
  }

  /**
   * The masked CRC-32C that the format asks for: a plain CRC of data that contains CRCs would be
   * weak.
   */
  private static int checksum(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return Integer.rotateRight((int) crc.getValue(), 15) + 0xa282ead8;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw MetricsLog.failed(file, e);
    }
  }
}
