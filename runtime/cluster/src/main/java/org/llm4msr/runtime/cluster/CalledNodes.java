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
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.LogFile;
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
  private final boolean skip;

  /**
   * The files of the log: {@code path}, {@code name}, {@code part}, {@code kind}, and {@code
   * header} each.
   */
  private final List<Map<String, Object>> files = new ArrayList<>();

  /** What samples stand for. */
  private final Map<Path, List<DatasetManifest.Source>> sources = new HashMap<>();

  /**
   * Makes them.
   *
   * @param settings with {@code nodes} and {@code partRows}
   * @param folder of the raw files
   * @param plan the folder with the configuration for nodes
   * @param skip whether rows that cannot be read are skipped: then nodes read whole files
   */
  @SuppressWarnings("unchecked") // What is called with types of the JDK alone has this one.
  CalledNodes(Settings settings, Path folder, Path plan, boolean skip) {
    nodes = (Function<Object, Object>) settings.required("nodes");
    partRows = settings.number("partRows").longValue();
    this.folder = folder;
    this.plan = plan;
    this.skip = skip;
  }

  /**
   * Takes the log of a reader that names it.
   *
   * @param log the files that are read: also URLs, ORC, and {@code table:NAME} of the catalogue
   * @return files with the columns of the log, which this machine can open, by part
   */
  Map<String, List<String>> find(LogFiles log) {
    Map<String, List<String>> samples = new LinkedHashMap<>();
    log.logFiles(folder)
        .forEach(
            (part, names) -> {
              List<String> ofPart = samples.computeIfAbsent(part, key -> new ArrayList<>());
              names.forEach(name -> ofPart.add(find(log, part, name)));
            });
    return samples;
  }

  /** Takes the log of a reader that finds it. */
  void find(List<LogFile> log) {
    log.forEach(
        file -> add(file.path().toAbsolutePath().normalize(), "", file.lines(), file.header()));
  }

  private void add(Path file, String part, boolean lines, boolean header) {
    String kind = lines && !skip ? "LINES" : "WHOLE";
    files.add(file(file.toString(), file.toString(), part, kind, header));
  }

  private String find(LogFiles log, String part, String name) {
    if (!ELSEWHERE.matcher(name).matches()) {
      Path path = folder.resolve(name).toAbsolutePath().normalize();
      add(path, part, log.hasLines(name), true);
      return path.toString();
    }
    if (skip) {
      throw new MsrException(
          ErrorType.USER,
          "spark/MALFORMED",
          "dataset.malformed.policy is skip, which files of the driver's machine can have, but not %s. Set strict and mend the rows that it names, or copy the rows into CSV or Parquet files."
              .formatted(name));
    }
    boolean isTable = name.startsWith("table:");
    boolean isOrc = name.toLowerCase(Locale.ROOT).endsWith(".orc");
    boolean lines = !isTable && !isOrc && log.hasLines(name);
    String place =
        isTable || name.contains("://")
            ? name
            : "file://" + folder.resolve(name).toAbsolutePath().normalize();
    Settings told = Settings.of(call("source", Map.of("name", place, "lines", lines)));
    List<DatasetManifest.Source> own = new ArrayList<>();
    for (Object source : (List<?>) told.required("sources")) {
      Settings of = Settings.of(source);
      own.add(
          new DatasetManifest.Source(
              of.text("name"), of.number("bytes").longValue(), of.text("sha256")));
    }
    sources.put(told.folder("sample"), own);
    for (String file : told.texts("files")) {
      files.add(file(file, lines ? file : name, part, lines ? "LINES" : "STAGED", true));
    }
    return told.text("sample");
  }

  private static Map<String, Object> file(
      String path, String name, String part, String kind, boolean header) {
    return Map.of("path", path, "name", name, "part", part, "kind", kind, "header", header);
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
