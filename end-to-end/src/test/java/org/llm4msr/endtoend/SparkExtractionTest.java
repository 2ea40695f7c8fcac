package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.inject.Guice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.Experiments;
import org.llm4msr.runtime.experiment.RuntimeModule;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;
import org.llm4msr.runtime.plugins.PluginRegistry;

/** Knowledge that executors of Spark compute, beside that of one machine. */
@Tag("cluster")
class SparkExtractionTest {

  private static final int USERS = 6000;
  private static final int KILLS = 10;

  /** A model that takes 3 ms a text, and whose vector depends on each character. */
  private static final String ENCODER =
      """
      import java.util.List;
      import java.util.concurrent.locks.LockSupport;
      import org.llm4msr.api.MsrException;
      import org.llm4msr.api.ErrorType;
      import org.llm4msr.api.knowledge.*;
      import org.llm4msr.api.Plugin;

      @Plugin(name = "slow-words", description = "Takes its time")
      public final class SlowWords implements KnowledgeEncoderFactory<SlowWords.None> {
        public record None() {}
        public Class<None> configType() { return None.class; }
        public KnowledgeEncoder create(None config, EncoderContext context) {
          return new KnowledgeEncoder() {
            public EncoderInfo info() {
              return new EncoderInfo("slow-words", "1", "0f".repeat(32), "sums", 3, 100_000, false);
            }
            public int countTokens(String text) { return text.length(); }
            public List<Knowledge> encode(List<String> texts) {
              LockSupport.parkNanos(3_000_000L * texts.size());
              return texts.stream().map(text -> answer(text)).toList();
            }
            private Knowledge answer(String text) {
              if (text.length() > 40 && text.hashCode() % 499 == 7) {
                throw new MsrException(ErrorType.DATA, "slow/REFUSED", "not this one");
              }
              float[] sums = {text.length() % 101, text.hashCode() % 1009, text.hashCode() % 31};
              return new Knowledge(sums, "of " + text.length());
            }
            public void close() {}
          };
        }
      }
      """;

  private static final String CHOICE = "knowledge.encoder={name: slow-words}";

  @TempDir static Path folder;
  private static Cli cli;
  private static Map<String, String> environment;
  private static KnowledgeStore expected;

  @BeforeAll
  static void extractHere() throws IOException {
    SmallShop.write(folder, 5, 1000, 4 * USERS, USERS, List.of("feed", "search"));
    PluginSource.install(folder, "SlowWords", ENCODER);
    Experiment experiment = experiment("workspace=here");
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
    expected = KnowledgeStore.open(folder.resolve("here/knowledge"));
    experiment("workspace=there").prepare(false, Progress.NONE);
    cli = new Cli(folder);
    SparkFolder.writeApplication(folder.resolve("checkout/spark/target/launcher/spark"));
    environment = SparkFolder.write(SharedFolder.make("llm4msr-spark-home"));
  }

  private static Experiment experiment(String... overrides) {
    List<String> all = new ArrayList<>(List.of(overrides));
    all.add(CHOICE);
    PluginRegistry plugins = PluginRegistry.load(List.of(folder.resolve("plugins")));
    return Guice.createInjector(new RuntimeModule(plugins))
        .getInstance(Experiments.class)
        .open(folder.resolve("experiment.yaml"), all);
  }

  @Test
  void lostExecutorsRepeatOneCallEach() throws Exception {
    Cli.Running running = start("local-cluster[2,1,1024]");
    int killed = 0;
    while (killed < KILLS && killAfterMoreIsStored(running, stored())) {
      killed++;
    }
    Cli.Outcome outcome = running.await();

    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(killed).isEqualTo(KILLS);
    JsonNode report = new ObjectMapper().readTree(outcome.out());
    assertThat(report.get("users").asInt()).isEqualTo(expected.info().users());
    assertThat(report.get("read").asLong())
        .isEqualTo(expected.info().users() + expected.info().scenarios());
    assertThat(report.get("repeated").asLong()).isLessThanOrEqualTo(KILLS);
    SameResults.assertSameKnowledge(
        KnowledgeStore.open(folder.resolve("there/knowledge")), expected);

    Cli.Outcome resumed = start("local[2]").await();
    assertThat(resumed.code()).as(resumed.err()).isZero();
    JsonNode again = new ObjectMapper().readTree(resumed.out());
    assertThat(again.get("read").asLong()).isZero();
    assertThat(again.get("calls").asLong()).isZero();
    assertThat(again.get("stored").asLong()).isEqualTo(report.get("read").asLong());
  }

  @Test
  void nodesWithoutTheModelAreTold() throws Exception {
    Path users = Files.writeString(folder.resolve("users.csv"), "key,a,b\n1,0.5,1\n");
    Path scenarios = Files.writeString(folder.resolve("scenarios.csv"), "key,a,b\nfeed,1,2\n");
    Cli.Outcome service =
        start(
                "local[1]",
                "-Dknowledge.encoder={name: precomputed, users: %s, scenarios: %s}"
                    .formatted(users, scenarios))
            .await();
    assertThat(service.code()).isEqualTo(2);
    assertThat(service.err()).contains("[spark/NO_MODEL] ");

    Cli.Outcome elsewhere = start("local[1]", "-Dspark.deployMode=cluster").await();
    assertThat(elsewhere.code()).isEqualTo(2);
    assertThat(elsewhere.err()).contains("[spark/DRIVER_ELSEWHERE] ");
  }

  private static Cli.Running start(String master, String... more) throws IOException {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "spark",
                "extract",
                folder.resolve("experiment.yaml").toString(),
                "--json",
                "--master=" + master,
                "--plugins=" + folder.resolve("plugins"),
                "-Dworkspace=there",
                "-D" + CHOICE));
    SparkFolder.LOOPBACK.forEach(setting -> arguments.add("--conf=" + setting));
    arguments.addAll(List.of(more));
    return cli.start(environment, arguments.toArray(String[]::new));
  }

  private static boolean killAfterMoreIsStored(Cli.Running running, long before) throws Exception {
    return Await.whileAlive(
        running.process(), () -> stored() > before && SparkFolder.killExecutor(running));
  }

  /** Returns how many bytes of users' vectors are stored. */
  private static long stored() {
    try (Stream<Path> files = Files.list(folder.resolve("there/knowledge"))) {
      return files
          .filter(file -> file.getFileName().toString().matches("users-.*\\.journal.*"))
          .mapToLong(file -> file.toFile().length())
          .sum();
    } catch (IOException e) {
      return 0;
    }
  }
}
