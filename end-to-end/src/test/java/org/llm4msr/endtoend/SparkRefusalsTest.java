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
@Tag("slow")
class SparkRefusalsTest {

  @TempDir static Path folder;
  private static SmallShop shop;
  private static Cli cli;
  private static Map<String, String> environment;

  @BeforeAll
  static void begin() throws IOException {
    shop = SmallShop.write(folder, 1, 20, 50, 10, List.of("feed"));
    cli = new Cli(folder);
    SparkFolder.writeApplication(folder.resolve("checkout/spark/target/spark"));
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
  void anErrorThatNobodyForesawEndsInOneLine() throws Exception {
    Cli.Outcome outcome = prepare("--conf=spark.driver.port=none");

    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err())
        .containsPattern("\\[spark/FAILED] \\w+: .*none.*The output above has the rest\\.");
  }

  private static Cli.Outcome prepare(String option) throws Exception {
    List<String> arguments = new ArrayList<>(List.of("spark", "prepare", "--master=local[1]"));
    SparkFolder.LOOPBACK.forEach(setting -> arguments.add("--conf=" + setting));
    arguments.addAll(List.of(shop.experiment().toString(), option));
    return cli.start(environment, arguments.toArray(String[]::new)).await();
  }
}
