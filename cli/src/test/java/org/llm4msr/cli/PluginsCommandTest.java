package org.llm4msr.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.knowledge.PromptBuilderFactory;
import org.llm4msr.runtime.experiment.RuntimeModule;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.runtime.plugins.TestFactory;
import org.llm4msr.runtime.plugins.TestJar;

/** Plugin folders as a user meets them. */
class PluginsCommandTest {

  @TempDir Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  void showsStatePlaceAndErrorOfEach() throws IOException {
    TestFactory.named("Good", "good").jar(folder.resolve("acme/good.jar")).build();
    TestFactory.named("Bad", "bad")
        .member("static { boom(); }")
        .jar(folder.resolve("bad/bad.jar"))
        .build();

    assertThat(run("plugins", "list", "--plugins", folder.toString())).isZero();
    assertThat(out.toString(UTF_8))
        .containsPattern("ok +prompt-builder +good +3.2 +acme/good.jar +Works")
        .containsPattern("broken +prompt-builder +bad +3.2 +bad/bad.jar +plugin/STATIC_INITIALIZER")
        .contains("[plugin/STATIC_INITIALIZER] The prompt builder bad cannot be used");

    assertThat(run("plugins", "list", "--plugins", folder.toString(), "--json")).isZero();
    JsonNode json = new ObjectMapper().readTree(out.toString(UTF_8));
    assertThat(json.at("/plugins/0/jar").asText()).isEqualTo(folder + "/acme/good.jar");
    assertThat(json.at("/plugins/0/spiVersion").asText()).isEqualTo("1.0");
    assertThat(json.at("/broken/0/code").asText()).isEqualTo("plugin/STATIC_INITIALIZER");
  }

  @Test
  void aDamagedJarIsToldByItsPluginInEveryCommand() throws IOException {
    Path jar = TestFactory.named("Bad", "bad").jar(folder.resolve("bad/bad.jar")).build();
    byte[] content = Files.readAllBytes(jar);
    int name = new String(content, ISO_8859_1).lastIndexOf("plug/Bad.class");
    content[name - 30] ^= 1; // Of the checksum in the directory of the jar.
    Files.write(jar, content);
    Path file = folder.resolve("e.yaml");
    Files.writeString(
        file,
        "dataset: { name: table, path: . }\n"
            + "knowledge: { prompts: bad, encoder: { name: hash } }\nmodel: { backbone: mmoe }\n");
    String plugins = "--plugins=" + folder;
    String reason =
        "[plugin/CORRUPT_JAR] The prompt builder bad cannot be used: bad.jar is damaged"
            + " (plug/Bad.class: its checksum is ";

    assertThat(run("plugins", "list", plugins)).isZero();
    assertThat(out.toString(UTF_8))
        .containsPattern("broken +prompt-builder +bad +3.2 +bad/bad.jar +plugin/CORRUPT_JAR")
        .contains(reason, "Copy it again");
    assertThat(run("plugins", "describe", "bad", plugins)).isEqualTo(1);
    assertThat(err.toString(UTF_8)).contains(reason).doesNotContain("\tat ");
    assertThat(run("train", file.toString(), plugins)).isEqualTo(2);
    assertThat(err.toString(UTF_8))
        .contains("bad.jar is damaged (plug/Bad.class: its checksum is ", "Copy it again")
        .doesNotContain("\tat ");
  }

  @Test
  void aLibraryThatIsIgnoredIsToldOnce() {
    TestFactory.named("Fat", "fat")
        .jar(folder.resolve("fat/fat.jar"))
        .source("plug.Other", TestFactory.named("Other", "other").source())
        .service(PromptBuilderFactory.class, "plug.Fat\nplug.Other")
        .source("ai.djl.Device", "package ai.djl; public class Device {}")
        .build();

    run("train", folder.resolve("e.yaml").toString(), "--plugins=" + folder);
    assertThat(err.toString(UTF_8))
        .startsWith(
            "warning: The plugin folder " + folder.resolve("fat") + " holds copies of ai.djl")
        .containsOnlyOnce("are ignored");
  }

