package org.llm4msr.runtime.report;

import com.samskivert.mustache.Escapers;
import java.util.List;

/** Pieces of pages, well-formed as XML. Texts are escaped. */
public final class Html {

  private Html() {}

  /** Returns a text escaped for use between tags and in attributes. */
  public static String escape(String text) {
    return Escapers.HTML.escape(text);
  }

  /** Returns a heading within a section. */
  static String heading(String text) {
    return "<h3>" + escape(text) + "</h3>\n";
  }

  /** Returns a paragraph. */
  public static String note(String text) {
    return "<p>" + escape(text) + "</p>\n";
  }

  /**
   * Returns a table.
   *
   * @param headings those that begin with {@code >} head numbers
   */
  public static String table(List<String> headings, List<List<String>> rows) {
    StringBuilder html = new StringBuilder("<div class=\"scroll\"><table><thead><tr>");
    for (String heading : headings) {
      html.append(cell("th", heading, isNumber(heading)));
    }
    html.append("</tr></thead><tbody>\n");
    for (List<String> row : rows) {
      html.append("<tr>");
      for (int i = 0; i < row.size(); i++) {
        html.append(cell("td", row.get(i), isNumber(headings.get(i))));
      }
      html.append("</tr>\n");
    }
    return html.append("</tbody></table></div>\n").toString();
  }

  private static boolean isNumber(String heading) {
    return heading.startsWith(">");
  }

  private static String cell(String tag, String text, boolean number) {
    String shown = number && tag.equals("th") ? text.substring(1) : text;
    String label = number ? "" : " class=\"label\"";
    return "<" + tag + label + ">" + escape(shown) + "</" + tag + ">";
  }

  /** Returns content that is shown on demand. */
  public static String details(String id, String summary, String html) {
    return "<details id=\"%s\"><summary>%s</summary>\n%s</details>\n"
        .formatted(escape(id), escape(summary), html);
  }

  /** Returns a text with its line breaks. */
  public static String pre(String text) {
    return "<pre>" + escape(text) + "</pre>\n";
  }
}
