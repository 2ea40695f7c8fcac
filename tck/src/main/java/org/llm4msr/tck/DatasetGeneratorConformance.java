package org.llm4msr.tck;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.DatasetGenerator;
import org.llm4msr.api.data.DatasetGeneratorFactory;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.tck.harness.Finding;
import org.llm4msr.tck.harness.KitContext;
import org.llm4msr.tck.harness.TableContents;
import org.llm4msr.tck.process.GeneratorProcess;
import org.llm4msr.tck.process.MeasuredProcess;
import org.llm4msr.tck.process.ReaderProcess;
import org.llm4msr.tck.rule.Rule;

/**
 * The rules of dataset generators. Extend it, name the factory, give the settings for a log of some
 * size, and name the reader of the format:
 *
 * <pre>{@code
 * class MyGeneratorTest extends DatasetGeneratorConformance {
 *   @Override
 *   protected DatasetGeneratorFactory<?> factory() {
 *     return new MyGeneratorFactory();
 *   }
 *
 *   @Override
 *   protected List<String> sized(long interactions, long seed) {
 *     return List.of("users=50", "interactions=" + interactions, "seed=" + seed);
 *   }
 *
 *   @Override
 *   protected DatasetReaderFactory<?> reader() {
 *     return new MyReaderFactory();
 *   }
 * }
 * }</pre>
 */
