package org.llm4msr.benchmarks.ranking;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.serving.compiler.Compiler;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;
import org.llm4msr.serving.versions.ModelVersions;

/**
 * A drawn log of five scenarios with 37 fields, and models of it: MMoE with 4 experts 592 -> 128 ->
 * 64, alone and with the levels 592 -> 64 -> 592 of users and 592 -> 64 -> 1 of scenarios, whose
 * weights come from vectors of 384 numbers by generators with 64 hidden units.
 */
final class RankerData {

  static final int USERS = 20_000;
  static final int ITEMS = 20_000;
  private static final int ROWS = 60_000;
  private static final int OF_USER = 10;
  private static final int OF_ITEM = 19;
  private static final int OF_ROW = 5;
  private static final int VALUES = 500;
  private static final List<String> SCENARIOS = List.of("s0", "s1", "s2", "s3", "s4");

  private static final String EXPERIMENT =
      """
      workspace: work
      dataset:
        name: table
        path: raw
        files: [rows.csv]
        scenario: scenario
        time: time
        fields:
      %s
        users: {files: [users.csv], key: user, text: [u0]}
        items: {files: [items.csv], key: item}
      knowledge: {encoder: {name: hash, dimension: 384}, minInteractions: 1}
      model:
        embeddingSize: 16
        backbone: {name: mmoe, experts: 4, expert: [128, 64], tower: [64]}
        fusion: {name: hierarchical}
        metaNetworks:
          user: {name: mlp, layers: [64], generatorHidden: 64, rank: 0}
          scenario: {name: mlp, layers: [64], generatorHidden: 64, rank: 0}
      training: {epochs: 1, batchSize: 2048}
      runtime: {engine: PyTorch, device: cpu}
      """;

  private final Path folder;
  private final SplittableRandom random = new SplittableRandom(7);

  private RankerData(Path folder) {
    this.folder = folder;
  }

  /** Draws the log into a folder, unless it is there. */
  static RankerData in(Path folder) throws IOException {
    RankerData data = new RankerData(folder);
    if (!Files.exists(folder.resolve("experiment.yaml"))) {
      data.write();
    }
    return data;
  }

  private void write() throws IOException {
    Path raw = Files.createDirectories(folder.resolve("raw"));
    List<String> fields = new ArrayList<>();
    names("u", OF_USER).forEach(name -> fields.add("    - {column: " + name + ", table: users}"));
    names("i", OF_ITEM).forEach(name -> fields.add("    - {column: " + name + ", table: items}"));
    names("c", OF_ROW).forEach(name -> fields.add("    - {column: " + name + "}"));
    table(raw.resolve("users.csv"), "user", USERS, names("u", OF_USER));
    table(raw.resolve("items.csv"), "item", ITEMS, names("i", OF_ITEM));
    List<String> rows = new ArrayList<>();
    rows.add("user,item,scenario,label,time," + String.join(",", names("c", OF_ROW)));
    for (int row = 0; row < ROWS; row++) {
      rows.add(
          "%d,%d,%s,%d,%d,%s"
              .formatted(
                  row % USERS,
                  random.nextInt(ITEMS),
                  SCENARIOS.get(random.nextInt(SCENARIOS.size())),
                  random.nextInt(2),
                  row,
                  values(OF_ROW)));
    }
    Files.write(raw.resolve("rows.csv"), rows);
    Files.writeString(
        folder.resolve("experiment.yaml"), EXPERIMENT.formatted(String.join("\n", fields)));
  }

  private static List<String> names(String prefix, int count) {
    return IntStream.range(0, count).mapToObj(i -> prefix + i).toList();
  }

  private void table(Path file, String key, int count, List<String> names) throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add(key + "," + String.join(",", names));
    for (int id = 0; id < count; id++) {
      lines.add(id + "," + values(names.size()));
    }
    Files.write(file, lines);
  }

  private String values(int count) {
    return String.join(
        ",", IntStream.range(0, count).mapToObj(i -> "v" + random.nextInt(VALUES)).toList());
  }

  /**
   * Trains a model and compiles its bundle, unless that was done.
   *
   * @param settings {@code key.path=value} each
   */
  Path compiled(String name, String... settings) {
    Path target = folder.resolve(name);
    if (!Files.exists(target)) {
      Experiment experiment = Experiment.fromYaml(folder.resolve("experiment.yaml"), settings);
      experiment.prepare(false, Progress.NONE);
      experiment.extract(false, Progress.NONE);
      Bundle bundle = Bundle.open(experiment.train(name, Progress.NONE).bundle());
      new Compiler(ConfigLoader.standard(PluginRegistry.load())).compile(bundle, target);
    }
    return target;
  }

  /** Returns a folder with two versions of a compiled bundle, which are the same. */
  Path versions(String name) throws IOException {
    Path bundle = compiled(name);
    Path versions = folder.resolve(name + "-versions");
    for (String version : List.of("1", "2")) {
      Path target = versions.resolve(version);
      if (!Files.exists(target)) {
        link(bundle, target);
      }
    }
    Files.deleteIfExists(versions.resolve(ModelVersions.PINNED));
    return versions;
  }

  private static void link(Path bundle, Path target) throws IOException {
    try (Stream<Path> files = Files.walk(bundle)) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        Path copy = target.resolve(bundle.relativize(file));
        Files.createDirectories(copy.getParent());
        Files.createLink(copy, file);
      }
    }
  }

  /** Draws a request of a user for items. */
  RankRequest request(int user, int items) {
    List<RankItem> drawn = new ArrayList<>(items);
    for (int i = 0; i < items; i++) {
      drawn.add(new RankItem(Integer.toString(random.nextInt(ITEMS))));
    }
    Map<String, Object> context = new HashMap<>();
    names("c", OF_ROW).forEach(name -> context.put(name, "v" + random.nextInt(VALUES)));
    String scenario = SCENARIOS.get(random.nextInt(SCENARIOS.size()));
    return new RankRequest(Integer.toString(user), scenario, drawn).with(context);
  }
}
