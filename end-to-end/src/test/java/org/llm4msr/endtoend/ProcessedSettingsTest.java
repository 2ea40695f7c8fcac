package org.llm4msr.endtoend;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.processor.PluginProcessor;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.config.loading.ReservedKeys;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginRegistry;

/** The annotation processor accepts the settings that the runtime binds, and no others. */
class ProcessedSettingsTest {

  private static final List<String> HOLDERS =
      List.of(
          "%s",
          "List<%s>",
          "Set<%s>",
          "Optional<%s>",
          "Map<String, %s>",
          "Map<CharSequence, List<? extends %s>>",
          "Optional<Set<%s>>",
          "Collection<%s>",
          "ArrayList<%s>");

  private static final List<String> OBJECTS =
      List.of(
          "String",
          "CharSequence",
          "java.nio.file.Path",
          "Boolean",
          "Integer",
          "Long",
          "Float",
          "Double",
          "Where",
          "Part",
          "Object",
          "Number",
          "Byte",
          "java.math.BigDecimal",
          "java.time.Duration",
          "int[]");

  private static final List<String> OTHERS =
      List.of(
          "boolean", "int", "long", "float", "double", "char", "short", "byte", "List", "List<?>");

  private static final List<String> DEFAULTS =
      List.of(
          "1",
          "-1.0",
          "2147483648",
          "9223372036854775808",
          "1_0",
          "0x10",
          "1e39",
          "-1e999",
          "NaN",
          "True",
          "yes",
          "null",
          "~",
          "'1'",
          "prompt-end",
          "PROMPT_END",
          "promptend",
          "prompt",
          "a: b",
          "{a: 1}",
          "{a: x}",
          "{old: 2}",
          "{b: 1}",
          "{}",
          "[]",
          "[1]",
          "[1, x]",
          "[true, False]",
          "[{a: 1}]",
          "[null]",
          "{x: 1}",
          "{x: [1]}",
          "{x: {a: 3}}",
          "# nothing");

  /** Hold no element, so that its type does not matter to the runtime. */
  private static final Set<String> EMPTY = Set.of("null", "~", "{}", "[]", "# nothing");

  private static final Pattern KEY = Pattern.compile("\\bv(\\d+)\\b");

  @TempDir Path classes;

  @Test
  void theProcessorAcceptsWhatTheRuntimeBinds() throws Exception {
    List<String> types =
        Stream.concat(
                OTHERS.stream(),
                HOLDERS.stream().flatMap(holder -> OBJECTS.stream().map(holder::formatted)))
            .toList();
    List<Source> sources =
        IntStream.range(0, types.size()).mapToObj(i -> withDefaults(i, types.get(i))).toList();

    List<String> errors = compile(true, sources);

    assertThat(compile(false, sources)).isEmpty();
    ConfigLoader loader = ConfigLoader.standard(PluginRegistry.load());
    try (URLClassLoader compiled = new URLClassLoader(new URL[] {classes.toUri().toURL()})) {
      for (int i = 0; i < types.size(); i++) {
        Class<?> config = compiled.loadClass("plug.F" + i + "$Config");
        Set<String> unbound = unbound(loader, config.asSubclass(Record.class));
        String refusal = of("F" + i, errors);
        if (refusal.contains("no setting can have")) {
          unbound.addAll(EMPTY);
        }
        assertThat(defaults(refusal))
            .as("refused defaults of %s: %s", types.get(i), refusal)
            .isEqualTo(unbound);
      }
    }
  }

  @Test
  void theProcessorReservesTheKeysThatTheRuntimeReads() {
    Set<String> all = new TreeSet<>();
    for (PluginKind kind : PluginKind.values()) {
      all.addAll(ReservedKeys.of(kind));
    }
    String settings = all.stream().map(key -> "String " + key).collect(joining(",\n"));
    List<Source> sources =
        Arrays.stream(PluginKind.values())
            .map(kind -> factory(kind.ordinal(), kind.service().getCanonicalName(), settings, ""))
            .toList();

    List<String> errors = compile(true, sources);

    for (PluginKind kind : PluginKind.values()) {
      String refusal = of("F" + kind.ordinal(), errors);
      assertThat(all)
          .filteredOn(key -> refusal.contains("the setting " + key + ","))
          .as("%s: %s", kind, refusal)
          .containsExactlyInAnyOrderElementsOf(ReservedKeys.of(kind));
    }
  }

  /** A factory with a setting v0, v1, ... for each default. */
  private static Source withDefaults(int number, String type) {
    String settings =
        IntStream.range(0, DEFAULTS.size())
            .mapToObj(
                i ->
                    "@Setting(value = \"\", defaultValue = \"%s\") %s v%d"
                        .formatted(DEFAULTS.get(i), type, i))
            .collect(joining(",\n"));
    String create =
        "public ScenarioPromptBuilder create(Config config, PromptContext context) { return null;"
            + " }";
    return factory(number, "PromptBuilderFactory", settings, create);
  }

  private static Source factory(int number, String kind, String settings, String create) {
    return new Source(
        "F" + number,
        """
        package plug;
        import java.util.*;
        import org.llm4msr.api.*;
        import org.llm4msr.api.knowledge.*;
        @Plugin(name = "plugin-%1$d", description = "One")
        public final class F%1$d implements %2$s<F%1$d.Config> {
          public enum Where { PROMPT_END, TEXT_END }
          public record Part(@Setting(value = "", formerly = "old") Optional<Integer> a) {}
          public record Config(
        %3$s) {}
          public Class<Config> configType() { return Config.class; }
          %4$s
        }
        """
            .formatted(number, kind, settings, create));
  }

  /** Returns the defaults with which a record is not bound. */
  private static Set<String> unbound(ConfigLoader loader, Class<? extends Record> config) {
    try {
      loader.bind(config, List.of(), "It");
      return new TreeSet<>();
    } catch (MsrException e) {
      return defaults(e.text());
    } catch (IllegalArgumentException | ClassCastException e) {
      return new TreeSet<>(DEFAULTS); // The type is of a form that the runtime does not know.
    }
  }

  /** Returns the defaults of the settings that a text names. */
  private static Set<String> defaults(String text) {
    return KEY.matcher(text)
        .results()
        .map(key -> DEFAULTS.get(Integer.parseInt(key.group(1))))
        .collect(toCollection(TreeSet::new));
  }

  private static String of(String factory, List<String> errors) {
    return errors.stream()
        .filter(error -> error.contains("factory " + factory + " "))
        .collect(joining("\n"));
  }

  /** Compiles and returns the errors. */
  private List<String> compile(boolean processed, List<Source> sources) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
    List<String> options =
        List.of(
            "-d",
            classes.toString(),
            "-Xmaxerrs",
            "100000",
            processed ? "-proc:only" : "-proc:none");
    JavaCompiler.CompilationTask task = compiler.getTask(null, null, found, options, null, sources);
    if (processed) {
      task.setProcessors(List.of(new PluginProcessor()));
    }
    task.call();
    return found.getDiagnostics().stream()
        .filter(diagnostic -> diagnostic.getKind() == Diagnostic.Kind.ERROR)
        .map(diagnostic -> diagnostic.getMessage(Locale.ROOT))
        .toList();
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
