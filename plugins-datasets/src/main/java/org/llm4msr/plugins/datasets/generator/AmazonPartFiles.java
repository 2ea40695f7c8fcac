package org.llm4msr.plugins.datasets.generator;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.plugins.datasets.generator.log.DrawnLog;
import org.llm4msr.plugins.datasets.generator.log.RowWriter;

/**
 * Reviews as the benchmark of 2023 divides them: for each category {@code train}, {@code valid} and
 * {@code test}, the last two of a tenth of the rows each, by dates that all categories share. A
 * history has the last {@value #LONGEST} products of its category that the user reviewed before,
 * the oldest first.
 */
final class AmazonPartFiles implements AutoCloseable {

  private static final List<String> PARTS = List.of("train", "valid", "test");
  private static final String COLUMNS = "user_id,parent_asin,rating,timestamp";
  private static final int LONGEST = 50;

  private final AmazonGeneratorConfig config;
  private final int categories;
  private final List<RowWriter> files = new ArrayList<>();

  /** What each user reviewed in each category; null where that is nothing. */
  private final @Nullable Reviewed[] reviewed;

  AmazonPartFiles(AmazonGeneratorConfig config, Path folder, List<String> categories)
      throws IOException {
    this.config = config;
    this.categories = categories.size();
    reviewed = new Reviewed[config.history() ? config.users() * categories.size() : 0];
    Path below =
        Files.createDirectories(
            folder.resolve("5core").resolve(config.history() ? "timestamp_w_his" : "timestamp"));
    try {
      for (String part : PARTS) {
        for (String category : categories) {
          RowWriter file = new RowWriter(below.resolve(category + "." + part + ".csv"), ",");
          files.add(file);
          file.row(COLUMNS + (config.history() ? ",history" : ""));
        }
      }
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  void write(DrawnLog.Interaction row, double rating) throws IOException {
    RowWriter file = files.get(part(row.number()) * categories + row.scenario());
    String user = AmazonGenerator.reviewer(row.user());
    String item = AmazonGenerator.product(row.item());
    if (config.history()) {
      file.row(user, item, rating, row.time(), before(row));
    } else {
      file.row(user, item, rating, row.time());
    }
  }

  private int part(long number) {
    long tenths = 10 * number / config.interactions();
    return (int) Math.max(0, tenths - 7);
  }

  /** Returns what the user reviewed before the row, and adds the row's product to it. */
  private String before(DrawnLog.Interaction row) {
    int place = row.user() * categories + row.scenario();
    Reviewed own = reviewed[place];
    if (own == null) {
      own = new Reviewed();
      reviewed[place] = own;
    }
    String text = own.text();
    own.add(row.item());
    return text;
  }

  @Override
  public void close() throws IOException {
    for (RowWriter file : files) {
      file.close();
    }
  }

  /** The last products of one user and category, in a ring once there are {@value #LONGEST}. */
  private static final class Reviewed {
    private int[] items = new int[4];
    private int count;

    void add(int item) {
      if (count == items.length && count < LONGEST) {
        items = Arrays.copyOf(items, Math.min(2 * count, LONGEST));
      }
      items[count % items.length] = item;
      count++;
    }

    String text() {
      return IntStream.range(Math.max(0, count - LONGEST), count)
          .mapToObj(place -> AmazonGenerator.product(items[place % items.length]))
          .collect(joining(" "));
    }
  }
}
