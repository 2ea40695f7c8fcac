package org.llm4msr.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** A log in the format of MIND: users with odd numbers click odd news, nine times out of ten. */
final class Clicks {

  static final int USERS = 40;
  private static final int NEWS = 30;
  private static final int LINES = 1200;
  private static final List<String> CATEGORIES = List.of("sports", "news", "finance");
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("M/d/yyyy h:mm:ss a", Locale.US);

  private Clicks() {}

  static void write(Path folder) throws IOException {
    List<String> news = new ArrayList<>();
    for (int i = 0; i < NEWS; i++) {
      String category = CATEGORIES.get(i % CATEGORIES.size());
      String title = (i % 2 == 1 ? "odd" : "even") + " story " + i;
      news.add(String.join("\t", "N" + i, category, "sub" + i % 5, title, "", "", "[]", "[]"));
    }
    Files.write(folder.resolve("news.tsv"), news);

    Random random = new Random(3);
    LocalDateTime start = LocalDateTime.of(2019, 11, 9, 0, 0);
    List<String> behaviors = new ArrayList<>();
    for (int line = 0; line < LINES; line++) {
      int user = line % USERS;
      List<String> shown = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        int item = random.nextInt(NEWS);
        boolean click = (item % 2 == user % 2) == (random.nextDouble() < 0.9);
        shown.add("N" + item + (click ? "-1" : "-0"));
      }
      String time = TIME.format(start.plusMinutes(line));
      behaviors.add(String.join("\t", "" + line, "U" + user, time, "", String.join(" ", shown)));
    }
    Files.write(folder.resolve("behaviors.tsv"), behaviors);
  }
}
