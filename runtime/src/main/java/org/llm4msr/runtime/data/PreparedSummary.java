package org.llm4msr.runtime.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.FieldRole;

/**
 * What {@code data inspect} tells of prepared data; as JSON by its components, as text by {@link
 * #text}.
 *
 * @param name name of the reader
 * @param key key of settings and sources
 * @param splitRule how the rows were divided
 * @param labelRule how the label was made
 * @param users users, of whom {@code trainingUsers} have a training row
 * @param items items
 * @param parts the three parts
 * @param scenarios each scenario in each part, by rank
 * @param fields the features
 */
public record PreparedSummary(
    String name,
    String key,
    String splitRule,
    String labelRule,
    int users,
    int trainingUsers,
    int items,
    List<Part> parts,
    List<ScenarioPart> scenarios,
    List<FieldPart> fields) {

  /**
   * One part.
   *
   * @param positiveShare positives by rows, or null without rows
   * @param from earliest time (ISO 8601), or null without times
   * @param to latest time
   */
  public record Part(
      String split,
      long rows,
      long positives,
      long negatives,
      @Nullable Double positiveShare,
      @Nullable String from,
      @Nullable String to) {}

  /** One scenario in one part. */
  public record ScenarioPart(
      String scenario,
      String name,
      String split,
      long rows,
      long positives,
      long negatives,
      @Nullable Double positiveShare) {}

  /** One feature: its ids in use with the one out of vocabulary, or mean and deviation. */
  public record FieldPart(
      String name,
      FieldRole role,
      String kind,
      int vocabularySize,
      double mean,
      double deviation) {}

  /**
   * Reads a folder of prepared data once through.
   *
   * @throws org.llm4msr.api.MsrException as {@link PreparedData#open}
   */
  public static PreparedSummary of(Path folder) {
    PreparedFolder data = new PreparedFolder(folder);
    DatasetManifest manifest = data.manifest();
    List<Part> parts = new ArrayList<>();
    List<List<ScenarioPart>> byRank = new ArrayList<>();
    manifest.scenarios().forEach(scenario -> byRank.add(new ArrayList<>()));
    for (Split split : Split.values()) {
      long[][] counts = countLabels(data.reader(split), manifest.scenarios().size());
      parts.add(part(data.reader(split).file(), split, counts));
      for (int rank = 0; rank < counts.length; rank++) {
        byRank.get(rank).add(scenarioPart(manifest.scenarios().get(rank), split, counts[rank]));
      }
    }
    data.close();
    return new PreparedSummary(
        manifest.name(),
        manifest.key(),
        manifest.splitRule(),
        manifest.labelRule(),
        manifest.users(),
        manifest.trainingUsers(),
        manifest.items(),
        parts,
        byRank.stream().flatMap(List::stream).toList(),
        manifest.fields().stream().map(PreparedSummary::fieldPart).toList());
  }

  /** Returns negatives and positives by scenario rank. */
  private static long[][] countLabels(SplitReader reader, int scenarios) {
    long[][] counts = new long[scenarios][2];
    RowOrder order = new RowOrder.Sequential(reader.file());
    long[] picks = new long[ArrowFileSink.BLOCK_ROWS];
    int[] scenario = new int[picks.length];
    float[] label = new float[picks.length];
    for (int count = order.next(picks); count > 0; count = order.next(picks)) {
      reader.gatherLabels(picks, count, scenario, label);
      for (int i = 0; i < count; i++) {
        counts[scenario[i]][(int) label[i]]++;
      }
    }
    return counts;
  }

  private static Part part(ArrowFile file, Split split, long[][] counts) {
    long negatives = 0;
    long positives = 0;
    for (long[] count : counts) {
      negatives += count[0];
      positives += count[1];
    }
    TimeColumn.@Nullable Range range =
        file.has(SplitColumns.TIME) ? new TimeColumn(file, SplitColumns.TIME).range() : null;
    return new Part(
        split.key(),
        negatives + positives,
        positives,
        negatives,
        share(positives, negatives),
        range == null ? null : range.from(),
        range == null ? null : range.to());
  }

  private static ScenarioPart scenarioPart(PreparedScenario scenario, Split split, long[] counts) {
    return new ScenarioPart(
        scenario.key(),
        scenario.name(),
        split.key(),
        counts[0] + counts[1],
        counts[1],
        counts[0],
        share(counts[1], counts[0]));
  }

  private static FieldPart fieldPart(PreparedField field) {
    return new FieldPart(
        field.name(),
        field.role(),
        FieldKinds.name(field.kind()),
        field.vocabularySize(),
        field.mean(),
        field.deviation());
  }

  private static @Nullable Double share(long positives, long negatives) {
    long rows = positives + negatives;
    return rows == 0 ? null : (double) positives / rows;
  }

  /** Returns the summary for a terminal, several lines. */
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append(
        line("%s: %,d users (%,d in training), %,d items", name, users, trainingUsers, items));
    text.append(line("label %s; split %s", labelRule, splitRule)).append('\n');
    text.append(line("%-12s %12s %10s  %s", "part", "rows", "positive", "time"));
    for (Part part : parts) {
      String time = part.from == null ? "" : part.from + " to " + part.to;
      text.append(
          line("%-12s %,12d %10s  %s", part.split, part.rows, percent(part.positiveShare), time));
    }
    text.append('\n');
    text.append(line("%-24s %-12s %12s %10s", "scenario", "part", "rows", "positive"));
    for (ScenarioPart part : scenarios) {
      text.append(
          line(
              "%-24s %-12s %,12d %10s",
              part.name, part.split, part.rows, percent(part.positiveShare)));
    }
    text.append('\n');
    text.append(line("%-24s %-18s %-9s %s", "field", "kind", "role", "ids or mean, deviation"));
    for (FieldPart field : fields) {
      String size =
          field.kind.equals("numeric")
              ? String.format(Locale.ROOT, "%.4g, %.4g", field.mean, field.deviation)
              : String.format(Locale.ROOT, "%,d", field.vocabularySize);
      text.append(line("%-24s %-18s %-9s %s", field.name, field.kind, field.role, size));
    }
    return text.toString();
  }

  private static String line(String format, Object... values) {
    return String.format(Locale.ROOT, format, values).stripTrailing() + "\n";
  }

  private static String percent(@Nullable Double share) {
    return share == null ? "-" : String.format(Locale.ROOT, "%.2f %%", 100 * share);
  }
}
