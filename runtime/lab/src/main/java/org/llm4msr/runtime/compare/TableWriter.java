package org.llm4msr.runtime.compare;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.samskivert.mustache.Mustache;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.compare.ComparisonResult.Column;
import org.llm4msr.runtime.compare.ComparisonResult.Difference;
import org.llm4msr.runtime.compare.ComparisonResult.Model;
import org.llm4msr.runtime.compare.ComparisonResult.Rest;
import org.llm4msr.runtime.compare.ComparisonResult.Score;
import org.llm4msr.runtime.evaluation.Metrics;
import org.llm4msr.runtime.experiment.Notice;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.files.FileErrors;
import org.llm4msr.runtime.report.Html;
import org.llm4msr.runtime.report.Page;

/** Writes a comparison as Markdown, CSV, LaTeX, HTML and JSON. */
public final class TableWriter {

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final ComparisonResult result;

  /** Makes a writer. */
  public TableWriter(ComparisonResult result) {
    this.result = result;
  }

  /**
   * Writes {@code table.md}, {@code table.csv}, {@code table.tex}, {@code report.html} and {@code
   * comparison.json}.
   */
  public void writeAll(Path folder) {
    try {
      Files.createDirectories(folder);
      write(folder, "table.md", markdown());
      write(folder, "table.csv", csv());
      write(folder, "table.tex", latex());
      write(folder, "comparison.json", JSON.writeValueAsString(json()) + "\n");
      new ComparisonPage(result).page(html(), controls()).write(folder.resolve(Page.FILE));
    } catch (IOException e) {
      throw new MsrException(
          ErrorType.RESOURCES,
          "compare/TABLES",
          "The tables cannot be written to %s: %s. Make room, or choose another folder with --out DIR."
              .formatted(folder, FileErrors.reason(e)),
          e);
    }
  }

  /** Returns the comparison as its file has it. */
  public JsonNode json() {
    return json(result, result.measure());
  }

  /** Returns a result in which values and p-values have the names of metric and test. */
  static JsonNode json(Object result, Measure measure) {
    JsonNode tree = JSON.valueToTree(result);
    rename(tree, "value", measure.name());
    rename(tree, "sameRows", measure.test());
    return tree;
  }

  private static void rename(JsonNode tree, String from, String to) {
    for (JsonNode node : tree.findParents(from)) {
      ObjectNode parent = (ObjectNode) node;
      parent.set(to, parent.remove(from));
    }
  }

  private static void write(Path folder, String name, String text) throws IOException {
    DurableFiles.write(folder.resolve(name), text.getBytes(UTF_8));
  }

  /**
   * One table: that of the scenarios or, with a title, that of slices.
   *
   * @param scores by model, then by column
   */
  private record Block(
      String slicing, String title, List<Column> columns, List<List<Score>> scores) {

    String heading(Column column) {
      return title.isEmpty()
          ? column.name()
          : String.format(Locale.ROOT, "%s (%,d rows)", column.name(), column.rows());
    }
  }

  private List<Block> blocks() {
    List<List<Score>> scores = result.models().stream().map(Model::scores).toList();
    return Stream.concat(
            Stream.of(new Block("", "", result.columns(), scores)),
            result.slices().stream()
                .map(
                    s ->
                        new Block(
                            s.name(),
                            result.measure().title() + " by " + s.title(),
                            s.columns(),
                            s.scores())))
        .toList();
  }

  private Stream<String> headings(Block block) {
    return Stream.concat(result.axes().stream(), block.columns().stream().map(block::heading));
  }

  /** Returns tables for text files, with their legend below. */
  public String markdown() {
    StringBuilder text = new StringBuilder();
    for (Block block : blocks()) {
      text.append(block.title().isEmpty() ? "" : "\n" + block.title() + ":\n\n");
      rows(text, block, i -> true, TableWriter::markdown);
      differences(text, block);
      rests(text, block);
    }
    text.append('\n').append(CellFormat.legend(result, true)).append('\n');
    controls(text);
    remarks().forEach(remark -> text.append("\n" + remark + "\n"));
    text.append(CellFormat.failed(result.failures()));
    String marked =
        Notice.HISTORY.appendedTo(text.toString().stripTrailing(), result.readsLaterParts());
    return Notice.LEAK.appendedTo(marked.stripTrailing(), result.leakFutureInteractions()) + "\n";
  }

  private void controls(StringBuilder text) {
    if (!result.controls().isEmpty()) {
      text.append('\n').append(Controls.explanation(result.controls())).append("\n\n");
      result
          .controls()
          .forEach(kind -> text.append("- ").append(Controls.explanation(kind)).append('\n'));
    }
  }

  /** Returns what users should do about the models. */
  private List<String> remarks() {
    return Stream.of(
            Controls.missing(result.uncontrolled()), CellFormat.stillImproving(result.models()))
        .filter(remark -> !remark.isEmpty())
        .toList();
  }

