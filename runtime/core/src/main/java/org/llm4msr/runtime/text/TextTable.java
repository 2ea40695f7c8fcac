package org.llm4msr.runtime.text;

import java.util.List;

/** Tables of a terminal: columns of equal width, two spaces apart. */
public final class TextTable {

  private TextTable() {}

  /** Returns lines of rows; columns whose heading starts with {@code >} are right-aligned. */
  public static String of(List<String> headings, List<List<String>> rows) {
    int[] widths = new int[headings.size()];
    for (int column = 0; column < widths.length; column++) {
      widths[column] = heading(headings.get(column)).length();
      for (List<String> row : rows) {
        widths[column] = Math.max(widths[column], row.get(column).length());
      }
    }
    StringBuilder text = new StringBuilder();
    line(headings.stream().map(TextTable::heading).toList(), headings, widths, text);
    rows.forEach(row -> line(row, headings, widths, text));
    return text.toString();
  }

  private static String heading(String heading) {
    return heading.startsWith(">") ? heading.substring(1) : heading;
  }

  private static void line(
      List<String> cells, List<String> headings, int[] widths, StringBuilder text) {
    StringBuilder line = new StringBuilder();
    for (int column = 0; column < widths.length; column++) {
      String padding = " ".repeat(widths[column] - cells.get(column).length());
      boolean right = headings.get(column).startsWith(">");
      line.append(right ? padding + cells.get(column) : cells.get(column) + padding).append("  ");
    }
    text.append(line.toString().stripTrailing()).append('\n');
  }
}
