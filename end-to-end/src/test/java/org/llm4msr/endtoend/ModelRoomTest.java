package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.assembly.ModelAssembly;
import org.llm4msr.runtime.assembly.ModelMemory;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.model.DenseParameter;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginRegistry;

/** {@code config check} tells what training takes before any array is made. */
class ModelRoomTest {

  @TempDir static Path folder;
  private static Path prepared;
  private static Path raw;

  @BeforeAll
  static void prepare() throws IOException {
    List<String> scenarios = List.of("feed", "search", "home");
    prepared = SmallShop.write(folder.resolve("one"), 1, 1000, 3000, 90, scenarios).experiment();
    raw = SmallShop.write(folder.resolve("two"), 1, 1000, 300, 90, scenarios).experiment();
    experiment(prepared).prepare(false, Progress.NONE);
  }

  private static Experiment experiment(Path file, String... overrides) {
    List<String> all = new ArrayList<>(List.of("model.fusion.name=none"));
    all.addAll(List.of(overrides));
    return Experiment.fromYaml(file, all.toArray(String[]::new));
  }

  static Stream<String> names() {
    return PluginRegistry.load().names(PluginKind.BACKBONE).stream();
  }

  @ParameterizedTest
  @MethodSource("names")
  void whatABackboneMakesIsCounted(String name) {
    Experiment experiment = experiment(prepared, "model.backbone={name: %s}".formatted(name));
    ExperimentConfig config = experiment.config().config();

    ModelMemory memory = experiment.check().orElseThrow();

    try (TensorEngine engine = TensorEngine.open(config.runtime());
        PreparedData data = experiment.openPrepared();
        TrainableModel model =
            ModelAssembly.assemble(
                engine,
                experiment.config().model(),
                config.training(),
                config.scoring(),
                data,
                null)) {
      assertThat(memory.parameters())
          .isEqualTo(
              model.parameters().parameters().stream().mapToLong(DenseParameter::size).sum());
      assertThat(memory.tableNumbers())
          .isEqualTo(
              model.tables().tables().stream()
                  .mapToLong(table -> (long) table.rows() * table.dimension())
                  .sum());
    }
  }

  /** Beside the files that training writes: own tables, of items and others, and wider vectors. */
  @Test
  void whatSequencesAddIsCounted() throws IOException {
    String[] settings = {
      "training.epochs=1",
      "model.backbone={name: shared-bottom, bottom: [8], tower: [4], batchNorm: false}",
      "model.embeddingSizes={item_id: 6}",
      "model.sequences={attended: {pooling: target-attention, ownTable: true}, plain: {}, tags:"
          + " {of: tags, ownTable: true}, kinds: {table: kind, ownTable: true}}"
    };
    Experiment experiment = experiment(prepared, settings);

    ModelMemory memory = experiment.check().orElseThrow();

    Path bundle = experiment.train("sequences", Progress.NONE).bundle();
    try (Stream<Path> tables = Files.list(bundle.resolve("tables"))) {
      assertThat(memory.tableNumbers())
          .isEqualTo(tables.mapToLong(ModelRoomTest::numbersOfTable).sum());
    }
    assertThat(memory.parameters())
        .isEqualTo(numbersOfTensors(bundle.resolve("dense.safetensors")));
    long unprepared = experiment(raw, settings).check().orElseThrow().parameters();
    settings[3] = settings[3].replace("attended: {", "attended: {table: item_id, ");
    assertThat(experiment(raw, settings).check().orElseThrow().parameters()).isEqualTo(unprepared);
  }

  private static long numbersOfTable(Path file) {
    try (BufferAllocator allocator = new RootAllocator();
        FileChannel channel = FileChannel.open(file);
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      long rows = 0;
      FixedSizeListVector vectors =
          (FixedSizeListVector) reader.getVectorSchemaRoot().getVector("weight");
      while (reader.loadNextBatch()) {
        rows += vectors.getValueCount();
      }
      return rows * vectors.getListSize();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns how many numbers of four bytes the header of a file states. */
  private static long numbersOfTensors(Path file) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    return (bytes.limit() - Long.BYTES - bytes.getLong()) / Float.BYTES;
  }

  @Test
  void withoutPreparedDataTheModelIsCountedWithTheScenariosThatAreKnown() {
    ModelMemory memory = experiment(raw).check().orElseThrow();

    assertThat(memory.parameters())
        .isBetween(100L, experiment(prepared).check().orElseThrow().parameters());
    assertThat(memory.tableNumbers()).isNull();
    assertThat(memory.text()).endsWith("; tables are counted once data is prepared");
  }

  /** Wide layers, a number beyond those of Java, and so many layers that they are not all made. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{name: mmoe, experts: 100000, expert: [4096]}",
        "{name: mmoe, experts: 2000000000, expert: [8]}",
        "{name: m3oe, experts: 1000000, width: 4096}"
      })
  void whatNoMachineCanHoldIsRefused(String backbone) {
    MsrException error =
        catchThrowableOfType(
            MsrException.class, () -> experiment(prepared, "model.backbone=" + backbone).check());

    assertThat(error)
        .hasMessageStartingWith("[config/INVALID] " + prepared + " has a problem:\n")
        .hasMessageMatching(
            "(?s).*  1\\. model.backbone.name \\(-Dmodel.backbone\\): training takes (more than|at"
                + " least) \\S+ GiB: \\S+ parameters \\S+ GiB, their gradients \\S+ GiB, the state"
                + " of adam \\S+ GiB, what layers give for 256 rows \\S+ .iB; tables with their"
                + " state \\S+ MiB. Java's heap would hold \\S+ GiB of it, and its limit is \\S+"
                + " .iB; the machine has \\S+ GiB. .*");
  }
}