  /**
   * Writes a table.
   *
   * @param shown which models it has
   */
  private void rows(
      StringBuilder text, Block block, IntPredicate shown, Function<Score, String> cell) {
    row(text, headings(block).map(TableWriter::escaped));
    row(text, headings(block).map(heading -> "---"));
    for (int model = 0; model < result.models().size(); model++) {
      if (shown.test(model)) {
        row(
            text,
            Stream.concat(
                result.models().get(model).labels().stream().map(TableWriter::escaped),
                block.scores().get(model).stream().map(cell)));
      }
    }
  }

  private void differences(StringBuilder text, Block block) {
    IntPredicate compared =
        model -> block.scores().get(model).stream().anyMatch(TableWriter::hasInterval);
    if (IntStream.range(0, result.models().size()).anyMatch(compared)) {
      text.append("\nDifference from the first of its group, 95 % interval:\n\n");
      rows(text, block, compared, TableWriter::difference);
    }
  }

  private void rests(StringBuilder text, Block block) {
    IntPredicate controls =
        model -> block.scores().get(model).stream().anyMatch(score -> score.rest() != null);
    if (IntStream.range(0, result.models().size()).anyMatch(controls)) {
      text.append('\n').append(rest()).append(":\n\n");
      rows(text, block, controls, TableWriter::rest);
    }
  }

  private String rest() {
    return "Knowledge: %s beyond that of the control; and the share of the gain that the control reaches as well. Both with 95 %% intervals"
        .formatted(result.measure().title());
  }

  private static String rest(Score score) {
    Rest rest = score.rest();
    return rest == null
        ? CellFormat.NONE
        : CellFormat.interval(rest.knowledge(), rest.low(), rest.high())
            + "; "
            + CellFormat.share(rest);
  }

  private static boolean hasInterval(Score score) {
    return score.difference() != null && score.difference().low() != null;
  }

  private static String difference(Score score) {
    Difference difference = score.difference();
    return difference == null || difference.low() == null
        ? CellFormat.NONE
        : CellFormat.interval(difference.mean(), difference.low(), difference.high());
  }

  private static String escaped(String text) {
    return text.replace("|", "\\|");
  }

  private static void row(StringBuilder text, Stream<String> cells) {
    text.append(cells.collect(Collectors.joining(" | ", "| ", " |"))).append('\n');
  }

  private static String markdown(Score score) {
    String value = CellFormat.value(score.value());
    String marked =
        (score.best() ? "**" + value + "**" : value)
            + (CellFormat.isSignificant(score) ? "\\*" : "");
    return score.deviation() == null
        ? marked
        : marked + " (" + CellFormat.value(score.deviation()) + ")";
  }

  /**
   * Returns one line per model and column, slices last, with unrounded figures; missing ones are
   * empty.
   */
  public String csv() {
    List<String> header = new ArrayList<>(result.axes());
    Collections.addAll(
        header,
        "scenario",
        "rows",
        "part",
        "seeds",
        result.measure().name(),
        "deviation",
        "best",
        "difference",
        "low",
        "high",
        "pTTest",
        "p" + result.measure().testInNames(),
        "significant",
        "knowledge",
        "knowledgeLow",
        "knowledgeHigh",
        "share",
        "shareLow",
        "shareHigh",
        "stillImproving",
        "trainingSeconds",
        "slicing",
        "slice",
        "label");
    StringWriter text = new StringWriter();
    CSVFormat format =
        CSVFormat.RFC4180
            .builder()
            .setHeader(header.toArray(String[]::new))
            .setRecordSeparator('\n')
            .get();
    try (CSVPrinter csv = new CSVPrinter(text, format)) {
      for (Block block : blocks()) {
        for (int model = 0; model < result.models().size(); model++) {
          for (int column = 0; column < block.columns().size(); column++) {
            csv.printRecord(record(block, model, column));
          }
        }
      }
    } catch (IOException e) {
      throw new IllegalStateException("a string takes every text", e);
    }
    return text.toString();
  }

  private List<@Nullable Object> record(Block block, int number, int column) {
    Model model = result.models().get(number);
    Score score = block.scores().get(number).get(column);
    String name = block.columns().get(column).name();
    boolean sliced = !block.slicing().isEmpty();
    Difference difference = score.difference();
    List<@Nullable Object> values = new ArrayList<>(model.labels());
    values.addAll(
        Arrays.asList(
            sliced ? Metrics.OVERALL : name,
            block.columns().get(column).rows(),
            result.part(),
            score.seeds(),
            score.value(),
            score.deviation(),
            score.best()));
    values.addAll(
        difference == null
            ? Collections.nCopies(6, null)
            : Arrays.asList(
                difference.mean(),
                difference.low(),
                difference.high(),
                difference.tTest(),
                difference.sameRows(),
                difference.significant()));
    Rest rest = score.rest();
    values.addAll(
        rest == null
            ? Collections.nCopies(6, null)
            : Arrays.asList(
                rest.knowledge(),
                rest.low(),
                rest.high(),
                rest.share(),
                rest.shareLow(),
                rest.shareHigh()));
    values.add(model.stillImproving());
    values.add(model.seconds());
    values.add(sliced ? block.slicing() : null);
    values.add(sliced ? name : null);
    values.add(result.label());
    return values;
  }

