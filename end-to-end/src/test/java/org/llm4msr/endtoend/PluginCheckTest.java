package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.cli.InProcess;

/** {@code plugins check}, whose process a plugin may end. */
class PluginCheckTest {

  private static final String LINEAR =
      """
      import ai.djl.ndarray.NDArray;
      import ai.djl.ndarray.types.Shape;
      import java.util.Set;
      import org.llm4msr.api.Plugin;
      import org.llm4msr.api.model.*;

      @Plugin(name = "linear", description = "A linear model")
      public final class Linear implements BackboneFactory<Linear.Config> {
        public record Config() {}
        public Class<Config> configType() { return Config.class; }
        public boolean hasHidden(Config config) { return false; }
        public Set<ModelInput> inputs(Config config) { return Set.of(); }
        public Backbone create(Config config, ModelContext context) {
          Parameter weight = context.parameter("weight", new Shape(context.layout().width(), 1), Initializer.zeros(), Decay.YES);
          return new Backbone() {
            public BackboneOutput forward(Pass pass, Features features) {
              before();
              return new BackboneOutput(null, features.flat().matMul(weight.array()).squeeze(-1));
            }
            public int hiddenSize() { return 0; }
          };
        }
        static void before() {
          %s
        }
      }
      """;

  @TempDir Path folder;

  @Test
  void aSoundPluginEndsWithCodeZeroAndSaysWhatRan() throws Exception {
    PluginSource.install(folder, "Linear", LINEAR.formatted(""));

    InProcess.Outcome outcome = check("--json");

    assertThat(outcome.code()).as(outcome.err()).isZero();
    JsonNode report = new ObjectMapper().readTree(outcome.out());
    assertThat(report.path("sound").asBoolean()).isTrue();
    assertThat(report.path("steps").findValuesAsText("name"))
        .containsExactly("jars", "plugins", "linkage", "settings", "creation", "rules");
    assertThat(report.path("steps").findValuesAsText("state")).containsOnly("OK");
    assertThat(outcome.err()).contains("Linear: backbone linear rules ...");
  }

  @Test
  void aPluginThatEndsTheProcessIsNamed() throws Exception {
    PluginSource.install(folder, "Linear", LINEAR.formatted("System.exit(0);"));

    InProcess.Outcome outcome = check();

    assertThat(outcome.code()).as(outcome.out()).isEqualTo(1);
    assertThat(outcome.out())
        .containsPattern("Linear +backbone linear +creation +failed +the process ended with exit")
        .contains(
            "[check/ENDED] Linear, backbone linear creation: the process of the check ended with"
                + " exit code 0 during this step")
        .contains("way out: A plugin must not end the process");
    assertThat(outcome.err()).contains("[check/UNSOUND] 1 finding in ");
  }

  @Test
  void aFolderThatIsNotThereIsWrongUsage() throws Exception {
    Files.createDirectories(folder);

    InProcess.Outcome outcome = check();

    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.err()).contains("[plugin/NO_FOLDER]");
  }

  private InProcess.Outcome check(String... more) {
    String[] arguments = new String[3 + more.length];
    arguments[0] = "plugins";
    arguments[1] = "check";
    arguments[2] = folder.resolve("plugins").toString();
    System.arraycopy(more, 0, arguments, 3, more.length);
    return InProcess.start(arguments);
  }
}
