package org.llm4msr.runtime.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.experiment.Notice;
import org.llm4msr.runtime.explanation.EpochValues;
import org.llm4msr.runtime.explanation.Explanation;
import org.llm4msr.runtime.explanation.Explanation.ExplainedRow;
import org.llm4msr.runtime.explanation.Explanation.Likeness;
import org.llm4msr.runtime.explanation.Explanation.ReadSequence;
import org.llm4msr.runtime.explanation.Explanation.ScenarioMeans;
import org.llm4msr.runtime.explanation.Explanation.ScenarioName;
import org.llm4msr.runtime.explanation.Explanation.Subject;
import org.llm4msr.runtime.knowledge.extraction.KnowledgeInspection.Neighbour;
import org.llm4msr.runtime.knowledge.extraction.KnowledgeInspection.Neighbourhood;
import org.llm4msr.runtime.terms.ScoreParts;
import org.llm4msr.runtime.text.TextTable;

/** An explanation as texts and tables, for a terminal or a page. */
public final class ExplanationTables {

  /** A square of more scenarios is too wide; the nearest of each are shown instead. */
  private static final int MOST_COLUMNS = 12;

  /** Of a sequence; the file of the explanation has all. */
  private static final int MOST_EVENTS = 5;

  /** Characters of an item's text in a table. */
  private static final int MOST_TEXT = 40;

  private static final String NONE = "-";

  private final Explanation explanation;

  /** Makes the tables of an explanation. */
  public ExplanationTables(Explanation explanation) {
    this.explanation = explanation;
  }

  /**
   * A part.
   *
   * @param text may be empty
   * @param headings those that begin with {@code >} head numbers
   * @param rows may be empty
   */
  public record Part(String title, String text, List<String> headings, List<List<String>> rows) {}

  /** Returns all parts, in the order in which they are read. */
  public List<Part> parts() {
    return Stream.of(
            Stream.of(levels()),
            explanation.subjects().stream().map(this::subject),
            explanation.likenesses().stream().map(this::likeness),
            watched().stream(),
            scores().stream())
        .flatMap(parts -> parts)
        .toList();
  }

  /** Returns all parts, each indented below its title. */
  public String text() {
    StringBuilder text = new StringBuilder();
    for (Part part : parts()) {
      text.append(part.title()).append('\n');
      text.append(part.text().indent(2));
      if (!part.rows().isEmpty()) {
        text.append(TextTable.of(part.headings(), part.rows()).indent(2));
      }
      text.append('\n');
    }
    String marked = Notice.HISTORY.appendedTo(text.toString(), explanation.readsLaterParts());
    return Notice.LEAK.appendedTo(marked, explanation.leakFutureInteractions());
  }

  /** Says what the model reads. */
  Part levels() {
    String title = "Run %s, fusion head %s".formatted(explanation.run(), explanation.head());
    List<Level> read = explanation.levels();
    List<Level> others = Stream.of(Level.values()).filter(level -> !read.contains(level)).toList();
    String text =
        read.isEmpty()
            ? "The model reads no knowledge: its head reads none, and there is"
                + " neither model.itemKnowledge nor model.coldItems."
            : "The model reads the knowledge of %s.".formatted(listed(read))
                + (others.isEmpty()
                    ? ""
                    : " It does not read that of %s.".formatted(listed(others)));
    return new Part(title, text, List.of(), List.of());
  }

  private static String name(Level level) {
    return level.name().toLowerCase(Locale.ROOT);
  }

  private static String plural(Level level) {
    return name(level) + "s";
  }

  private static String listed(List<Level> levels) {
    String joined =
        levels.stream().map(ExplanationTables::plural).collect(Collectors.joining(", "));
    return joined.replaceAll(", (\\w+)$", " and $1");
  }

