package ${package};

import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.SplittableRandom;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.DatasetGenerator;

/**
 * Writes a log of clicks that {@link ${className}Reader} reads. Users, items and pages have random
 * vectors of {@value TASTES} numbers; a user clicks on an item with the probability sigmoid(-1 + u .
 * (i + p)).
 */
final class ${className}Generator implements DatasetGenerator {

  private static final int TASTES = 4;
  private static final long START = 1_700_000_000; // Seconds since 1970.
  private static final long PAUSE = 30;
  private static final int REPORTED = 10_000;

  private final ${className}GeneratorConfig config;
  private final Path folder;
  private final SplittableRandom random;

  ${className}Generator(${className}GeneratorConfig config, Path folder) {
    this.config = config;
    this.folder = folder;
    random = new SplittableRandom(config.seed());
  }

  @Override
  public void generate(Progress progress) throws IOException {
    double[][] users = vectors(config.users());
    double[][] items = vectors(config.items());
    double[][] pages = vectors(config.pages());
    double expected = 0;
    try (Writer out = Files.newBufferedWriter(folder.resolve("log.tsv"))) {
      out.write(String.join("\t", ${className}Rows.COLUMNS) + "\n");
      for (long row = 0; row < config.interactions(); row++) {
        int user = random.nextInt(users.length);
        int item = random.nextInt(items.length);
        int page = random.nextInt(pages.length);
        double probability = probability(users[user], items[item], pages[page]);
        int clicked = random.nextDouble() < probability ? 1 : 0;
        expected += probability;
        out.write(START + PAUSE * row + "\tu" + user + "\ti" + item);
        out.write("\tpage" + page + "\t" + clicked + "\n");
        if (row % REPORTED == 0) {
          progress.update(row, config.interactions());
        }
      }
    }
    progress.update(config.interactions(), config.interactions());
    Files.writeString(folder.resolve("GENERATED.json"), label(expected / config.interactions()));
  }

  private double[][] vectors(int count) {
    double[][] vectors = new double[count][TASTES];
    for (double[] vector : vectors) {
      for (int i = 0; i < TASTES; i++) {
        vector[i] = random.nextDouble() * 2 - 1;
      }
    }
    return vectors;
  }

  private static double probability(double[] user, double[] item, double[] page) {
    double logit = -1;
    for (int i = 0; i < TASTES; i++) {
      logit += user[i] * (item[i] + page[i]);
    }
    return 1 / (1 + Math.exp(-logit));
  }

  /** Says what was generated, and what is known of the truth. */
  private String label(double clicked) {
    return String.format(
        Locale.ROOT,
        """
        {
          "generated": true,
          "model": "clicks with the probability sigmoid(-1 + u . (i + p))",
          "seed": %d,
          "users": %d,
          "items": %d,
          "pages": %d,
          "interactions": %d,
          "expectedShareOfClicks": %.6f
        }
        """,
        config.seed(),
        config.users(),
        config.items(),
        config.pages(),
        config.interactions(),
        clicked);
  }
}
