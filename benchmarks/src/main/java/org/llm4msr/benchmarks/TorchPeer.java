package org.llm4msr.benchmarks;

import static java.lang.Double.parseDouble;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.llm4msr.benchmarks.peers.PeerProcess;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues.Ids;

/**
 * The same model trained by {@code benchmarks/peers/torch_step.py} in a separate process, which
 * holds all batches as tensors and waits while others are timed.
 */
final class TorchPeer implements Contender {

  private static final Path FULL_PRODUCTS =
      PeerProcess.PEERS.resolve(
          "../../runtime/engine/src/main/resources/org/llm4msr/runtime/engine/libfull_products.so");

  private final String name;
  private final Path folder;
  private final PeerProcess process;
  private final long denseParameters;

  /**
   * Starts the program.
   *
   * @param fullProducts whether it gets the library that ours loads on AMD's processors
   */
  TorchPeer(
      Path python,
      String optimizer,
      boolean fullProducts,
      int threads,
      RandomData data,
      List<Batch> batches) {
    try {
      folder = Files.createTempDirectory("torch-peer");
      write(batches);
      process =
          PeerProcess.python(
              python,
              "torch_step.py",
              fullProducts ? Map.of("LD_PRELOAD", FULL_PRODUCTS.toRealPath().toString()) : Map.of(),
              List.of(
                  folder.toString(),
                  optimizer,
                  Integer.toString(threads),
                  Integer.toString(data.fields()),
                  Integer.toString(data.rowsPerField()),
                  Integer.toString(data.scenarios()),
                  Integer.toString(Setup.BATCH)));
      String[] ready = process.reply();
      name = ready[0] + ", " + optimizer + (fullProducts ? ", full products" : "");
      denseParameters = Long.parseLong(ready[1]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes ids (batches, B, F), scenarios and labels (batches, B) as little-endian integers. */
  private void write(List<Batch> batches) throws IOException {
    int rows = batches.size() * Setup.BATCH;
    int fields = batches.get(0).fields.size();
    ByteBuffer ids = integers(rows * fields);
    ByteBuffer scenarios = integers(rows);
    ByteBuffer labels = integers(rows);
    for (Batch batch : batches) {
      for (int i = 0; i < batch.size; i++) {
        for (int f = 0; f < fields; f++) {
          ids.putInt(((Ids) batch.fields.get(f)).ids()[i]);
        }
        scenarios.putInt(batch.scenario[i]);
        labels.putInt((int) batch.label[i]);
      }
    }
    save("ids", ids);
    save("scenarios", scenarios);
    save("labels", labels);
  }

  private void save(String name, ByteBuffer values) throws IOException {
    try (FileChannel file =
        FileChannel.open(
            folder.resolve(name), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      file.write(values.flip());
    }
  }

  private static ByteBuffer integers(int count) {
    return ByteBuffer.allocate(count * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long denseParameters() {
    return denseParameters;
  }

  @Override
  public List<StepTime> time(int steps) {
    process.say(steps);
    String[] wall = process.reply();
    String[] processor = process.reply();
    return IntStream.range(0, steps)
        .mapToObj(i -> new StepTime(parseDouble(wall[i]), parseDouble(processor[i])))
        .toList();
  }

  @Override
  public void close() {
    process.close();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
      Files.delete(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