  /** Shows what is known of a user, scenario or item. */
  Part subject(Subject subject) {
    String title =
        name(subject.level())
            + " "
            + (subject.level() == Level.SCENARIO ? label(subject.key()) : subject.key())
            + (subject.read() ? "" : " (the model does not read this level)");
    Neighbourhood known = subject.knowledge();
    if (known == null) {
      return new Part(
          title,
          "It has no vector, so the model reads what all %s without one share."
              .formatted(plural(subject.level())),
          List.of(),
          List.of());
    }
    boolean answers = known.neighbours().stream().anyMatch(near -> near.generated() != null);
    List<List<String>> rows =
        known.neighbours().stream()
            .map(
                near ->
                    answers
                        ? List.of(number(near.cosine()), near.key(), answer(near))
                        : List.of(number(near.cosine()), near.key()))
            .toList();
    return new Part(
        title,
        text(known),
        answers ? List.of(">cosine", "nearest", "answer") : List.of(">cosine", "nearest"),
        rows);
  }

  private static String text(Neighbourhood known) {
    String answer = known.generated();
    return known.prompt() + (answer == null ? "" : "\n> " + answer.strip());
  }

  private static String answer(Neighbour near) {
    String answer = near.generated();
    return answer == null ? NONE : answer.strip().lines().findFirst().orElse("");
  }

  /** Shows how alike the scenarios are. */
  Part likeness(Likeness likeness) {
    String title = title(likeness);
    List<String> labels = scenarioLabels();
    List<List<String>> rows = new ArrayList<>();
    for (int rank = 0; rank < labels.size(); rank++) {
      List<String> row = new ArrayList<>(List.of(labels.get(rank)));
      List<@Nullable Double> cosines = likeness.cosines().get(rank);
      if (labels.size() <= MOST_COLUMNS) {
        cosines.forEach(cosine -> row.add(number(cosine)));
      } else {
        row.add(nearest(cosines, rank));
      }
      rows.add(row);
    }
    List<String> headings = new ArrayList<>(List.of("scenario"));
    if (labels.size() <= MOST_COLUMNS) {
      labels.forEach(label -> headings.add(">" + label));
    } else {
      headings.add("nearest, with the cosine");
    }
    return new Part(title, "", headings, rows);
  }

  /** Returns the title of a comparison of the scenarios. */
  static String title(Likeness likeness) {
    return String.format(
        Locale.ROOT,
        "Cosines between the scenarios: %s (%,d numbers each)",
        likeness.what(),
        likeness.numbers());
  }

  private String nearest(List<@Nullable Double> cosines, int rank) {
    return IntStream.range(0, cosines.size())
        .filter(other -> other != rank && cosines.get(other) != null)
        .boxed()
        .sorted(Comparator.comparing(cosines::get, Comparator.reverseOrder()))
        .limit(Neighbours.COUNT)
        .map(other -> scenarioLabels().get(other) + " (" + number(cosines.get(other)) + ")")
        .collect(Collectors.joining(", "));
  }

  /** Returns the scenarios by rank: their names, with the keys that options take. */
  List<String> scenarioLabels() {
    return explanation.scenarios().stream().map(ExplanationTables::label).toList();
  }

  private static String label(ScenarioName scenario) {
    return scenario.name().equals(scenario.key())
        ? scenario.key()
        : scenario.name() + " (" + scenario.key() + ")";
  }

  private String label(String key) {
    return explanation.scenarios().stream()
        .filter(scenario -> scenario.key().equals(key))
        .findFirst()
        .map(ExplanationTables::label)
        .orElse(key);
  }

  /** Shows watched parameters by epoch; nothing where the head watches none. */
  List<Part> watched() {
    TreeSet<String> names = new TreeSet<>();
    explanation.watched().forEach(look -> names.addAll(look.values().keySet()));
    if (names.isEmpty()) {
      return List.of();
    }
    List<String> headings = new ArrayList<>(List.of(">epoch", ">step"));
    names.forEach(name -> headings.add(">" + name));
    List<List<String>> rows = new ArrayList<>();
    for (EpochValues look : explanation.watched()) {
      List<String> row = new ArrayList<>();
      row.add(String.valueOf(look.epoch()));
      row.add(String.format(Locale.ROOT, "%,d", look.step()));
      names.forEach(name -> row.add(number(look.values().get(name))));
      rows.add(row);
    }
    return List.of(new Part("Watched parameters", "", headings, rows));
  }

