package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.CREATE_NEW;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.commons.codec.digest.DigestUtils;
import org.duckdb.DuckDBResultSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.data.order.TrainingOrder;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.runtime.scoring.ScoringRequest;

/**
 * Files that drawn damage has changed, of every kind that is read: each ends in an error that names
 * the file, or in a result where the damage does no harm, and leaves nothing half-written.
 */
class MutatedFilesTest {

  /** Of one kind of file in the quick set. */
  private static final int FEW = Integer.getInteger("llm4msr.test.mutations", 6);

  /** Of one kind of file among the slow tests. */
  private static final int MANY = Integer.getInteger("llm4msr.test.manyMutations", 25);

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path folder;
  private static DamageDrill drill;
  private static SmallShop shop;
  private static Experiment experiment;
  private static Path bundle;

  @BeforeAll
  static void train() throws Exception {
    drill = DamageDrill.start();
    shop = SmallShop.write(folder, 1, 1000, 600, 40, List.of("feed", "search", "home"));
    for (String table : List.of("inter", "users", "items")) {
      arrow(folder.resolve("raw/" + table + ".csv"), folder.resolve("raw/" + table + ".arrow"));
    }
    experiment = Experiment.fromYaml(shop.experiment(), "training.epochs=1");
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
    bundle = experiment.train("one", Progress.NONE).bundle();
  }

  @AfterAll
  static void stop() {
    drill.close();
  }

  @Test
  void ofSettings() throws Exception {
    settings(4 * FEW);
  }

  @Test
  @Tag("slow")
  void ofManySettings() throws Exception {
    settings(20 * MANY);
  }

  @Test
  void ofRawRows() throws Exception {
    rawRows(FEW);
  }

  @Test
  @Tag("slow")
  void ofManyRawRows() throws Exception {
    rawRows(4 * MANY);
  }

  @Test
  void ofPreparedData() throws Exception {
    preparedData(4 * FEW);
  }

  @Test
  @Tag("slow")
  void ofMuchPreparedData() throws Exception {
    preparedData(10 * MANY);
  }

  @Test
  void ofKnowledge() throws Exception {
    knowledge(2 * FEW);
  }

  @Test
  @Tag("slow")
  void ofMuchKnowledge() throws Exception {
    knowledge(5 * MANY);
  }

  @Test
  void ofARun() throws Exception {
    runs(FEW);
  }

  @Test
  @Tag("slow")
  void ofManyRuns() throws Exception {
    runs(3 * MANY);
  }

  @Test
  void ofABundle() throws Exception {
    bundles(2 * FEW);
  }

  @Test
  @Tag("slow")
  void ofManyBundles() throws Exception {
    bundles(5 * MANY);
  }

  @Test
  void ofRowsToScore() throws Exception {
    rowsToScore(FEW);
  }

  @Test
  @Tag("slow")
  void ofManyRowsToScore() throws Exception {
    rowsToScore(4 * MANY);
  }

  private void settings(int cases) throws Exception {
    drill.check(
        cases,
        List.of(shop.experiment()),
        damaged -> {},
        damaged -> Experiment.fromYaml(damaged).check());
  }

  private void rawRows(int cases) throws Exception {
    Path workspace = folder.resolve("damaged");
    drill.check(
        cases,
        files(folder.resolve("raw")),
        damaged -> {},
        damaged -> {
          String end = damaged.toString().replaceAll(".*\\.", "");
          try {
            Experiment.fromYaml(
                    shop.experiment(),
                    "workspace=damaged",
                    "dataset.files=[inter.%s]".formatted(end),
                    "dataset.users={files: [users.%s], key: user}".formatted(end),
                    "dataset.items={files: [items.%s], key: item, text: [title]}".formatted(end))
                .prepare(false, Progress.NONE);
            DurableFiles.delete(workspace);
          } finally {
            assertThat(files(workspace)).as("what is left").isEmpty();
          }
        });
  }

  private void preparedData(int cases) throws Exception {
    Path prepared = experiment.workspace().prepared();
    drill.check(
        cases,
        files(prepared),
        damaged -> stamp(prepared.resolve("dataset.json"), damaged),
        damaged -> {
          experiment.inspectData(Progress.NONE);
          try (PreparedData data = experiment.openPrepared()) {
            for (Split split : Split.values()) {
              drain(data.sequential(split, 64));
            }
            drain(data.training(new TrainingOrder(64, 100, 1, 0, 0)));
            assertThat(data.userKeys()).doesNotContainNull();
            data.trainingUsers();
          }
          experiment.previewPrompts(40);
          RowEncoder.open(prepared);
        });
  }

