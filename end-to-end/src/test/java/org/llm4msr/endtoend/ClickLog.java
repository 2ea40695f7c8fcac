package org.llm4msr.endtoend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * A drawn click log of three scenarios as CSV, of which the first four sixths by time train. Of two
 * logs of one seed with other last rows, those first rows are equal.
 */
final class ClickLog {

  static final int ROWS = 3_000;
  static final int TRAINING_ROWS = ROWS * 4 / 6;

  private static final List<String> SCENARIOS = List.of("feed", "search", "nearby");
  private static final List<String> WORDS =
      List.of("tea", "boat", "chess", "violin", "bread", "comet", "garden", "tiger", "opera");

  private final List<Row> rows = new ArrayList<>();
  private final Map<String, String> users = new TreeMap<>();
  private final Map<String, String> items = new TreeMap<>();

  /** One impression. */
  record Row(
      String user,
      String item,
      String scenario,
      boolean label,
      long time,
      String device,
      double price,
      String tags) {

    Row unclicked() {
      return new Row(user, item, scenario, false, time, device, price, tags);
    }
  }

  /**
   * Draws a log.
   *
   * @param garbage whether validation and test rows have other users, items, labels and values than
   *     those of the honest log
   */
  static ClickLog draw(boolean garbage) {
    ClickLog log = new ClickLog();
    Random random = new Random(17);
    for (int n = 0; n < TRAINING_ROWS; n++) {
      log.add(log.row(n, random, "u" + random.nextInt(100), "i" + random.nextInt(150)));
    }
    Random later = new Random(garbage ? 99 : 18);
    for (int n = TRAINING_ROWS; n < ROWS; n++) {
      // Half of the garbage is of users and items that are known, half of new ones.
      String prefix = garbage && n % 2 == 0 ? "ghost" : "";
      String user = prefix + "u" + later.nextInt(120);
      Row row = log.row(n, later, user, prefix + "i" + later.nextInt(180));
      log.add(garbage ? log.spoiled(row) : row);
    }
    return log;
  }

  private Row row(int n, Random random, String user, String item) {
    return new Row(
        user,
        item,
        SCENARIOS.get(random.nextInt(SCENARIOS.size())),
        random.nextInt(10) < 4,
        1_700_000_000L + 60L * n,
        "device" + random.nextInt(12),
        random.nextGaussian(),
        word(random) + "|" + word(random));
  }

  private Row spoiled(Row row) {
    return new Row(
        row.user,
        row.item,
        row.scenario,
        !row.label,
        row.time,
        "broken " + row.device,
        row.price * 1e9,
        "junk|" + row.tags);
  }

  private static String word(Random random) {
    return WORDS.get(random.nextInt(WORDS.size()));
  }

  private void add(Row row) {
    rows.add(row);
    users.put(row.user, "town" + row.user.hashCode() % 7);
    items.put(row.item, title(row.item));
  }

  /** Returns the text of an item. */
  static String title(String item) {
    int hash = Math.floorMod(item.hashCode(), WORDS.size());
    return "the " + WORDS.get(hash) + " of " + item;
  }

  /** Makes no row from this one on positive. */
  ClickLog withoutClicksFrom(int first) {
    rows.subList(first, ROWS).replaceAll(Row::unclicked);
    return this;
  }

  List<Row> rows() {
    return rows;
  }

  /** Writes the files and a configuration that prepares them. */
  Path write(Path folder) throws IOException {
    Files.createDirectories(folder);
    List<String> lines = new ArrayList<>(List.of("user,item,place,label,time,device,price,tags"));
    for (Row row : rows) {
      lines.add(
          String.join(
              ",",
              row.user,
              row.item,
              row.scenario,
              row.label ? "1" : "0",
              Long.toString(row.time),
              row.device,
              Double.toString(row.price),
              row.tags));
    }
    Files.write(folder.resolve("log.csv"), lines);
    Files.write(folder.resolve("users.csv"), table("user,town", users));
    Files.write(folder.resolve("items.csv"), table("item,title", items));
    Files.writeString(folder.resolve("scenario.mustache"), SCENARIO_TEMPLATE);
    Files.writeString(folder.resolve("user.mustache"), "{{#history}}{{item}} {{/history}}");
    return Files.writeString(folder.resolve("experiment.yaml"), CONFIGURATION);
  }

  private static List<String> table(String head, Map<String, String> values) {
    List<String> lines = new ArrayList<>(List.of(head));
    values.forEach((key, value) -> lines.add(key + "," + value));
    return lines;
  }

  private static final String SCENARIO_TEMPLATE =
      "{{name}} {{interactions}} {{positives}}{{#popularItems}}{{/popularItems}}";

  private static final String CONFIGURATION =
      """
      workspace: work
      dataset:
        name: table
        path: .
        files: [log.csv]
        scenario: place
        scenarioNames: { feed: feed, search: search, nearby: nearby }
        time: time
        fields:
          - { column: device }
          - { column: price, kind: numeric }
          - { column: tags, kind: multi-categorical }
          - { column: town, table: users }
        users: { files: [users.csv], key: user, text: [town] }
        items: { files: [items.csv], key: item, text: [title] }
        split: { by: time, ratio: [4, 1, 1] }
      knowledge:
        encoder: { name: hash, dimension: 32 }
        precision: float32
      model:
        backbone: shared-bottom
        fusion: hierarchical
        metaNetworks:
          user: { name: mlp, layers: [8], generatorHidden: 8 }
          scenario: { name: mlp, layers: [8], generatorHidden: 8 }
      training: { epochs: 1, batchSize: 512 }
      runtime: { threads: 1 }
      """;
}
