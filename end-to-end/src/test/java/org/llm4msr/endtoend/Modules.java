package org.llm4msr.endtoend;

import com.tngtech.archunit.core.domain.JavaClass;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The modules of the code by their folders, and which of them each may use: those behind its arrows
 * and what these use. Each stands after those that it uses.
 */
final class Modules {

  static final Path ROOT = Path.of(System.getProperty("llm4msr.root"));

  private static final Pattern BUILT =
      Pattern.compile(Pattern.quote(ROOT.toUri().getRawPath()) + "(.+?)/target/");

  private static final Map<String, List<String>> ARROWS = arrows();

  private Modules() {}

  private static Map<String, List<String>> arrows() {
    Map<String, List<String>> all = new LinkedHashMap<>();
    all.put("api", List.of());
    all.put("processor", List.of("api"));
    all.put("toolkit/model", List.of("api"));
    all.put("toolkit/arrow", List.of("api"));
    all.put("toolkit/hub", List.of("api"));
    all.put("toolkit/database", List.of("api"));
    all.put("toolkit/safetensors", List.of("api"));
    all.put("toolkit/vectors", List.of("toolkit/arrow", "toolkit/database", "toolkit/safetensors"));
    all.put("runtime/core", List.of("toolkit/arrow"));
    all.put("runtime/batch", List.of("api"));
    all.put("runtime/engine", List.of("toolkit/safetensors", "runtime/core", "runtime/batch"));
    all.put("runtime/data", List.of("toolkit/database", "runtime/core", "runtime/batch"));
    all.put("runtime/knowledge", List.of("runtime/engine", "runtime/data"));
    all.put("runtime/scoring", List.of("toolkit/model", "runtime/knowledge"));
    all.put("runtime/training", List.of("runtime/scoring"));
    all.put("runtime/experiment", List.of("runtime/training"));
    all.put("runtime/download", List.of("toolkit/hub", "runtime/core"));
    all.put("runtime/lab", List.of("runtime/experiment"));
    all.put("runtime/cluster", List.of("runtime/experiment"));
    all.put("serving/protocol", List.of());
    all.put("serving/recording", List.of("api"));
    all.put("serving/ranker", List.of("runtime/scoring"));
    all.put("serving/compiler", List.of("serving/recording", "serving/ranker"));
    all.put("serving/publishing", List.of("runtime/training", "serving/compiler"));
    all.put("serving/export", List.of("serving/compiler"));
    all.put("server", List.of("serving/protocol", "serving/ranker"));
    all.put(
        "cli",
        List.of(
            "runtime/download", "runtime/lab", "serving/publishing", "serving/export", "server"));
    all.put("exchange", List.of("runtime/experiment"));
    all.put("spark", List.of());
    all.put("spark/jars", List.of());
    all.put("tck", List.of("toolkit/model", "runtime/engine", "serving/recording"));
    all.put("checking", List.of("tck"));
    all.put("plugins-backbones", List.of("processor", "toolkit/model"));
    all.put("plugins-llm", List.of("processor", "toolkit/hub", "toolkit/vectors"));
    all.put("plugins-llama-cpp", List.of("processor", "toolkit/hub"));
    all.put("plugins-fusion", List.of("processor", "toolkit/model"));
    all.put("plugins-features", List.of("processor"));
    all.put("plugins-datasets", List.of("processor", "toolkit/vectors"));
    all.put("bom", List.of());
    all.put("archetype", List.of());
    all.put(
        "dist",
        List.of(
            "runtime/cluster",
            "cli",
            "exchange",
            "spark",
            "checking",
            "plugins-backbones",
            "plugins-llm",
            "plugins-llama-cpp",
            "plugins-fusion",
            "plugins-features",
            "plugins-datasets"));
    all.put("test-times", List.of());
    all.put("end-to-end", List.of());
    all.put("examples", List.of());
    all.put("benchmarks", List.of("dist"));
    return all;
  }

  /** Returns the modules in the order of the map. */
  static Set<String> names() {
    return ARROWS.keySet();
  }

  /** Returns the modules behind the arrows of one. */
  static List<String> arrows(String module) {
    return ARROWS.getOrDefault(module, List.of());
  }

  /** Returns the modules that one may use. */
  static Set<String> below(String module) {
    Set<String> all = new LinkedHashSet<>(arrows(module));
    arrows(module).forEach(used -> all.addAll(below(used)));
    return all;
  }

  /** Returns the module of a class of ours: the one that it was built in. */
  static String of(JavaClass type) {
    String from =
        type.getBaseComponentType()
            .getSource()
            .map(source -> source.getUri().toString())
            .orElse("nothing that was read");
    Matcher built = BUILT.matcher(from);
    if (!built.find()) {
      throw new AssertionError("%s is of %s, no module".formatted(type.getName(), from));
    }
    return built.group(1);
  }

  static boolean isOurs(JavaClass type) {
    return type.getPackageName().startsWith("org.llm4msr.");
  }

  /** Returns whether a class may use another. */
  static boolean mayUse(JavaClass user, JavaClass used) {
    String module = of(user);
    String other = of(used);
    return module.equals(other) || below(module).contains(other);
  }
}
