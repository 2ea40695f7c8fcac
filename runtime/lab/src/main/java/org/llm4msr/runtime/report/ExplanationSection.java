package org.llm4msr.runtime.report;

import java.util.List;
import java.util.stream.Collectors;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.explanation.Explanation;
import org.llm4msr.runtime.explanation.Explanation.Likeness;
import org.llm4msr.runtime.explanation.Explanation.Subject;
import org.llm4msr.runtime.report.ExplanationTables.Part;

/** The last explanation of a run, on its page. */
record ExplanationSection(Explanation explanation) {

  private static final String SHARES =
      "Terms add up to the logit, before calibration. Without a level, rows read what is read where"
          + " there is no vector. The change is that of the logit, as a mean of absolute values; a"
          + " share is a part of the sum of such means, over the terms or over the levels.";

  String html() {
    ExplanationTables tables = new ExplanationTables(explanation);
    StringBuilder html = new StringBuilder(Html.note(tables.levels().text()));
    int number = 0;
    for (Subject subject : explanation.subjects()) {
      String id = "explained-" + number++;
      Part part = tables.subject(subject);
      html.append(
          subject.level() == Level.SCENARIO
              ? Html.details(id, part.title(), content(part))
              : Html.heading(part.title()) + content(part));
    }
    for (Likeness likeness : explanation.likenesses()) {
      html.append(
          new HeatMap(
                  "alike-" + number++,
                  ExplanationTables.title(likeness),
                  tables.scenarioLabels(),
                  likeness.cosines())
              .svg());
    }
    append(tables.watched(), html);
    append(tables.scores(), html);
    return html.append(Html.note(SHARES)).toString();
  }

  private static void append(List<Part> parts, StringBuilder html) {
    parts.forEach(part -> html.append(Html.heading(part.title())).append(content(part)));
  }

  private static String content(Part part) {
    return part.text().lines().map(Html::note).collect(Collectors.joining())
        + (part.rows().isEmpty() ? "" : Html.table(part.headings(), part.rows()));
  }
}
