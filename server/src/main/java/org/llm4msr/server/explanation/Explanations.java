package org.llm4msr.server.explanation;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.data.rows.RowValue;
import org.llm4msr.runtime.terms.ScoreParts;
import org.llm4msr.server.ranking.Origins;
import org.llm4msr.server.ranking.SourceReport;
import org.llm4msr.serving.ranker.RankExplanation;

/**
 * Explanations as trees of maps, lists, texts and numbers, which all transports send alike. What is
 * null is left out.
 */
public final class Explanations {

  private static final String LOGIT = "logit";
  private static final String PROBABILITY = "probability";
  private static final String SHARE = "share";

  /** The origin of a value that a source of features gave. */
  private static final String SOURCE = "SOURCE";

  private Explanations() {}

  /**
   * Returns what is told of all items at once.
   *
   * @param origins which values a source gave; null where there is no source
   */
  public static Map<String, Object> ofAll(RankExplanation explanation, @Nullable Origins origins) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("head", explanation.head());
    tree.put("digest", explanation.digest());
    Set<String> fetched = origins == null ? Set.of() : origins.context();
    add(tree, explanation.shared(), fetched, Set.of());
    if (origins != null) {
      tree.put("source", source(origins.source()));
    }
    return tree;
  }

  private static Map<String, Object> source(SourceReport report) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("outcome", report.outcome());
    addKnown(tree, "code", report.code());
    addKnown(tree, "message", report.message());
    return tree;
  }

  /**
   * Returns what is told of an item that was scored.
   *
   * @param origins which values a source gave; null where there is no source
   */
  public static Map<String, Object> ofItem(
      RankExplanation explanation, int place, @Nullable Origins origins) {
    RankExplanation.ItemPart item = requireNonNull(explanation.items().get(place));
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put(LOGIT, item.score().logit());
    tree.put(PROBABILITY, item.score().score());
    tree.put("terms", item.score().terms().stream().map(Explanations::term).toList());
    tree.put("without", item.score().without().stream().map(Explanations::without).toList());
    if (!item.score().labels().isEmpty()) {
      tree.put("labels", item.score().labels().stream().map(Explanations::label).toList());
    }
    Set<String> fetched = origins == null ? Set.of() : origins.context();
    Set<String> ofItem = origins == null ? Set.of() : origins.ofItem(place);
    add(tree, item.read(), fetched, ofItem);
    return tree;
  }

  private static void add(
      Map<String, Object> tree,
      RankExplanation.Part part,
      Set<String> ofContext,
      Set<String> ofItem) {
    tree.put(
        "values", part.values().stream().map(value -> value(value, ofContext, ofItem)).toList());
    List<Map<String, Object>> vectors = new ArrayList<>();
    for (RankExplanation.Vector vector : part.knowledge()) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("level", vector.level().name().toLowerCase(Locale.ROOT));
      one.put("origin", vector.origin().name());
      vectors.add(one);
    }
    tree.put("knowledge", vectors);
  }

  private static Map<String, Object> value(
      RowValue value, Set<String> ofContext, Set<String> ofItem) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("column", value.column().name());
    addKnown(tree, "value", value.value());
    RowValue.Origin origin = value.origin();
    boolean isFetched =
        (origin == RowValue.Origin.CONTEXT && ofContext.contains(value.column().name()))
            || (origin == RowValue.Origin.ITEM && ofItem.contains(value.column().name()));
    addKnown(tree, "origin", isFetched ? SOURCE : origin == null ? null : origin.name());
    tree.put("state", value.state().name());
    return tree;
  }

  private static Map<String, Object> term(ScoreParts.Term term) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("name", term.name());
    tree.put(LOGIT, term.value());
    addKnown(tree, SHARE, term.share());
    return tree;
  }

  private static Map<String, Object> label(ScoreParts.LabelParts label) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("label", label.label());
    tree.put(LOGIT, label.logit());
    tree.put(PROBABILITY, label.score());
    tree.put("without", label.without().stream().map(Explanations::without).toList());
    return tree;
  }

  private static Map<String, Object> without(ScoreParts.Without without) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("levels", without.levels());
    tree.put(LOGIT, without.logit());
    tree.put(PROBABILITY, without.score());
    tree.put("change", without.change());
    addKnown(tree, SHARE, without.share());
    return tree;
  }

  private static void addKnown(Map<String, Object> tree, String key, @Nullable Object value) {
    if (value != null) {
      tree.put(key, value);
    }
  }
}
