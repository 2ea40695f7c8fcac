package org.llm4msr.benchmarks;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.hipparchus.stat.descriptive.rank.Median;
import org.llm4msr.api.Progress;
import org.llm4msr.benchmarks.peers.PeerProcess;
import org.llm4msr.runtime.assembly.ModelAssembly;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.config.TrainingConfig;
import org.llm4msr.runtime.data.order.TrainingOrder;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.model.DenseParameter;
import org.llm4msr.runtime.training.TrainingStep;

/**
 * Trains MMoE on KuaiRand-Pure, epoch by epoch in turn: ours from prepared files,
 * Scenario-Wise-Rec's trainer with its own data loader, and its model in a plain loop over tensors.
 * Of a field with many values the peers read the first alone.
 *
 * <p>{@code benchmarks/run FieldTrainerBenchmark PYTHON CHECKOUT DATA [ROUNDS]}: PYTHON has torch,
 * scikit-learn, pandas and tqdm, CHECKOUT holds Scenario-Wise-Rec, DATA the published files.
 */
public final class FieldTrainerBenchmark {

  private static final int THREADS = Integer.getInteger("threads", 2);

  private FieldTrainerBenchmark() {}

  /** Times one epoch. */
  private interface Epoch {
    double seconds() throws IOException;
  }