  /** Returns tables for papers; they need the package booktabs. */
  public String latex() {
    StringBuilder text = new StringBuilder();
    text.append("% ").append(CellFormat.legend(result, false)).append('\n');
    result.notices().forEach(notice -> text.append("% NOTE: ").append(notice).append('\n'));
    blocks().forEach(block -> latex(text, block));
    return text.toString();
  }

  private void latex(StringBuilder text, Block block) {
    text.append(block.title().isEmpty() ? "" : "\n% " + block.title() + "\n");
    text.append("\\begin{tabular}{")
        .append("l".repeat(result.axes().size()))
        .append("r".repeat(block.columns().size()))
        .append("}\n\\toprule\n");
    line(text, headings(block).map(TableWriter::tex));
    List<String> group = null;
    for (int i = 0; i < result.models().size(); i++) {
      Model model = result.models().get(i);
      if (!model.group().equals(group)) {
        text.append("\\midrule\n");
        group = model.group();
      }
      line(
          text,
          Stream.concat(
              model.labels().stream().map(TableWriter::tex),
              block.scores().get(i).stream().map(TableWriter::latex)));
    }
    text.append("\\bottomrule\n\\end{tabular}\n");
  }

  private static void line(StringBuilder text, Stream<String> cells) {
    text.append(cells.collect(Collectors.joining(" & "))).append(" \\\\\n");
  }

  private static String latex(Score score) {
    String value = CellFormat.value(score.value());
    return (score.best() ? "\\textbf{" + value + "}" : value)
        + (CellFormat.isSignificant(score) ? "$^{*}$" : "");
  }

  private static String tex(String text) {
    return text.codePoints().mapToObj(TableWriter::tex).collect(Collectors.joining());
  }

  private static String tex(int character) {
    return switch (character) {
      case '\\' -> "\\textbackslash{}";
      case '^' -> "\\textasciicircum{}";
      case '~' -> "\\textasciitilde{}";
      case '&', '%', '$', '#', '_', '{', '}' -> "\\" + Character.toString(character);
      default -> Character.toString(character);
    };
  }

  /** Returns how to read the controls, with what they leave of each gain; empty without any. */
  private String controls() {
    if (result.controls().isEmpty()) {
      return "";
    }
    StringBuilder html = new StringBuilder(Html.note(Controls.explanation(result.controls())));
    result.controls().forEach(kind -> html.append(Html.note(Controls.explanation(kind))));
    for (Block block : blocks()) {
      List<List<String>> rows = new ArrayList<>();
      for (int model = 0; model < result.models().size(); model++) {
        List<Score> scores = block.scores().get(model);
        if (scores.stream().anyMatch(score -> score.rest() != null)) {
          rows.add(
              Stream.concat(
                      result.models().get(model).labels().stream(),
                      scores.stream().map(TableWriter::rest))
                  .toList());
        }
      }
      if (!rows.isEmpty()) {
        html.append(Html.note((block.title().isEmpty() ? "" : block.title() + ". ") + rest() + "."))
            .append(Html.table(numbered(block), rows));
      }
    }
    return html.toString();
  }

  private List<String> numbered(Block block) {
    return Stream.concat(
            result.axes().stream(), block.columns().stream().map(c -> ">" + block.heading(c)))
        .toList();
  }

  private String html() throws IOException {
    try (InputStream in = TableWriter.class.getResourceAsStream("table.html")) {
      if (in == null) {
        throw new IllegalStateException("table.html is not beside its class");
      }
      String template = new String(in.readAllBytes(), UTF_8);
      return Mustache.compiler().emptyStringIsFalse(true).compile(template).execute(page());
    }
  }

  private Map<String, Object> page() {
    return Map.of(
        "axes", result.axes(),
        "tables", blocks().stream().map(this::table).toList(),
        "legend", CellFormat.legend(result, true),
        "remarks", remarks(),
        "failures", result.failures());
  }

  private Map<String, Object> table(Block block) {
    List<Map<String, Object>> models = new ArrayList<>();
    for (Model model : result.models()) {
      models.add(
          Map.of(
              "baseline", model.baseline(),
              "labels", model.labels(),
              "scores", block.scores().get(models.size()).stream().map(this::cell).toList(),
              "seconds", CellFormat.seconds(model.seconds())));
    }
    return Map.of(
        "title", block.title(),
        "first", block.title().isEmpty(),
        "columns", block.columns(),
        "models", models);
  }

  private Map<String, Object> cell(Score score) {
    Difference difference = score.difference();
    String title =
        difference == null
            ? ""
            : "difference %s, 95 %% interval %s to %s, t-test p %s, %s p %s"
                .formatted(
                    CellFormat.value(difference.mean()),
                    CellFormat.value(difference.low()),
                    CellFormat.value(difference.high()),
                    CellFormat.p(difference.tTest()),
                    result.measure().testInNames(),
                    CellFormat.p(difference.sameRows()));
    return Map.of(
        "value", CellFormat.value(score.value()),
        "deviation", score.deviation() == null ? "" : CellFormat.value(score.deviation()),
        "best", score.best(),
        "significant", CellFormat.isSignificant(score),
        "title", title);
  }
}
