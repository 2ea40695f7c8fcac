package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.rows.RawRows;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.scoring.Scorer;

/** Real rows, as a reader emits them, score as they were evaluated. */
class KuaiRandScoringTest {

  private static final Path DATA =
      Path.of(System.getProperty("llm4msr.shared", "absent"), "data", "kuairand-mini");

  @TempDir Path folder;

  @Test
  void rowsOfKuaiRandScoreAsTheyWereEvaluated() throws IOException {
    assumeTrue(Files.isDirectory(DATA), "there is no " + DATA + ": skipped");
    Path file = folder.resolve("mini.yaml");
    Files.writeString(
        file,
        """
        dataset:
          name: kuairand
          path: %s
          scenarios: ["1", "0", "4"]
          split: {by: time, ratio: [4, 1, 1]}
        model:
          embeddingSize: 4
          backbone: {name: mmoe, experts: 2, expert: [8], tower: [4]}
        training: {epochs: 1, batchSize: 512}
        runtime: {threads: 1}
        """
            .formatted(DATA.toAbsolutePath().normalize()));
    Experiment experiment = Experiment.fromYaml(file);
    int test = (int) experiment.prepare(false, Progress.NONE).manifest().rows().test();
    Path bundle = experiment.train("one", Progress.NONE).bundle();
    Path predictions = folder.resolve("predictions.arrow");
    experiment.evaluate("one", Split.TEST, predictions, Progress.NONE);
    float[] evaluated = BundleTest.floats(predictions, "probability");

    List<Map<String, Object>> rows = interactions(experiment, Set.of("1", "0", "4"));
    try (Scorer scorer = Scorer.load(bundle)) {
      float[] scores = scorer.score(rows.subList(rows.size() - test, rows.size()));
      assertThat(scores).hasSize(test).hasSameSizeAs(evaluated);
      for (int i = 0; i < test; i++) {
        assertThat(scores[i]).as("row %d", i).isCloseTo(evaluated[i], within(1e-6f));
      }
    }
  }

  /** Returns the rows in the order of the split: by time, then as they stand in the file. */
  private List<Map<String, Object>> interactions(Experiment experiment, Set<String> scenarios)
      throws IOException {
    List<Map<String, Object>> all = new ArrayList<>();
    PluginChoice<DatasetReaderFactory<Record>, Record> choice =
        experiment.config().config().dataset().reader();
    try (DatasetReader reader = choice.create(DatasetReaderFactory::create, new Context(folder));
        BufferAllocator allocator = new RootAllocator();
        ArrowReader batches = reader.open(RawTable.INTERACTIONS, allocator)) {
      while (batches.loadNextBatch()) {
        VectorSchemaRoot root = batches.getVectorSchemaRoot();
        RawRows rows = RawRows.of(root);
        for (int row = 0; row < rows.size(); row++) {
          Map<String, Object> map = new HashMap<>();
          for (String column : rows.columns()) {
            map.put(column, rows.get(column, row));
          }
          if (scenarios.contains(String.valueOf(map.get("scenario")))) {
            all.add(map);
          }
        }
      }
    }
    all.sort(Comparator.comparingLong(row -> (Long) row.get("time")));
    return all;
  }

  private record Context(Path scratch) implements DatasetContext {
    @Override
    public Path folder() {
      return DATA.toAbsolutePath().normalize();
    }

    @Override
    public long memoryBytes() {
      return 1L << 30;
    }

    @Override
    public int threads() {
      return 1;
    }
  }
}