  @Test
  void strictFailsInEveryCommandAndOtherwiseTheRestWorks() {
    TestFactory.named("Good", "good").jar(folder.resolve("good/good.jar")).build();
    TestFactory.named("Bad", "bad").jar(folder.resolve("bad/bad.jar")).spi("2").build();
    String plugins = "--plugins=" + folder;

    assertThat(run("plugins", "describe", "good", plugins)).isZero();
    assertThat(err.toString(UTF_8)).startsWith("warning: some plugins cannot be used");
    assertThat(run("plugins", "describe", "good", plugins, "--strict")).isEqualTo(1);
    assertThat(err.toString(UTF_8)).contains("SPI version 2.0 and this runtime serves 1.0");
    assertThat(run("plugins", "list", plugins, "--strict")).isEqualTo(1);
    assertThat(out.toString(UTF_8)).contains("good.jar");
    assertThat(run("plugins", "list", "--plugins", folder.resolve("no").toString())).isEqualTo(2);
    assertThat(err.toString(UTF_8)).contains("[plugin/NO_FOLDER]");
  }

  @Test
  void whatIsMissingMayBeInABrokenFolder() throws IOException {
    Path root = Files.createDirectory(folder.resolve("my plugins"));
    Files.createDirectory(root.resolve("mine"));
    Path file = folder.resolve("e.yaml");
    Files.writeString(file, "dataset: { name: mine, path: . }\nmodel: { backbone: mine }\n");
    String broken =
        """

        What is missing may be in what cannot be used:
          [plugin/NO_JAR] The plugin folder %s/mine is left out: it holds no jar. Put the plugin's jar, and those of its own libraries, directly into it, not into a folder below.
        """
            .formatted(root);
    String warning =
        "warning: some plugins cannot be used; `llm4msr plugins list --plugins '%s'` says why.\n"
            .formatted(root);

    assertThat(run("config", "check", file.toString(), "--plugins", root.toString())).isEqualTo(2);
    assertThat(err.toString(UTF_8))
        .startsWith(warning + "[config/INVALID] ")
        .contains("dataset.name = mine", "model.backbone.name = mine", "no such backbone")
        .endsWith(broken + "Fix this and run `llm4msr config check` on the file.\n")
        .containsOnlyOnce("NO_JAR");

    run("plugins", "describe", "mine", "--kind", "backbone", "--plugins", root.toString());
    assertThat(err.toString(UTF_8))
        .startsWith(warning + "[plugin/UNKNOWN] There is no backbone \"mine\": there are ")
        .endsWith(" `llm4msr plugins list --plugins '%s'` shows all.%s".formatted(root, broken));
    run("plugins", "describe", "other", "--plugins", root.toString());
    assertThat(err.toString(UTF_8))
        .startsWith(warning + "[plugin/UNKNOWN] There is no plugin \"other\": there are ")
        .endsWith(broken);
  }

  @Test
  void strictExplainsEachReasonOnce() {
    TestFactory.named("One", "one")
        .jar(folder.resolve("old/old.jar"))
        .source("plug.Two", TestFactory.named("Two", "two").source())
        .service(PromptBuilderFactory.class, "plug.One\nplug.Two")
        .spi("2")
        .build();
    String plugins = "--plugins=" + folder;
    String reason =
        "[plugin/SPI_VERSION] The prompt builder one and the prompt builder two cannot be used:";

    assertThat(run("plugins", "list", plugins, "--strict")).isEqualTo(1);
    assertThat(out.toString(UTF_8)).containsOnlyOnce(reason).containsOnlyOnce("SPI version 2.0");
    assertThat(err.toString(UTF_8))
        .isEqualTo("[plugin/BROKEN] 2 plugins cannot be used. The list above says why.\n");
    assertThat(run("plugins", "list", plugins, "--strict", "--kind", "backbone")).isEqualTo(1);
    assertThat(err.toString(UTF_8)).contains("2 plugins cannot be used:\n  " + reason);
    assertThat(run("plugins", "describe", "good", plugins, "--strict")).isEqualTo(1);
    assertThat(err.toString(UTF_8))
        .startsWith("[plugin/BROKEN] 2 plugins cannot be used:\n  " + reason)
        .containsOnlyOnce("SPI version 2.0");
  }

  @Test
  void aLinkageErrorInACallIsExplained() {
    Path library = folder.resolve("old/lib.jar");
    TestJar.at(library)
        .source("lib.Set", "package lib; public class Set { public static void of() {} }")
        .build();
    TestFactory.named("Old", "old")
        .config("@Setting(value = \"\", defaultValue = \"1\") int x")
        .member(
            "public java.util.Set<EngineFeature> engineFeatures(Config c)"
                + " { lib.Set.of(); return java.util.Set.of(); }")
        .jar(folder.resolve("old/old.jar"))
        .with(library)
        .build();
    TestJar.at(library).source("lib.Other", "package lib; class Other {}").build();

    assertThat(run("plugins", "describe", "old", "--plugins", folder.toString())).isEqualTo(1);
    assertThat(err.toString(UTF_8))
        .contains("[plugin/MISSING_CLASS] Code of the plugin folder old", "lib.Set is missing");
  }