public abstract class DatasetGeneratorConformance
    extends PluginConformance<DatasetGeneratorFactory<?>> {

  /** The file that labels generated data. */
  private static final String LABEL = "GENERATED.json";

  private static final long SMALL = 2000;
  private static final long SEVERAL_BLOCKS = 200_000;
  private static final long LARGE = 3_000_000;
  private static final long MOST_BYTES = 1L << 30;
  private static final long SEED = 7;

  @TempDir
  @SuppressWarnings("NullAway.Init")
  private Path base;

  @TempDir
  @SuppressWarnings("NullAway.Init")
  private Path scratch;

  /** Makes the kit. */
  protected DatasetGeneratorConformance() {
    super(DatasetGeneratorFactory.class);
  }

  /** Returns the settings for this many interactions of few users and items, with this seed. */
  protected abstract List<String> sized(long interactions, long seed);

  /** Returns the factory of the reader of the format. */
  protected abstract DatasetReaderFactory<?> reader();

  /** Returns the settings of the reader. */
  protected List<String> readerSettings() {
    return List.of();
  }

  /** Returns a number of interactions that fills several blocks of the generator's threads. */
  protected long several() {
    return SEVERAL_BLOCKS;
  }

  /** Returns the number of interactions of the large log; fewer are faster, and prove less. */
  protected long large() {
    return LARGE;
  }

  private List<String> all(long interactions, long seed) {
    List<String> settings = new ArrayList<>(settings());
    settings.addAll(sized(interactions, seed));
    return settings;
  }

  private Path generated(String name, long interactions, long seed, int threads, Progress progress)
      throws IOException {
    Path folder = Files.createDirectory(base.resolve(name));
    Record config = config(all(interactions, seed));
    KitContext context = new KitContext(folder, scratch, 1L << 30, threads);
    create(factory(), config, context).generate(progress);
    return folder;
  }

  private Path generated(String name, long seed) throws IOException {
    return generated(name, SMALL, seed, 2, Progress.NONE);
  }

  @Override
  final void use() throws IOException {
    generated("data", SEED);
  }

  private static <C extends Record> DatasetGenerator create(
      DatasetGeneratorFactory<C> factory, Record config, KitContext context) {
    return factory.create(factory.configType().cast(config), context);
  }

  /** Returns the content of each file, by its path within the folder. */
  private static Map<String, byte[]> content(Path folder) throws IOException {
    Map<String, byte[]> content = new TreeMap<>();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        content.put(folder.relativize(file).toString(), Files.readAllBytes(file));
      }
    }
    return content;
  }

  private static void unlessSame(
      String condition, Map<String, byte[]> expected, Map<String, byte[]> actual) {
    Finding.unlessEqual("files " + condition, expected.keySet(), actual.keySet());
    expected.forEach(
        (file, bytes) ->
            Finding.unless(
                Arrays.equals(bytes, actual.get(file)),
                "the bytes of " + file + " " + condition + " the same",
                "other bytes from position " + Arrays.mismatch(bytes, actual.get(file))));
  }

  /** The content of the files. */
  @Nested
  class Content {

    @Rule(
        id = "GENERATOR-01",
        says = "labels its files as generated, with model and seed, in GENERATED.json",
        checkFirst = {
          "an object with \"generated\": true, a text \"model\" and a number \"seed\"",
          "what is known about the truth is stated there too"
        })
    final void labelsItsFiles() throws IOException {
      Path label = generated("data", SEED).resolve(LABEL);
      Finding.unless(Files.isRegularFile(label), "a file " + LABEL, "none");
      JsonNode json = json(label);
      Finding.unless(json.path("generated").asBoolean(), "\"generated\": true", json);
      Finding.unless(!json.path("model").asText().isBlank(), "the model in words", json);
      Finding.unlessEqual("seed in " + LABEL, SEED, json.path("seed").asLong(-1));
    }

    private JsonNode json(Path file) throws IOException {
      try {
        return new ObjectMapper().readTree(file.toFile());
      } catch (JsonProcessingException e) {
        throw new Finding("JSON in " + LABEL, e.getOriginalMessage());
      }
    }

    @Rule(
        id = "GENERATOR-02",
        says = "writes what the reader of the format reads, as many interactions as were asked for",
        checkFirst = {
          "file names, columns and units of the published format",
          "sized(n, seed) of the test asks for n interactions"
        })
    final void isReadByTheReader() throws IOException {
      Path folder = generated("data", SEED);
      try (DatasetReader reader = open(folder)) {
        TableContents rows = TableContents.of(reader, RawTable.INTERACTIONS);
        Finding.unlessEqual("interactions", Math.toIntExact(SMALL), rows.rows().size());
      }
    }

    @Rule(
        id = "GENERATOR-03",
        says = "writes positives and negatives in several scenarios",
        checkFirst = {
          "a log of one class or one scenario teaches nothing",
          "labels are drawn, not set by a threshold that all rows pass"
        })
    final void hasBothLabels() throws IOException {
      Path folder = generated("data", SEED);
      try (DatasetReader reader = open(folder)) {
        TableContents rows = TableContents.of(reader, RawTable.INTERACTIONS);
        Set<String> labels = new TreeSet<>(rows.values(RawSchema.LABEL));
        Finding.unless(labels.size() == 2, "labels of both classes", labels);
        Set<String> scenarios = new TreeSet<>(rows.values(RawSchema.SCENARIO));
        Finding.unless(scenarios.size() > 1, "several scenarios", scenarios);
      }
    }

    private DatasetReader open(Path folder) {
      DatasetReaderFactory<?> factory = reader();
      Class<? extends Record> type = factory.configType();
      Record config = bind(type, readerSettings());
      return read(factory, config, KitContext.dataset(folder, scratch, ReaderProcess.MEMORY_BYTES));
    }

    private <C extends Record> DatasetReader read(
        DatasetReaderFactory<C> factory, Record config, KitContext context) {
      return factory.create(factory.configType().cast(config), context);
    }
  }

  /** How the files are written. */
  @Nested
  class Way {

    @Rule(
        id = "GENERATOR-10",
        says = "writes the same bytes from the same settings, whatever the number of threads",
        checkFirst = {
          "java.util.Random without a seed, Math.random, the clock, hash order",
          "one random number generator per user or block, split from the seed, not one per thread"
        })
    final void repeats() throws IOException {
      unlessSame(
          "written again",
          content(generated("first", SMALL, SEED, 1, Progress.NONE)),
          content(generated("again", SMALL, SEED, 1, Progress.NONE)));
      unlessSame(
          "by four threads",
          content(generated("one", several(), SEED, 1, Progress.NONE)),
          content(generated("four", several(), SEED, 4, Progress.NONE)));
    }

    @Rule(
        id = "GENERATOR-11",
        says = "writes other data from another seed",
        checkFirst = {"a seed that only the label states"})
    final void theSeedMatters() throws IOException {
      Map<String, byte[]> first = content(generated("first", SEED));
      Map<String, byte[]> second = content(generated("second", SEED + 1));
      Finding.unless(
          first.keySet().stream()
              .filter(file -> !file.equals(LABEL))
              .anyMatch(file -> !Arrays.equals(first.get(file), second.get(file))),
          "other bytes in a file of data",
          "the same in all");
    }

    @Rule(
        id = "GENERATOR-12",
        says = "writes only into its folder",
        checkFirst = {
          "context.folder() for the files, context.scratch() for temporaries",
          "files above or beside the folder are not the generator's"
        })
    final void writesIntoItsFolder() throws IOException {
      Path folder = generated("data", SEED);
      try (Stream<Path> all = Files.walk(base)) {
        List<Path> outside =
            all.filter(Files::isRegularFile).filter(file -> !file.startsWith(folder)).toList();
        Finding.unless(outside.isEmpty(), "no file outside " + folder, outside);
      }
    }

    @Rule(
        id = "GENERATOR-13",
        says = "reports its progress in interactions, up to the last one",
        checkFirst = {
          "progress.update(done, total): done grows, total is the interactions or -1",
          "a last call when all are written"
        })
    final void tellsItsProgress() throws IOException {
      List<Long> reported = new ArrayList<>();
      generated("data", SMALL, SEED, 2, (done, total) -> note(reported, done, total));
      Finding.unless(!reported.isEmpty(), "calls of progress.update", "none");
      for (int i = 1; i < reported.size(); i++) {
        Finding.unless(
            reported.get(i) >= reported.get(i - 1),
            "no less than " + reported.get(i - 1) + " at the next call",
            reported.get(i));
      }
      Finding.unlessEqual("done at the end", SMALL, reported.get(reported.size() - 1));
    }

    private synchronized void note(List<Long> reported, long done, long total) {
      Finding.unless(
          total == SMALL || total == -1, "total " + SMALL + " or -1", Long.toString(total));
      reported.add(done);
    }

    @Rule(
        id = "GENERATOR-14",
        says = "takes little memory: 3,000,000 interactions with a heap of 256 MB",
        checkFirst = {
          "memory may grow with users and items, never with interactions: write as you draw",
          "sized(n, seed) of the test fixes users and items"
        })
    @Tag("slow")
    final void takesLittleMemory() throws IOException, InterruptedException {
      MeasuredProcess.assumeMeasured();
      Path folder = Files.createDirectory(base.resolve("large"));
      MeasuredProcess.Report report =
          GeneratorProcess.run(name(), all(large(), SEED), folder, scratch);
      Finding.unlessEqual("interactions", large(), report.rows());
      report.unlessBelow(MOST_BYTES);
    }
  }
}
