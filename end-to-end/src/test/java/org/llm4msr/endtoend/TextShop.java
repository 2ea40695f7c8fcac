package org.llm4msr.endtoend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/** A shop of users and items whose texts a model reads; tests write its log. */
final class TextShop {

  /** The header of its log. */
  static final String COLUMNS = "user,item,place,label,time";

  private static final String EXPERIMENT =
      """
      workspace: %s
      dataset:
        name: table
        path: .
        files: [%s]
        scenario: place
        time: time
        items: { files: [items.csv], key: item, text: [title] }
        split: { by: time, ratio: [4, 1, 1] }
      knowledge:
        encoder: { name: hash, dimension: 32 }
        items: {}
      %smodel:
        embeddingSize: 4
        backbone: { name: shared-bottom, bottom: [16], tower: [8], batchNorm: false }
      %straining: { %s }
      runtime: { threads: 1 }
      """;

  private TextShop() {}

  /**
   * Returns an experiment.
   *
   * @param log its file
   * @param knowledge more lines of this section
   * @param model more lines of that one
   * @param training all settings of this one
   */
  static String experiment(
      String workspace, String log, String knowledge, String model, String training) {
    return EXPERIMENT.formatted(workspace, log, knowledge, model, training);
  }

  /** Writes the table of items, which are called i0, i1 and so on. */
  static void writeItems(Path folder, int count, IntFunction<String> title) throws IOException {
    List<String> items = new ArrayList<>(List.of("item,title"));
    for (int item = 0; item < count; item++) {
      items.add("i%d,%s".formatted(item, title.apply(item)));
    }
    Files.write(folder.resolve("items.csv"), items);
  }
}
