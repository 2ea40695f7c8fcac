package org.llm4msr.endtoend;

import com.tngtech.archunit.core.domain.JavaClass;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** The modules of the code, their packages, and which of them each may use. */
final class Modules {

  private static final String OURS = "org.llm4msr.";

  private static final List<String> TOOLKIT =
      List.of(
          "toolkit-model",
          "toolkit-arrow",
          "toolkit-hub",
          "toolkit-database",
          "toolkit-safetensors",
          "toolkit-vectors");

  /** Each uses those before it. */
  private static final List<String> RUNTIME =
      List.of(
          "core",
          "batch",
          "engine",
          "data",
          "knowledge",
          "scoring",
          "training",
          "experiment",
          "download",
          "lab",
          "cluster");

  private static final Map<String, Module> ALL = table();

  /**
   * A module.
   *
   * @param packages with their subpackages
   * @param uses names of modules
   */
  record Module(String name, List<String> packages, Set<String> uses) {}

  private Modules() {}

  private static Map<String, Module> table() {
    Map<String, Module> all = new LinkedHashMap<>();
    add(all, "api", List.of("api"), List.of());
    add(all, "processor", List.of("processor"), List.of("api"));
    add(all, "toolkit-model", List.of("toolkit.model"), List.of("api"));
    add(all, "toolkit-arrow", List.of("toolkit.arrow"), List.of("api"));
    add(all, "toolkit-hub", List.of("toolkit.hub"), List.of("api"));
    add(all, "toolkit-database", List.of("toolkit.database"), List.of("api"));
    add(all, "toolkit-safetensors", List.of("toolkit.safetensors"), List.of("api"));
    add(
        all,
        "toolkit-vectors",
        List.of("toolkit.vectors"),
        List.of("api", "toolkit-arrow", "toolkit-database", "toolkit-safetensors"));
    runtime(all, "core", "config", "plugins", "files", "text");
    runtime(all, "batch", "batch");
    runtime(all, "engine", "engine", "kernels", "gradients", "model", "peers", "tables");
    runtime(all, "data", "data");
    runtime(all, "knowledge", "knowledge");
    runtime(all, "scoring", "assembly", "bundle", "calibration", "scoring", "terms");
    runtime(all, "training", "training", "evaluation");
    List<String> scoring = with(RUNTIME.subList(0, RUNTIME.indexOf("training")), "api");
    add(all, "recording", List.of("serving.recording"), List.of("api"));
    add(
        all,
        "ranker",
        List.of("serving.ranker", "serving.versions"),
        with(scoring, "toolkit-safetensors"));
    List<String> ranker = with(with(scoring, "toolkit-safetensors"), "ranker");
    add(all, "compiler", List.of("serving.compiler"), with(ranker, "recording"));
    runtime(all, "experiment", "experiment", "exchange", "explanation");
    all.get("experiment").uses().add("compiler");
    runtime(all, "download", "download");
    runtime(all, "lab", "compare", "report");
    runtime(all, "cluster", "cluster");
    List<String> compiler = with(with(ranker, "recording"), "compiler");
    add(all, "publishing", List.of("serving.publishing"), with(compiler, "training"));
    add(all, "export", List.of("serving.export"), compiler);
    add(all, "protocol", List.of("protocol"), List.of());
    add(all, "server", List.of("server"), with(with(ranker, "protocol"), "toolkit-arrow"));
    List<String> cli =
        List.of("compiler", "ranker", "publishing", "export", "server", "api", "toolkit-hub");
    add(all, "cli", List.of("cli"), Stream.concat(RUNTIME.stream(), cli.stream()).toList());
    List<String> served = List.of("api", "toolkit-arrow", "core", "data", "knowledge");
    add(all, "exchange", List.of("exchange"), with(served, "experiment"));
    add(all, "spark", List.of("spark"), List.of());
    add(all, "tck", List.of("tck"), List.of("api", "toolkit-model", "core", "engine", "recording"));
    add(all, "checking", List.of("checking"), List.of("api", "core", "engine", "tck"));
    for (String plugins :
        List.of("backbones", "datasets", "features", "fusion", "llm", "llamacpp")) {
      add(all, "plugins-" + plugins, List.of("plugins." + plugins), with(TOOLKIT, "api"));
    }
    add(all, "benchmarks", List.of("benchmarks"), List.copyOf(all.keySet()));
    return all;
  }

  private static void add(
      Map<String, Module> all, String name, List<String> packages, List<String> uses) {
    all.put(
        name, new Module(name, packages.stream().map(OURS::concat).toList(), new TreeSet<>(uses)));
  }

  private static void runtime(Map<String, Module> all, String name, String... packages) {
    List<String> uses =
        Stream.of(
                List.of("api"),
                TOOLKIT,
                switch (name) {
                  // Downloads are for themselves; an experiment is no part of them.
                  case "download" -> List.of("core");
                  // Data is prepared without engines.
                  case "data" -> List.of("core", "batch");
                  default -> RUNTIME.subList(0, RUNTIME.indexOf(name));
                })
            .flatMap(List::stream)
            .toList();
    add(all, name, Stream.of(packages).map("runtime."::concat).toList(), uses);
  }

  private static List<String> with(List<String> some, String more) {
    return Stream.concat(some.stream(), Stream.of(more)).toList();
  }

  /** Returns the module of a class of ours. */
  static Module of(JavaClass type) {
    String name = type.getPackageName();
    return ALL.values().stream()
        .filter(module -> module.packages().stream().anyMatch(prefix -> isBelow(name, prefix)))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no module has the package of " + type.getName()));
  }

  private static boolean isBelow(String name, String top) {
    return name.equals(top) || name.startsWith(top + ".");
  }

  static boolean isOurs(JavaClass type) {
    return type.getPackageName().startsWith(OURS);
  }

  /** Returns whether a class may use another. */
  static boolean mayUse(JavaClass user, JavaClass used) {
    Module module = of(user);
    String other = of(used).name();
    return module.name().equals(other) || module.uses().contains(other);
  }
}
