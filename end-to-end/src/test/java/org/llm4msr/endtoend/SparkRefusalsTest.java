package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a job on Spark refuses before it reads rows. */
@Tag("cluster")
class SparkRefusalsTest {

  private static final String READER =
      """
      import java.nio.file.Path;
      import java.util.List;
      import org.apache.arrow.memory.BufferAllocator;
      import org.apache.arrow.vector.ipc.ArrowReader;
      import org.llm4msr.api.Plugin;
      import org.llm4msr.api.data.*;

      @Plugin(name = "whole", description = "Reads a log that cannot be split")
      public final class Whole implements DatasetReaderFactory<Whole.None> {
        public record None() {}
        public Class<None> configType() { return None.class; }
        public DatasetReader create(None config, DatasetContext context) {
          return new DatasetReader() {
            public RawSchema schema() { throw new AssertionError("it is not asked"); }
            public List<RawScenario> scenarios() { return List.of(); }
            public List<Path> sources() { return List.of(); }
            public ArrowReader open(RawTable table, BufferAllocator allocator) {
              throw new AssertionError("it is not asked");
            }
            public void close() {}
          };
        }
      }
      """;

  @TempDir static Path folder;
  private static SmallShop shop;
  private static Cli cli;
  private static Map<String, String> environment;

  @BeforeAll
  static void begin() throws IOException {
    shop = SmallShop.write(folder, 1, 20, 50, 10, List.of("feed"));
    cli = new Cli(folder);
    SparkFolder.writeApplication(folder.resolve("checkout/spark/target/launcher/spark"));
    environment = SparkFolder.write(SharedFolder.make("llm4msr-spark-home"));
  }

  @Test
  void aStagingFolderThatCannotBeWrittenIsNamed() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "");
    Path staging = file.resolve("staging");

    Cli.Outcome outcome = prepare("--staging=" + staging);

    assertThat(outcome.code()).as(outcome.err()).isEqualTo(2);
    assertThat(outcome.err())
        .contains("[spark/STAGING] the driver cannot write into file://" + staging)
        .contains("Name a folder by --staging that all nodes have");
    assertThat(folder.resolve("work/prepared")).doesNotExist();
  }

  @Test
  void aReaderWhoseFilesDoNotSplitIsNamed() throws Exception {
    PluginSource.install(folder, "Whole", READER);

    Cli.Outcome outcome =
        prepare(
            "--plugins=" + folder.resolve("plugins"),
            "-Ddataset={name: whole, path: raw, split: {by: random, ratio: [4, 1, 1]}}",
            "--staging=" + folder.resolve("staging"));

    assertThat(outcome.code()).as(outcome.err()).isEqualTo(2);
    assertThat(outcome.err())
        .contains("[spark/READER] The reader whole does not read its log in pieces")
        .contains("Run `llm4msr data prepare`, or describe the files to the reader table.")
        .doesNotContain("AssertionError");
    assertThat(folder.resolve("work/prepared")).doesNotExist();
  }

  @Test
  void anErrorThatNobodyForesawEndsInOneLine() throws Exception {
    Cli.Outcome outcome = prepare("--conf=spark.driver.port=none");

    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err())
        .containsPattern("\\[spark/FAILED] \\w+: .*none.*The output above has the rest\\.");
  }

  private static Cli.Outcome prepare(String... options) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("spark", "prepare", "--master=local[1]"));
    SparkFolder.LOOPBACK.forEach(setting -> arguments.add("--conf=" + setting));
    arguments.add(shop.experiment().toString());
    arguments.addAll(List.of(options));
    return cli.start(environment, arguments.toArray(String[]::new)).await();
  }
}
