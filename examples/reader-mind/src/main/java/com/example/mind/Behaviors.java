package com.example.mind;

import java.io.IOException;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.RawSchema;

/**
 * The lines of {@code behaviors.tsv}: id, user, time, news clicked before, impressions such as
 * {@code N5-1 N6-0}. A line gives one row per piece of news, all of one group.
 */
final class Behaviors implements Rows {

  static final String HOUR = "hour";
  static final String HISTORY = "history";
  static final Schema SCHEMA =
      new Schema(
          List.of(
              News.text(RawSchema.USER),
              News.text(RawSchema.ITEM),
              News.text(RawSchema.SCENARIO),
              Field.nullable(RawSchema.LABEL, new ArrowType.Int(32, true)),
              Field.nullable(RawSchema.TIME, new ArrowType.Int(64, true)),
              News.text(RawSchema.GROUP),
              Field.nullable(HOUR, new ArrowType.Int(32, true)),
              new Field(
                  HISTORY,
                  FieldType.nullable(ArrowType.List.INSTANCE),
                  List.of(News.text("item")))));

  private static final int COLUMNS = 5;
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("M/d/yyyy h:mm:ss a", Locale.US);

  private final TsvFile file;
  private final Map<String, String> categories;
  private final Queue<List<?>> rows = new ArrayDeque<>();

  /**
   * Opens the file.
   *
   * @param categories the category of every piece of news
   */
  Behaviors(Path path, Map<String, String> categories) throws IOException {
    file = new TsvFile(path, COLUMNS);
    this.categories = categories;
  }

  @Override
  public @Nullable List<?> next() throws IOException {
    while (rows.isEmpty()) {
      String[] line = file.next();
      if (line == null) {
        return null;
      }
      addRows(line[0], line[1], line[2], words(line[3]), words(line[4]));
    }
    return rows.remove();
  }

  private void addRows(
      String id, String user, String time, List<String> history, List<String> impressions) {
    LocalDateTime shown = parse(time);
    long millis = shown.toInstant(ZoneOffset.UTC).toEpochMilli();
    for (String impression : impressions) {
      int end = impression.length() - 2;
      if (!impression.matches(".+-[01]")) {
        throw file.malformed(
            "impressions",
            impression,
            "a news id with -0 or -1; lines of the test part have no label: use train or dev");
      }
      String item = impression.substring(0, end);
      String category = categories.get(item);
      if (category == null) {
        throw file.malformed("impressions", item, "a piece of news in news.tsv");
      }
      int label = impression.charAt(end + 1) - '0';
      rows.add(List.of(user, item, category, label, millis, id, shown.getHour(), history));
    }
  }

  private LocalDateTime parse(String time) {
    try {
      return LocalDateTime.parse(time, TIME);
    } catch (DateTimeParseException e) {
      throw file.malformed("time", time, "a time such as 11/13/2019 8:36:57 AM");
    }
  }

  private static List<String> words(String text) {
    return text.isBlank() ? List.of() : List.of(text.strip().split(" +"));
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
