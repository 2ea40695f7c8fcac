package org.llm4msr.endtoend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A small log in CSV files with fields of every kind and table, and missing values in each. */
final class SmallShop {

  static final String COLUMNS = "user,item,scenario,label,time,hour,price,tags";

  /** Settings of a model without knowledge that trains in a moment. */
  static final String[] PLAIN = {
    "training.epochs=1",
    "model.backbone={name: shared-bottom, bottom: [8], tower: [4]}",
    "model.fusion=none"
  };

  private static final String EXPERIMENT =
      """
      workspace: work
      dataset:
        name: table
        path: raw
        files: [inter.csv]
        scenario: scenario
        time: time
        fields:
          - {column: hour}
          - {column: price, kind: numeric}
          - {column: tags, kind: multi-categorical}
          - {column: city, table: users}
          - {column: age, table: users, kind: numeric}
          - {column: kind, table: items}
          - {column: words, table: items, kind: multi-categorical}
        users: {files: [users.csv], key: user}
        items: {files: [items.csv], key: item, text: [title]}
        split: {by: time, ratio: [4, 1, 1]}
      knowledge:
        encoder: {name: hash, dimension: 16}
      model:
        embeddingSize: 4
        backbone: {name: mmoe, experts: 2, expert: [8], tower: [4]}
        fusion: {name: hierarchical}
        metaNetworks:
          user: {name: mlp, layers: [4], generatorHidden: 4}
          scenario: {name: mlp, layers: [4], generatorHidden: 4}
      training: {epochs: 2, batchSize: 256, optimizer: {learningRate: 0.01}}
      runtime: {threads: 1}
      """;

  private final Random random;
  private final Path folder;
  private final List<String> rows = new ArrayList<>();

  private SmallShop(Path folder, long seed) {
    this.folder = folder;
    this.random = new Random(seed);
  }

  /**
   * Writes raw files and {@code experiment.yaml}.
   *
   * @param firstTime time of the first row; the others follow by a second each
   * @param users users are numbered from 0
   */
  static SmallShop write(
      Path folder, long seed, int firstTime, int rows, int users, List<String> scenarios)
      throws IOException {
    SmallShop shop = new SmallShop(folder, seed);
    Files.createDirectories(folder.resolve("raw"));
    for (int k = 0; k < rows; k++) {
      shop.rows.add(shop.row(firstTime + k, users, scenarios));
    }
    shop.write("inter.csv", COLUMNS, shop.rows);
    shop.write("users.csv", "user,city,age", shop.users(users));
    shop.write("items.csv", "item,kind,words,title", shop.items());
    Files.writeString(folder.resolve("experiment.yaml"), EXPERIMENT);
    return shop;
  }

  private String row(int time, int users, List<String> scenarios) {
    int user = random.nextInt(users);
    int item = random.nextInt(150);
    String scenario = scenarios.get(random.nextInt(scenarios.size()));
    int label = random.nextInt(5) < (user * 7 + item * 3) % 5 ? 1 : 0;
    String price = random.nextInt(10) == 0 ? "" : String.valueOf(random.nextGaussian() * 4 + 10);
    List<String> tags = new ArrayList<>();
    for (int t = random.nextInt(4); t > 0; t--) {
      tags.add(String.valueOf((char) ('a' + random.nextInt(9))));
    }
    return "%d,i%d,%s,%d,%d,%d,%s,%s"
        .formatted(
            user, item, scenario, label, time, random.nextInt(24), price, String.join("|", tags));
  }

  /** Every tenth user and some ages are missing. */
  private List<String> users(int count) {
    List<String> lines = new ArrayList<>();
    for (int user = 0; user < count; user++) {
      if (user % 10 > 0) {
        lines.add("%d,c%d,%s".formatted(user, user % 9, user % 7 == 0 ? "" : 18 + user % 60));
      }
    }
    return lines;
  }

  private List<String> items() {
    List<String> lines = new ArrayList<>();
    for (int item = 0; item < 150; item++) {
      List<String> words = new ArrayList<>();
      for (int w = 0; w < item % 4; w++) {
        words.add("w" + (item * w) % 11);
      }
      lines.add(
          "i%d,k%d,%s,title %d".formatted(item, item % 4, String.join("|", words), item % 37));
    }
    return lines;
  }

  private void write(String name, String header, List<String> lines) throws IOException {
    Files.writeString(
        folder.resolve("raw").resolve(name), header + "\n" + String.join("\n", lines) + "\n");
  }

  Path experiment() {
    return folder.resolve("experiment.yaml");
  }

  /** Returns the rows of the raw file, oldest first. */
  List<String> rows() {
    return rows;
  }
}