  @Test
  void anOverflowIsExplained() {
    TestFactory.named("Asked", "deep")
        .config("@Setting(value = \"\", defaultValue = \"1\") int x")
        .member(
            "public java.util.Set<EngineFeature> engineFeatures(Config c)"
                + " { return engineFeatures(c); }")
        .jar(folder.resolve("deep/asked.jar"))
        .build();
    String plugins = "--plugins=" + folder;

    assertThat(run("plugins", "describe", "deep", plugins)).isEqualTo(1);
    assertThat(err.toString(UTF_8))
        .startsWith(
            "[plugin/STACK_OVERFLOW] Code of the plugin folder deep overflowed the stack, in the"
                + " calls of plug.Asked.engineFeatures(Asked.java:")
        .hasLineCount(1);
    assertThat(run("plugins", "describe", "deep", plugins, "--debug")).isEqualTo(1);
    assertThat(err.toString(UTF_8)).contains("\tat plugin:deep//plug.Asked.").hasLineCount(22);
  }

  @Test
  void anExceptionIsToldWithTheFramesOfThePluginAlone() throws IOException {
    throwing("boom();");
    String plugins = "--plugins=" + folder;
    String thrown =
        "Code of the plugin folder mine threw java.lang.IllegalStateException: boom\n"
            + "  at plug.Asked.boom(Asked.java:";

    assertThat(run("plugins", "describe", "asked", plugins)).isEqualTo(1);
    assertThat(err.toString(UTF_8))
        .startsWith("[plugin/FAULT] " + thrown)
        .contains("\n  at plug.Asked.engineFeatures(Asked.java:")
        .containsOnlyOnce("  at org.llm4msr.")
        .doesNotContain("\tat ")
        .endsWith("--debug shows the whole stack.\n");
    assertThat(run("plugins", "describe", "asked", plugins, "--json")).isEqualTo(1);
    JsonNode error = new ObjectMapper().readTree(out.toString(UTF_8)).get("error");
    assertThat(error.get("code").asText()).isEqualTo("plugin/FAULT");
    assertThat(error.get("type").asText()).isEqualTo("PLUGIN");
    assertThat(error.get("message").asText()).startsWith(thrown);
    assertThat(run("plugins", "describe", "asked", plugins, "--debug")).isEqualTo(1);
    assertThat(err.toString(UTF_8))
        .contains("\tat plugin:mine//plug.Asked.boom(", "picocli.CommandLine.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"\", \"\"", "\"\", \"No such word.\"", "\"words/NONE\", \" \""})
  void anErrorWithoutCodeOrTextIsToldByItsPlace(String words) {
    throwing("if (true) throw new MsrException(ErrorType.USER, %s);".formatted(words));

    assertThat(run("plugins", "describe", "asked", "--plugins=" + folder)).isEqualTo(1);
    assertThat(err.toString(UTF_8))
        .startsWith(
            "[plugin/FAULT] Code of the plugin folder mine threw org.llm4msr.api.MsrException: [")
        .contains("\n  at plug.Asked.engineFeatures(Asked.java:");
  }

  @Test
  void anErrorOfAPluginIsToldAsItSays() {
    throwing(
        "if (true) throw new MsrException(ErrorType.USER, \"words/NONE\", \"No such word.\");");

    assertThat(run("plugins", "describe", "asked", "--plugins=" + folder)).isEqualTo(2);
    assertThat(err.toString(UTF_8)).isEqualTo("[words/NONE] No such word.\n");
  }

  /** Installs the plugin {@code asked} in the folder {@code mine}. */
  private void throwing(String statement) {
    TestFactory.named("Asked", "asked")
        .config("@Setting(value = \"\", defaultValue = \"1\") int x")
        .member(
            "public java.util.Set<EngineFeature> engineFeatures(Config c) { %s return java.util.Set.of(); }"
                .formatted(statement))
        .jar(folder.resolve("mine/asked.jar"))
        .build();
  }

  private int run(String... arguments) {
    out.reset();
    err.reset();
    ClassLoader host = new ClassLoader(getClass().getClassLoader()) {};
    Main main =
        new Main(
            new PrintStream(out, true, UTF_8),
            new PrintStream(err, true, UTF_8),
            folders -> new RuntimeModule(PluginRegistry.load(host, folders)));
    return main.run(arguments);
  }
}
