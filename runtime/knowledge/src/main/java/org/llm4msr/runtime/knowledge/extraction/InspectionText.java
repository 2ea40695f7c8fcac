package org.llm4msr.runtime.knowledge.extraction;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.knowledge.store.StoreInfo;
import org.llm4msr.runtime.knowledge.store.Without;
import org.llm4msr.runtime.text.TextTable;

/** What an inspection found, in words. */
final class InspectionText {

  private InspectionText() {}

  static String of(KnowledgeInspection.Neighbourhood nearest) {
    StringBuilder text = new StringBuilder(nearest.key()).append('\n');
    append(nearest.prompt(), nearest.generated(), text);
    for (KnowledgeInspection.Neighbour near : nearest.neighbours()) {
      text.append(String.format(Locale.ROOT, "%.3f  %s%n", near.cosine(), near.key()));
      append(near.prompt(), near.generated(), text);
    }
    return text.toString();
  }

  private static void append(String prompt, @Nullable String generated, StringBuilder text) {
    text.append("    ").append(prompt).append('\n');
    if (generated != null) {
      text.append("  > ").append(generated.strip().replace("\n", "\n    ")).append('\n');
    }
  }

  static String of(KnowledgeInspection.Summary summary) {
    StoreInfo info = summary.info();
    String head =
        "%s (%s), K = %d, %s%n"
            .formatted(
                info.encoder().model(),
                info.encoder().revision(),
                info.encoder().dimension(),
                info.complete() ? "complete" : "not complete: extract resumes where it stopped");
    List<String> headings =
        List.of("level", ">vectors", ">norm", ">tokens", ">mean cosine", ">shortened", ">dropped");
    return head
        + TextTable.of(
            headings,
            List.of(
                row("scenario", summary.scenarios()),
                row("user", summary.users()),
                row("item", summary.items())))
        + without("users", info.usersWithout())
        + without("items", info.itemsWithout());
  }

  private static String without(String level, @Nullable Without without) {
    return without == null ? "" : Counts.of(without).withoutVector(level);
  }

  private static List<String> row(String level, KnowledgeInspection.LevelSummary summary) {
    return List.of(
        level,
        String.format(Locale.ROOT, "%,d", summary.count()),
        range(summary.norm(), "%.2f"),
        range(summary.tokens(), "%.0f"),
        String.format(Locale.ROOT, "%.3f", summary.meanCosine()),
        String.format(Locale.ROOT, "%,d", summary.shortened()),
        String.format(Locale.ROOT, "%,d", summary.droppedHistory()));
  }

  private static String range(KnowledgeInspection.Range range, String form) {
    return String.format(
        Locale.ROOT, form + " / " + form + " / " + form, range.min(), range.mean(), range.max());
  }
}
