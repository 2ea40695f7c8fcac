package org.llm4msr.processor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.jar.Manifest;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PluginProcessorTest {

  private static final String RIGHT =
      """
      package plug;
      import org.llm4msr.api.*;
      import org.llm4msr.api.knowledge.*;
      @Plugin(name = "right", description = "Works")
      public final class Right implements PromptBuilderFactory<Right.Config> {
        public record Config(@jakarta.validation.constraints.Max(3) int x) {}
        public Class<Config> configType() { return Config.class; }
        public ScenarioPromptBuilder create(Config config, PromptContext context) { return null; }
      }
      """;

  private static final String SERVICES =
      "META-INF/services/org.llm4msr.api.knowledge.PromptBuilderFactory";

  @TempDir Path classes;

  @Test
  void registersFactoriesAndStatesTheSpiVersion() throws IOException {
    String nested =
        RIGHT
                .replace(
                    "class Right implements",
                    "class Outer { %s public static class Right implements")
                .replace("@Plugin(name = \"right\", description = \"Works\")\n", "")
                .formatted("@Plugin(name = \"nested\", description = \"Works\")")
                .replace("Right.Config", "Outer.Right.Config")
            + "}";

    assertThat(compile(right("Right"), new Source("Outer", nested))).isEmpty();

    assertThat(Files.readAllLines(classes.resolve(SERVICES)))
        .containsExactly("plug.Outer$Right", "plug.Right");
    try (InputStream in = Files.newInputStream(classes.resolve("META-INF/MANIFEST.MF"))) {
      assertThat(new Manifest(in).getMainAttributes().getValue("Llm4msr-Spi-Version"))
          .isEqualTo("1.0");
    }
  }

  @Test
  void keepsWhatWasThereBefore() throws IOException {
    Files.createDirectories(classes.resolve("META-INF"));
    Files.writeString(
        classes.resolve("META-INF/MANIFEST.MF"), "Manifest-Version: 1.0\nMine: kept\n\n");
    assertThat(compile(right("Right"))).isEmpty();
    // Only a second file, as an editor compiles it; the first exists as a class.
    assertThat(compile(right("Other"))).isEmpty();
    Files.delete(classes.resolve("plug/Right.class"));
    assertThat(Files.readAllLines(classes.resolve(SERVICES)))
        .containsExactly("plug.Other", "plug.Right");

    // And a removed factory is no longer registered.
    assertThat(compile(right("Third"))).isEmpty();
    assertThat(Files.readAllLines(classes.resolve(SERVICES)))
        .containsExactly("plug.Other", "plug.Third");
    assertThat(Files.readString(classes.resolve("META-INF/MANIFEST.MF"))).contains("Mine: kept");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          @Plugin(name = "right", description = "Works") | # | has no @Plugin. Add @Plugin
          "right"              | "Not_Right"       | has the name "Not_Right", which is not of the form [a-z]
          "Works"              | ""                | has no description of one line
          public final class   | final class       | is not public
          public final class   | public abstract class | is not a class that can be created
          public record Config | public Right(int x) {} record Config | has no public constructor without parameters
          public record Config | private Right() {} record Config | has no public constructor without parameters
          PromptBuilderFactory<Right.Config> | PluginFactory<Right.Config> | implements no factory type
          Right.Config>        | Record>           | does not name a record as the type of its settings
          constraints.Max(3) int | constraints.DecimalMin("0.5") double | has @DecimalMin without a message on the setting x
          """)
  void theUsualMistakesAreErrors(String part, String wrong, String message) {
    String source = RIGHT.replace(part, wrong.equals("#") ? "" : wrong);
    if (source.contains("<Record>")) {
      source =
          source
              .replace("Class<Config>", "Class<Record>")
              .replace("create(Config", "create(Record");
      source = source.replace("return Config.class", "return Record.class");
    }

    assertThat(compile(new Source("Right", source)))
        .singleElement()
        .asString()
        .startsWith("Right.java:")
        .contains("The plugin factory Right " + message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '#',
      textBlock =
          """
          java.time.Duration x                              | the setting x, but no setting can have the type java.time.Duration. {types}
          List<java.util.Date> x                            | the setting x, but no setting can have the type java.util.Date. {types}
          List x                                            | the setting x, but no setting can have the type java.util.List without the type of its elements. {types}
          Map<Integer, String> x                            | the setting x, but no setting can have the type java.util.Map with keys that are not String. {types}
          int[] x                                           | the setting x, but no setting can have the type int[]. {types}
          Node x                                            | the setting x.inner, but the record plug.Right.Node holds itself, so that no list of its keys would end. {types}
          @Setting(value = "", defaultValue = "[1, b]") List<Integer> x     | the defaultValue "[1, b]" for the setting x, but "b" must be a whole number.
          @Setting(value = "", defaultValue = "64") List<Integer> x         | the defaultValue "64" for the setting x, but it must be a list, for example [].
          @Setting(value = "", defaultValue = "[64, 32") List<Integer> x    | the defaultValue "[64, 32" for the setting x, but this is not valid YAML: expected ',' or ']', but got <stream end>.
          @Setting(value = "", defaultValue = "3e9") int x                  | the defaultValue "3e9" for the setting x, but "3e9" must be a whole number from -2147483648 to 2147483647.
          @Setting(value = "", defaultValue = "1e999") Double x             | the defaultValue "1e999" for the setting x, but "1e999" must be a finite number.
          @Setting(value = "", defaultValue = "half") float x               | the defaultValue "half" for the setting x, but "half" must be a number.
          @Setting(value = "", defaultValue = "yes") boolean x              | the defaultValue "yes" for the setting x, but "yes" must be true or false.
          @Setting(value = "", defaultValue = "prompt") Where x             | the defaultValue "prompt" for the setting x, but "prompt" must be one of prompt-end, text-end.
          @Setting(value = "", defaultValue = "{b: 1}") Part x              | the defaultValue "{b: 1}" for the setting x, but there is no key "b".
          @Setting(value = "", defaultValue = "a") Map<String, Integer> x   | the defaultValue "a" for the setting x, but it must be a mapping, for example {}.
          @Setting(value = "", defaultValue = "[a]") String x               | the defaultValue "[a]" for the setting x, but it must be a single value.
          @Setting(value = "", defaultValue = "!x 1") int x                 | the defaultValue "!x 1" for the setting x, but settings have no tags such as !x.
          @Setting(value = "", before = "none") Integer x                   | before = "none" for the setting x, but "none" must be a whole number; "null" means none.
          @Setting("") String name                          | the setting name, but the runtime reads that key itself. Rename the setting; reserved are leakFutureInteractions, name, positive.
          @Setting("") boolean leakFutureInteractions       | the setting leakFutureInteractions, but the runtime reads that key itself. Rename the setting; reserved are leakFutureInteractions, name, positive.
          Held<Integer> x                                   | the setting x.e, but no setting can have the type java.lang.Object. {types}
          Deep x                                            | the defaultValue "few" for the setting x.depth, but "few" must be a whole number.
          """)
  void aSettingThatNoConfigurationCanGiveIsAnErrorAtItsLine(String setting, String message) {
    String types =
        "Use String, Path, boolean, int, long, float, double, an enum, a record of these, or List,"
            + " Set, Map<String, ...> or Optional of these.";

    assertThat(compile(new Source("Right", withSetting(setting))))
        .containsExactly(
            "Right.java:%d The plugin factory Right has %s"
                .formatted(line(setting), message.replace("{types}", types)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "@Setting(value = \"\", defaultValue = \"[1_000, 2.0]\") List<Integer> x",
        "@Setting(value = \"\", defaultValue = \"[[a], []]\") List<Set<? extends CharSequence>> x",
        "@Setting(value = \"\", defaultValue = \"PromptEnd\") Where x",
        "@Setting(value = \"\", defaultValue = \"{a: 1, old: 2}\") Part x",
        "@Setting(value = \"\", defaultValue = \"{m: {a: 1}}\") Map<String, Part> x",
        "@Setting(value = \"\", defaultValue = \"9223372036854775807\") Optional<Long> x",
        "@Setting(value = \"\", defaultValue = \"a: b\", before = \"a: b\") Map<?, String> x",
        "@Setting(value = \"\", before = \"a: b\") String x",
        "@Setting(value = \"\", before = \"null\") Integer x",
        "java.nio.file.Path x",
      })
  void aSettingThatAConfigurationCanGiveIsNone(String setting) {
    assertThat(compile(new Source("Right", withSetting(setting)))).isEmpty();
  }

  /** Returns where the mistake is: in the setting, or in the record that is its type. */
  private static int line(String setting) {
    return switch (setting.split("[ <]")[0]) {
      case "Node" -> 8;
      case "Held" -> 9;
      case "Deep" -> 10;
      default -> 13;
    };
  }

  private static String withSetting(String setting) {
    return RIGHT
        .replace("import org.llm4msr.api.*;", "import org.llm4msr.api.*; import java.util.*;")
        .replace(
            "  public record Config(@jakarta.validation.constraints.Max(3) int x) {}",
            """
            public enum Where { PROMPT_END, TEXT_END }
            public record Part(@Setting(value = "", formerly = "old") Integer a) {}
            public record Node(List<Node> inner) {}
            public record Held<E>(E e) {} public record Deep(
              @Setting(value = "", defaultValue = "few") int depth) {}
            public record Config(

              %s) {}\
            """
                .formatted(setting));
  }

  @Test
  void twoFactoriesOfOneNameAreAnError() {
    Source second = new Source("Second", RIGHT.replace("Right", "Second"));
    assertThat(compile(right("Right"), second))
        .singleElement()
        .asString()
        .contains("is a second org.llm4msr.api.knowledge.PromptBuilderFactory \"right\", as plug.");
  }

  @Test
  void saysNothingOfCodeWithoutPlugins() {
    assertThat(compile(new Source("Plain", "package plug; public class Plain {}"))).isEmpty();
    assertThat(classes.resolve("META-INF")).doesNotExist();
  }

  /** As javac does it, whose processors see nothing of its own class path. */
  @Test
  void aProcessorPathWithoutItsLibrariesIsToldOnce() throws Exception {
    Path source = Files.writeString(classes.resolve("Right.java"), RIGHT);
    String processor =
        Path.of(PluginProcessor.class.getProtectionDomain().getCodeSource().getLocation().toURI())
            .toString();
    Process javac =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin/javac").toString(),
                "-processorpath",
                processor,
                "-cp",
                System.getProperty("java.class.path"),
                "-d",
                classes.toString(),
                source.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(javac.getInputStream().readAllBytes(), UTF_8);

    assertThat(javac.waitFor()).isEqualTo(1);
    assertThat(said)
        .startsWith("error: llm4msr-processor misses a library of its own, with the class org/")
        .contains("Name llm4msr-api and snakeyaml beside it")
        .endsWith("1 error\n");
  }

  /** A correct factory of another class and name. */
  private static Source right(String type) {
    String name = type.toLowerCase(Locale.ROOT);
    return new Source(type, RIGHT.replace("Right", type).replace("right", name));
  }

  /** Compiles with the processor and returns the errors, each after its file and line. */
  private List<String> compile(Source... sources) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
    String classPath = classes + ":" + System.getProperty("java.class.path");
    JavaCompiler.CompilationTask task =
        compiler.getTask(
            null,
            null,
            found,
            List.of("-cp", classPath, "-d", classes.toString()),
            null,
            List.of(sources));
    task.setProcessors(List.of(new PluginProcessor()));
    task.call();
    return found.getDiagnostics().stream()
        .filter(diagnostic -> diagnostic.getKind() == Diagnostic.Kind.ERROR)
        .map(diagnostic -> place(diagnostic) + diagnostic.getMessage(Locale.ROOT))
        .toList();
  }

  private static String place(Diagnostic<? extends JavaFileObject> diagnostic) {
    return diagnostic.getSource() == null
        ? ""
        : Path.of(diagnostic.getSource().getName()).getFileName()
            + ":"
            + diagnostic.getLineNumber()
            + " ";
  }

  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(String name, String text) {
      super(URI.create("string:///" + name + ".java"), Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }
}