  /** Shows what scores are made of, of single rows and as means. */
  List<Part> scores() {
    if (explanation.means().isEmpty()) {
      return List.of(
          new Part(
              "Scores",
              "The %s part has no such rows. Choose another part with --split, or an item with --item."
                  .formatted(explanation.part()),
              List.of(),
              List.of()));
    }
    List<Part> parts = new ArrayList<>();
    if (!explanation.rows().isEmpty()) {
      List<List<String>> rows = new ArrayList<>();
      for (ExplainedRow row : explanation.rows()) {
        add(label(row), row.parts(), rows);
        row.sequences()
            .forEach(read -> rows.add(List.of("", events(read), NONE, NONE, NONE, NONE)));
      }
      parts.add(part("Scores of user " + explanation.rows().get(0).user(), "row", rows));
    }
    if (explanation.part() != null) {
      List<List<String>> rows = new ArrayList<>();
      explanation.means().forEach(means -> add(label(means), means.parts(), rows));
      parts.add(part("Means over rows of the %s part".formatted(explanation.part()), "of", rows));
    }
    return parts;
  }

  private Part part(String title, String heading, List<List<String>> rows) {
    boolean tells = explanation.means().stream().anyMatch(mean -> !mean.parts().terms().isEmpty());
    String text =
        "Scores are calibrated, logits are not."
            + (tells
                ? ""
                : " The head %s names no terms of its logit.".formatted(explanation.head()));
    return new Part(
        title, text, List.of(heading, "what", ">score", ">logit", ">change", ">share"), rows);
  }

  private String label(ExplainedRow row) {
    String item = row.item() == null ? "" : ", item " + item(row.item());
    return label(row.scenario()) + item + (row.label() == null ? "" : ", label " + row.label());
  }

  private String label(ScenarioMeans means) {
    String scenario = means.scenario();
    long rows = means.parts().rows();
    return String.format(
        Locale.ROOT,
        rows == 1 ? "%s, %,d row" : "%s, %,d rows",
        scenario == null ? "overall" : label(scenario),
        rows);
  }

  private static void add(String label, ScoreParts parts, List<List<String>> rows) {
    rows.add(List.of(label, "the model", number(parts.score()), number(parts.logit()), NONE, NONE));
    for (ScoreParts.Term term : parts.terms()) {
      rows.add(
          List.of(
              "", "of it " + term.name(), NONE, number(term.value()), NONE, share(term.share())));
    }
    parts.without().forEach(without -> add("without ", without, rows));
    for (ScoreParts.LabelParts further : parts.labels()) {
      String name = "label " + further.label();
      rows.add(List.of("", name, number(further.score()), number(further.logit()), NONE, NONE));
      further.without().forEach(without -> add(name + " without ", without, rows));
    }
  }

  private static void add(String what, ScoreParts.Without without, List<List<String>> rows) {
    rows.add(
        List.of(
            "",
            what + without.levels(),
            number(without.score()),
            number(without.logit()),
            number(without.change()),
            share(without.share())));
  }

  /** Returns an item's raw id, and the begin of its text. */
  private String item(String key) {
    String text = explanation.items().get(key);
    if (text == null) {
      return key;
    }
    String line = text.strip().lines().findFirst().orElse("");
    return "%s (%s)"
        .formatted(key, line.length() > MOST_TEXT ? line.substring(0, MOST_TEXT) + "..." : line);
  }

  private String events(ReadSequence read) {
    int count = read.values().size();
    if (count == 0) {
      return read.name() + ": no events";
    }
    String newest =
        read.values().stream()
            .limit(MOST_EVENTS)
            .map(value -> read.ofItems() ? item(value) : value)
            .collect(Collectors.joining(", ", ": ", ""));
    int others = count - MOST_EVENTS;
    return read.name() + newest + (others > 0 ? " and %d earlier".formatted(others) : "");
  }

  private static String share(@Nullable Double share) {
    return share == null ? NONE : String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }

  private static String number(@Nullable Double value) {
    return value == null ? NONE : String.format(Locale.ROOT, "%.4f", value);
  }
}
