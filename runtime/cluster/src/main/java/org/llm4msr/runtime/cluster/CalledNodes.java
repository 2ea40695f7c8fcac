package org.llm4msr.runtime.cluster;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.LogFiles;
import org.llm4msr.runtime.data.nodes.RowNodes;

/**
 * Nodes of a cluster, called through types of the JDK. Each call has {@code do}, the method of
 * {@link RowNodes}, and its arguments by name; paths are texts.
 */
final class CalledNodes implements RowNodes {

  private final Function<Object, Object> nodes;
  private final long partRows;
  private final LogFiles log;
  private final Path folder;
  private final Path plan;

  /**
   * Makes them.
   *
   * @param settings with {@code nodes} and {@code partRows}
   * @param log the files that are read
   * @param folder of the raw files
   * @param plan the folder with the configuration for nodes
   */
  @SuppressWarnings("unchecked") // What is called with types of the JDK alone has this one.
  CalledNodes(Settings settings, LogFiles log, Path folder, Path plan) {
    nodes = (Function<Object, Object>) settings.required("nodes");
    partRows = settings.number("partRows").longValue();
    this.log = log;
    this.folder = folder;
    this.plan = plan;
  }

  @Override
  public long partRows() {
    return partRows;
  }

  @Override
  public Path read() {
    List<Map<String, Object>> files = new ArrayList<>();
    Set<Path> paths = new HashSet<>();
    log.logFiles()
        .forEach(
            (part, names) -> {
              for (String name : names) {
                Path file = folder.resolve(name).toAbsolutePath().normalize();
                if (!paths.add(file)) {
                  throw new MsrException(
                      ErrorType.USER,
                      "spark/FILE_TWICE",
                      "%s is twice among the files of the log. Leave it out once."
                          .formatted(file));
                }
                files.add(
                    Map.of("path", file.toString(), "part", part, "lines", log.hasLines(name)));
              }
            });
    return path(
        call(
            "read",
            Map.of("files", files, "plan", plan.toString(), "folder", folder.toString())));
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
