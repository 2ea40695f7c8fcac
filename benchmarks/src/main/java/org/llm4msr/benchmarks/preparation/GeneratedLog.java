package org.llm4msr.benchmarks.preparation;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/** A log of seven columns, in the order of time, for the reader {@code table}. */
final class GeneratedLog {

  private static final int SCENARIOS = 5;
  private static final int ROWS_OF_A_USER = 100;
  private static final int ROWS_OF_AN_ITEM = 50;
  private static final long BEGIN = 1_684_738_200L;

  private GeneratedLog() {}

  /**
   * Writes the log, unless it is there.
   *
   * @return the settings {@code dataset} of an experiment
   */
  static String in(Path folder, long rows) throws IOException {
    Path log = folder.resolve("rows-" + rows + ".csv");
    if (!Files.exists(log)) {
      write(log, rows);
    }
    return "{ name: table, path: ., files: [%s], scenario: page, time: time, fields: [{column: price, kind: numeric}, {column: city}] }"
        .formatted(log.getFileName());
  }

  /** Returns an experiment with a workspace beside its file. */
  static String experiment(Path workspace, String dataset) {
    return "workspace: %s\ndataset: %s\nmodel: { backbone: { name: shared-bottom } }\n"
        .formatted(workspace.getFileName(), dataset);
  }

  private static void write(Path log, long rows) throws IOException {
    Path partial = log.resolveSibling(log.getFileName() + ".part");
    SplittableRandom random = new SplittableRandom(rows);
    try (BufferedWriter out = Files.newBufferedWriter(partial, StandardCharsets.US_ASCII)) {
      out.write("user,item,page,label,time,price,city\n");
      StringBuilder text = new StringBuilder();
      for (long row = 0; row < rows; row++) {
        text.setLength(0);
        text.append(random.nextLong(1 + rows / ROWS_OF_A_USER)).append(',');
        // The square makes some items popular.
        double place = random.nextDouble();
        text.append((long) (place * place * (1 + rows / ROWS_OF_AN_ITEM))).append(",p");
        text.append(random.nextInt(SCENARIOS)).append(',');
        text.append(random.nextInt(2)).append(',').append(BEGIN + row / 10).append(',');
        text.append(random.nextInt(10_000)).append(".5,c").append(random.nextInt(1000));
        out.append(text.append('\n'));
      }
    }
    Files.move(partial, log);
  }
}