  public static void main(String[] args) throws IOException {
    Path work = Files.createTempDirectory("field-trainer");
    try {
      compare(args, work);
    } finally {
      try (Stream<Path> files = Files.walk(work)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private static void compare(String[] args, Path work) throws IOException {
    Experiment experiment =
        Experiment.fromYaml(
            PeerProcess.PEERS.resolve("../../examples/configs/kuairand.yaml"),
            "dataset.path=" + Path.of(args[2]).toAbsolutePath(),
            "workspace=" + work,
            "model.backbone.dropout=0",
            "model.backbone.batchNorm=true",
            "model.backbone.gateBatchNorm=true");
    experiment.prepare(false, Progress.NONE);
    ExperimentConfig config = experiment.config().config();
    int batch = config.training().batchSize();
    int rounds = args.length > 3 ? Integer.parseInt(args[3]) : 5;
    RuntimeConfig runtime = new RuntimeConfig("PyTorch", "cpu", THREADS, "1GB", 0, false);
    try (PreparedData data = experiment.openPrepared();
        TensorEngine engine = TensorEngine.open(runtime);
        TrainableModel model =
            ModelAssembly.assemble(
                engine,
                experiment.config().model(),
                config.training(),
                config.scoring(),
                data,
                null)) {
      int rows = write(data, work);
      long parameters =
          model.parameters().parameters().stream().mapToLong(DenseParameter::size).sum();
      try (Peer loader = new Peer(args, work, "loader", batch, rows, data);
          Peer slices = new Peer(args, work, "slices", batch, rows, data)) {
        Map<String, Epoch> epochs = new LinkedHashMap<>();
        epochs.put("llm4msr", ours(engine, model, data, config.training()));
        for (Peer peer : List.of(loader, slices)) {
          requireEqual(parameters, peer);
          epochs.put(peer.name, peer);
        }
        time(epochs, rounds, rows);
      }
    }
  }

  private static void requireEqual(long parameters, Peer peer) {
    if (peer.parameters != parameters) {
      throw new IllegalStateException(
          "dense parameters: ours %d, %s %d".formatted(parameters, peer.name, peer.parameters));
    }
  }

  private static void time(Map<String, Epoch> epochs, int rounds, int rows) throws IOException {
    Map<String, List<Double>> seconds = new LinkedHashMap<>();
    for (int round = -1; round < rounds; round++) {
      for (Map.Entry<String, Epoch> epoch : epochs.entrySet()) {
        double time = epoch.getValue().seconds();
        if (round >= 0) { // The first warms up.
          seconds.computeIfAbsent(epoch.getKey(), name -> new ArrayList<>()).add(time);
        }
      }
    }
    System.out.printf("medians of %d epochs of %d rows, on %s%n", rounds, rows, Processor.name());
    double ours = median(seconds.values().iterator().next());
    seconds.forEach(
        (name, times) ->
            System.out.printf(
                "%-30s %8.2f s %9.0f rows/s; ratio %.2f (%.2f to %.2f s)%n",
                name,
                median(times),
                rows / median(times),
                median(times) / ours,
                times.stream().mapToDouble(t -> t).min().orElseThrow(),
                times.stream().mapToDouble(t -> t).max().orElseThrow()));
  }

  private static double median(List<Double> values) {
    return new Median().evaluate(values.stream().mapToDouble(value -> value).toArray());
  }

  private static Epoch ours(
      TensorEngine engine, TrainableModel model, PreparedData data, TrainingConfig config) {
    TrainingStep step = new TrainingStep(model, config, data);
    long[] done = new long[2]; // Epochs and steps.
    return () ->
        engine.call(
            () -> {
              long start = System.nanoTime();
              TrainingOrder order =
                  new TrainingOrder(
                      config.batchSize(),
                      config.shuffleWindow(),
                      config.groupUsers(),
                      config.seed(),
                      (int) done[0]++,
                      0);
              try (BatchSource source = data.training(order)) {
                Batch batch = source.newBatch();
                while (source.next(batch)) {
                  step.run(batch, done[1]++, config.optimizer().learningRate());
                }
              }
              return (System.nanoTime() - start) / 1e9;
            });
  }

  /** Writes ids (rows, fields), scenarios and labels as little-endian integers. */
  private static int write(PreparedData data, Path folder) throws IOException {
    int rows = Math.toIntExact(data.manifest().rows().train());
    try (BatchSource source = data.training(new TrainingOrder(rows, rows, 0, 0, 0))) {
      Batch batch = source.newBatch();
      if (!source.next(batch) || batch.size != rows) {
        throw new IOException("the training part has not the rows that its manifest names");
      }
      int fields = batch.fields.size();
      int[] ids = new int[rows * fields];
      int[] labels = new int[rows];
      for (int row = 0; row < rows; row++) {
        for (int field = 0; field < fields; field++) {
          ids[row * fields + field] = id(batch.fields.get(field), row);
        }
        labels[row] = (int) batch.label[row];
      }
      write(folder.resolve("ids"), ids);
      write(folder.resolve("scenarios"), Arrays.copyOf(batch.scenario, rows));
      write(folder.resolve("labels"), labels);
    }
    return rows;
  }

  /** Returns the id of a row, the first where there are several. */
  private static int id(FieldValues field, int row) {
    if (field instanceof FieldValues.Ids ids) {
      return ids.ids()[row];
    }
    FieldValues.IdLists lists = (FieldValues.IdLists) field;
    int from = lists.offsets[row];
    return from == lists.offsets[row + 1] ? 0 : lists.ids[from];
  }

  private static void write(Path file, int[] values) throws IOException {
    byte[] bytes = new byte[values.length * Integer.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().put(values);
    Files.write(file, bytes);
  }

  /** {@code peers/field_trainer.py}, which waits while others are timed. */
  private static final class Peer implements Epoch, AutoCloseable {

    private final PeerProcess process;
    private final String name;
    private final long parameters;

    Peer(String[] args, Path folder, String mode, int batch, int rows, PreparedData data) {
      List<String> arguments =
          new ArrayList<>(
              List.of(
                  args[1],
                  folder.toString(),
                  mode,
                  Integer.toString(THREADS),
                  Integer.toString(batch),
                  Integer.toString(rows)));
      for (PreparedField field : data.manifest().fields()) {
        arguments.add(Integer.toString(field.vocabularySize()));
      }
      process = PeerProcess.python(Path.of(args[0]), "field_trainer.py", Map.of(), arguments);
      String[] ready = process.reply();
      name = ready[0];
      parameters = Long.parseLong(ready[1]);
    }

    @Override
    public double seconds() {
      process.say(1);
      return Double.parseDouble(process.reply()[0]);
    }

    @Override
    public void close() {
      process.close();
    }
  }
}