  private static void drain(BatchSource source) {
    try (source) {
      Batch batch = source.newBatch();
      while (source.next(batch)) {
        assertThat(batch.size).isPositive();
      }
    }
  }

  private void knowledge(int cases) throws Exception {
    drill.check(
        cases,
        files(experiment.workspace().knowledge()),
        damaged -> {},
        damaged -> {
          experiment.inspectKnowledge();
          experiment.nearest(Level.SCENARIO, "feed", 2);
          experiment.nearest(Level.USER, "3", 5);
        });
  }

  private void runs(int cases) throws Exception {
    List<Path> files = new ArrayList<>(files(experiment.workspace().run("one")));
    files.removeIf(file -> file.startsWith(bundle));
    drill.check(
        cases,
        files,
        damaged -> {},
        damaged -> experiment.evaluate("one", Split.TEST, null, Progress.NONE));
  }

  private void bundles(int cases) throws Exception {
    List<Map<String, Object>> rows =
        shop.rows().subList(0, 20).stream().map(BundleTest::map).toList();
    Path data = bundle.resolve("data/dataset.json");
    Path manifest = bundle.resolve("manifest.json");
    drill.check(
        cases,
        files(bundle),
        damaged -> {
          if (damaged.startsWith(data.getParent()) && stamp(data, damaged)) {
            stamp(manifest, data);
          }
          stamp(manifest, damaged);
          String digest = DigestUtils.sha256Hex(Files.readAllBytes(manifest));
          DamageDrill.write(
              bundle.resolve("manifest.json.sha256"),
              (digest + "  manifest.json\n").getBytes(UTF_8));
        },
        damaged -> {
          try (Scorer scorer = Scorer.load(bundle)) {
            scorer.score(rows);
          }
        });
  }

  private void rowsToScore(int cases) throws Exception {
    Path csv = folder.resolve("rows.csv");
    Path arrow = folder.resolve("rows.arrow");
    DamageDrill.write(csv, Files.readAllBytes(folder.resolve("raw/inter.csv")));
    Files.deleteIfExists(arrow);
    arrow(csv, arrow);
    Path out = folder.resolve("scores.arrow");
    try (Scorer scorer = Scorer.load(bundle)) {
      drill.check(
          cases,
          List.of(csv, arrow),
          damaged -> {},
          damaged -> {
            boolean done = false;
            try {
              scorer.score(new ScoringRequest(damaged, out), Progress.NONE);
              done = true;
            } finally {
              assertThat(Files.exists(out)).as("scores are there").isEqualTo(done);
              DurableFiles.delete(out);
              DurableFiles.delete(folder.resolve("scores.arrow.parts"));
            }
          });
    }
  }

  /** Writes size and checksum of a file into a manifest that lists it; tells whether one did. */
  private static boolean stamp(Path manifest, Path file) throws IOException {
    String name = manifest.getParent().relativize(file).toString();
    JsonNode tree;
    try {
      tree = JSON.readTree(manifest.toFile());
    } catch (JsonProcessingException e) {
      return false; // The damage is there.
    }
    if (!(tree.path("files").path(name) instanceof ObjectNode stamp)) {
      return false;
    }
    byte[] content = Files.readAllBytes(file);
    stamp.put("bytes", content.length).put("sha256", DigestUtils.sha256Hex(content));
    DamageDrill.write(manifest, JSON.writeValueAsBytes(tree));
    return true;
  }

  private static List<Path> files(Path root) throws IOException {
    if (!Files.exists(root)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(root)) {
      return files
          .filter(file -> Files.isRegularFile(file) && !file.toString().endsWith(".lock"))
          .sorted()
          .toList();
    }
  }

  /** Writes the rows of a CSV file as Arrow. */
  private static void arrow(Path csv, Path arrow) throws Exception {
    try (Connection database = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = database.createStatement();
        BufferAllocator allocator = new RootAllocator();
        DuckDBResultSet result =
            statement
                .executeQuery("SELECT * FROM read_csv('" + csv + "')")
                .unwrap(DuckDBResultSet.class);
        ArrowReader reader = (ArrowReader) result.arrowExportStream(allocator, 256);
        FileChannel out = FileChannel.open(arrow, CREATE_NEW, WRITE);
        ArrowFileWriter writer = new ArrowFileWriter(reader.getVectorSchemaRoot(), null, out)) {
      while (reader.loadNextBatch()) {
        writer.writeBatch();
      }
    }
  }
}
