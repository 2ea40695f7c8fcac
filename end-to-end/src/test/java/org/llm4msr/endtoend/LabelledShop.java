package org.llm4msr.endtoend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A small shop whose rows have likes, which are not known in search, and purchases. */
final class LabelledShop {

  static final List<String> SCENARIOS = List.of("feed", "search");
  static final int ROWS = 2400;

  /** Settings of a model that learns both; purchases come after label 1. */
  static final String LABELS =
      "model.labels={like: {weight: 0.5, hidden: [4]}, buy: {after: label, hidden: []}}";

  private LabelledShop() {}

  /** Writes raw files and {@code experiment.yaml} with both labels. */
  static SmallShop write(Path folder, long seed, int firstTime) throws IOException {
    SmallShop shop = SmallShop.write(folder, seed, firstTime, ROWS, 60, SCENARIOS);
    List<String> lines = new ArrayList<>(List.of(SmallShop.COLUMNS + ",like,spent"));
    for (String row : shop.rows()) {
      String[] cells = row.split(",", -1);
      int user = Integer.parseInt(cells[0]);
      int item = Integer.parseInt(cells[1].substring(1));
      String like = cells[2].equals("search") ? "" : (user + item) % 3 == 0 ? "1" : "0";
      boolean bought = cells[3].equals("1") && item % 2 == 0;
      lines.add("%s,%s,%s".formatted(row, like, bought ? "9.5" : "0"));
    }
    Files.write(folder.resolve("raw/inter.csv"), lines);
    String yaml = Files.readString(shop.experiment());
    Files.writeString(
        shop.experiment(),
        yaml.replace(
                "time: time\n",
                "time: time\n  labels: [{name: like}, {name: buy, column: spent, positiveAbove: 0}]\n")
            .replace("epochs: 2, batchSize: 256", "epochs: 2, batchSize: 64"));
    return shop;
  }
}
