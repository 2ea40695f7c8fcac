package org.llm4msr.runtime.compare;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.compare.TuningResult.Trial;
import org.llm4msr.runtime.config.loading.LoadedConfig;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.files.FileErrors;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.representer.Representer;

/** Writes a search: its trials, the table of its last round, and the best as a configuration. */
public final class TuningWriter {

  private static final String WORKSPACE = "workspace";
  private static final String PATH = "dataset.path";

  private final TuningResult result;

  /** Makes a writer. */
  public TuningWriter(TuningResult result) {
    this.result = result;
  }

  /**
   * Writes {@code trials.csv}, {@code best.yaml}, {@code tuning.json} and the tables of {@link
   * TableWriter}.
   *
   * @param experiment the one that was searched, which {@code best.yaml} extends
   */
  public void writeAll(Path folder, LoadedConfig experiment) {
    try {
      Files.createDirectories(folder);
      new TableWriter(result.last()).writeAll(folder);
      write(folder.resolve("trials.csv"), csv());
      write(folder.resolve("tuning.json"), json().toPrettyString() + "\n");
      write(folder.resolve("best.yaml"), best(folder, experiment));
    } catch (IOException e) {
      throw new MsrException(
          ErrorType.RESOURCES,
          "tune/RESULTS",
          "The results cannot be written to %s: %s. Make room, or choose another folder with --out DIR."
              .formatted(folder, FileErrors.reason(e)),
          e);
    }
  }

  /** Returns the search as its file has it. */
  public JsonNode json() {
    return TableWriter.json(result, result.last().measure());
  }

  private static void write(Path file, String text) throws IOException {
    DurableFiles.write(file, text.getBytes(UTF_8));
  }

  /** Returns all trials, the best first, and the best settings below. */
  public String markdown() {
    StringBuilder text = new StringBuilder();
    List<String> headings = new ArrayList<>(List.of("trial"));
    headings.addAll(result.keys());
    headings.addAll(
        List.of(
            "epochs",
            "validation " + result.last().measure().title() + result.last().measured().phrase()));
    row(text, headings);
    row(text, headings.stream().map(heading -> "---").toList());
    for (Trial trial : result.trials()) {
      List<String> cells = new ArrayList<>(List.of(Integer.toString(trial.number())));
      cells.addAll(values(trial));
      cells.add(Integer.toString(trial.epochs()));
      cells.add(trial.value() == null ? "failed" : CellFormat.value(trial.value()));
      row(text, cells);
    }
    text.append('\n');
    if (result.outOfTime()) {
      text.append("Time ran out before everything was tried.\n");
    }
    String improving = CellFormat.stillImproving(result.last().models());
    text.append(improving.isEmpty() ? "" : improving + "\n");
    text.append(
        result.best().isEmpty()
            ? "Nothing was better than the experiment as it is.\n"
            : "Best: " + String.join(" ", result.best()) + "\n");
    return text.toString();
  }

  private List<String> values(Trial trial) {
    return trial.values().isEmpty()
        ? result.keys().stream().map(key -> Tuning.UNCHANGED).toList()
        : trial.values();
  }

  private static void row(StringBuilder text, List<String> cells) {
    text.append("| ").append(String.join(" | ", cells)).append(" |\n");
  }

  private String csv() throws IOException {
    List<String> header = new ArrayList<>(List.of("trial"));
    header.addAll(result.keys());
    header.addAll(List.of("round", "epochs", result.last().measure().name(), "label"));
    CSVFormat format =
        CSVFormat.RFC4180
            .builder()
            .setHeader(header.toArray(String[]::new))
            .setRecordSeparator('\n')
            .get();
    StringWriter text = new StringWriter();
    try (CSVPrinter csv = new CSVPrinter(text, format)) {
      for (Trial trial : result.trials()) {
        List<@Nullable Object> values = new ArrayList<>(List.of(trial.number()));
        values.addAll(values(trial));
        values.add(trial.round());
        values.add(trial.epochs());
        values.add(trial.value());
        values.add(result.last().label());
        csv.printRecord(values);
      }
    }
    return text.toString();
  }

  /** The folder is not that of the experiment, against which relative paths are resolved. */
  String best(Path folder, LoadedConfig experiment) {
    Map<String, Object> root = new LinkedHashMap<>();
    Path file = experiment.file().toAbsolutePath().normalize();
    root.put("extends", folder.toAbsolutePath().normalize().relativize(file).toString());
    set(root, WORKSPACE, path(experiment, experiment.config().workspace()));
    set(root, PATH, path(experiment, experiment.config().dataset().path()));
    DumperOptions options = new DumperOptions();
    options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
    Yaml yaml =
        new Yaml(new SafeConstructor(new LoaderOptions()), new NodesAsTheyAre(options), options);
    StringBuilder elements = new StringBuilder();
    for (String setting : result.overrides()) {
      int equals = setting.indexOf('=');
      String key = setting.substring(0, equals);
      if (key.contains("[")) {
        elements.append(" -D").append(setting.replace('\n', ' '));
        continue;
      }
      Object value = value(yaml.compose(new StringReader(setting.substring(equals + 1))));
      boolean path = key.equals(WORKSPACE) || key.equals(PATH);
      set(
          root,
          key,
          path && value instanceof ScalarNode text ? path(experiment, text.getValue()) : value);
    }
    String more = elements.isEmpty() ? "" : " No file sets elements of a list; add" + elements;
    return "# The best of a search, by the validation part%s."
            .formatted(result.last().measured().phrase())
        + more
        + "\n"
        + yaml.dump(root);
  }

  /** Texts and numbers stay as written, as a configuration reads them. */
  private static @Nullable Object value(@Nullable Node node) {
    if (node == null || node.getTag().equals(Tag.NULL)) {
      return null;
    }
    if (!(node instanceof MappingNode mapping)) {
      return node;
    }
    Map<String, Object> values = new LinkedHashMap<>();
    for (NodeTuple tuple : mapping.getValue()) {
      values.put(((ScalarNode) tuple.getKeyNode()).getValue(), value(tuple.getValueNode()));
    }
    return values;
  }

  /** Writes nodes among other values. */
  private static final class NodesAsTheyAre extends Representer {
    NodesAsTheyAre(DumperOptions options) {
      super(options);
      multiRepresenters.put(Node.class, node -> (Node) node);
    }
  }

  private static String path(LoadedConfig experiment, String path) {
    return experiment.base().resolve(path).normalize().toString();
  }

  @SuppressWarnings("unchecked") // Maps are made only here.
  private static void set(Map<String, Object> root, String key, @Nullable Object value) {
    String[] parts = key.split("\\.");
    Map<String, Object> map = root;
    for (int i = 0; i < parts.length - 1; i++) {
      Object inner = map.get(parts[i]);
      if (!(inner instanceof Map)) {
        inner = inner == null ? new LinkedHashMap<>() : new LinkedHashMap<>(Map.of("name", inner));
        map.put(parts[i], inner);
      }
      map = (Map<String, Object>) inner;
    }
    put(map, parts[parts.length - 1], value);
  }

  /** Mappings are merged, as when a configuration is read. */
  @SuppressWarnings("unchecked") // As above.
  private static void put(Map<String, Object> map, String key, @Nullable Object value) {
    if (map.get(key) instanceof Map<?, ?> there && value instanceof Map<?, ?> more) {
      more.forEach(
          (inner, inserted) -> put((Map<String, Object>) there, inner.toString(), inserted));
    } else {
      map.put(key, value);
    }
  }
}
