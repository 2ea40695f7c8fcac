package org.llm4msr.runtime.cluster;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.LogFiles;
import org.llm4msr.runtime.data.nodes.RowNodes;
import org.llm4msr.runtime.data.prepared.DatasetManifest;

/**
 * Nodes of a cluster, called through types of the JDK. Each call has {@code do}, the method of
 * {@link RowNodes}, and its arguments by name; paths are texts.
 */
final class CalledNodes implements RowNodes {

  private static final Pattern ELSEWHERE =
      Pattern.compile("table:.+|.*://.*|.*\\.orc", Pattern.CASE_INSENSITIVE);

  private final Function<Object, Object> nodes;
  private final long partRows;
  private final Path folder;
  private final Path plan;

  /** The files of the log: {@code path}, {@code name}, {@code part} and {@code kind} each. */
  private final List<Map<String, Object>> files = new ArrayList<>();

  /** Those that the reader of this machine gets, by part. */
  private final Map<String, List<String>> samples = new LinkedHashMap<>();

  /** What samples stand for. */
  private final Map<Path, List<DatasetManifest.Source>> sources = new HashMap<>();

  /**
   * Makes them, and finds the log.
   *
   * @param settings with {@code nodes} and {@code partRows}
   * @param log the files that are read: also URLs, ORC, and {@code table:NAME} of the catalogue
   * @param folder of the raw files
   * @param plan the folder with the configuration for nodes
   */
  @SuppressWarnings("unchecked") // What is called with types of the JDK alone has this one.
  CalledNodes(Settings settings, LogFiles log, Path folder, Path plan) {
    nodes = (Function<Object, Object>) settings.required("nodes");
    partRows = settings.number("partRows").longValue();
    this.folder = folder;
    this.plan = plan;
    log.logFiles().forEach((part, names) -> names.forEach(name -> find(log, part, name)));
  }

  private void find(LogFiles log, String part, String name) {
    List<String> ofPart = samples.computeIfAbsent(part, key -> new ArrayList<>());
    if (!ELSEWHERE.matcher(name).matches()) {
      String path = folder.resolve(name).toAbsolutePath().normalize().toString();
      ofPart.add(path);
      files.add(file(path, path, part, log.hasLines(name) ? "LINES" : "WHOLE"));
      return;
    }
    boolean isTable = name.startsWith("table:");
    boolean isOrc = name.toLowerCase(Locale.ROOT).endsWith(".orc");
    boolean lines = !isTable && !isOrc && log.hasLines(name);
    String place =
        isTable || name.contains("://")
            ? name
            : folder.resolve(name).toAbsolutePath().normalize().toUri().toString();
    Settings told = Settings.of(call("source", Map.of("name", place, "lines", lines)));
    ofPart.add(told.text("sample"));
    List<DatasetManifest.Source> own = new ArrayList<>();
    for (Object source : (List<?>) told.required("sources")) {
      Settings of = Settings.of(source);
      own.add(
          new DatasetManifest.Source(
              of.text("name"), of.number("bytes").longValue(), of.text("sha256")));
    }
    sources.put(told.folder("sample"), own);
    for (String file : told.texts("files")) {
      files.add(file(file, lines ? file : name, part, lines ? "LINES" : "STAGED"));
    }
  }

  private static Map<String, Object> file(String path, String name, String part, String kind) {
    return Map.of("path", path, "name", name, "part", part, "kind", kind);
  }

  /** Returns files with the columns of the log, which this machine can open, by part. */
  Map<String, List<String>> samples() {
    return samples;
  }

  @Override
  public long partRows() {
    return partRows;
  }

  @Override
  public @Nullable List<DatasetManifest.Source> sources(Path file) {
    return sources.get(file);
  }

  @Override
  public Path read() {
    return path(
        call("read", Map.of("files", files, "plan", plan.toString(), "folder", folder.toString())));
  }

  @Override
  public void arrange(Path ordered) {
    call("arrange", Map.of("ordered", ordered.toString()));
  }

  @Override
  public Path count(String value, long rows) {
    return path(call("count", Map.of("value", value, "rows", rows)));
  }

  @Override
  public Path query(PartQuery query) {
    return path(call("query", told(query)));
  }

  @Override
  public List<WrittenPart> write(PartQuery query, Map<Integer, String> names, Path target) {
    Map<String, Object> arguments = told(query);
    arguments.put("names", names);
    arguments.put("folder", target.toString());
    List<WrittenPart> written = new ArrayList<>();
    for (Object file : (List<?>) call("write", arguments)) {
      Settings told = Settings.of(file);
      written.add(
          new WrittenPart(
              told.text("name"), told.number("bytes").longValue(), told.text("sha256")));
    }
    return written;
  }

  private static Map<String, Object> told(PartQuery query) {
    Map<String, Object> told = new HashMap<>();
    told.put("snapshot", query.snapshot().toString());
    told.put("sql", query.sql());
    told.put("columns", query.columns());
    told.put("lists", query.listTexts());
    told.put("batchRows", query.batchRows());
    return told;
  }

  private Object call(String what, Map<String, Object> arguments) {
    Map<String, Object> all = new HashMap<>(arguments);
    all.put("do", what);
    return requireNonNull(nodes.apply(all), what);
  }

  private static Path path(Object text) {
    return Path.of((String) text);
  }
}
