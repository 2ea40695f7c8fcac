package org.llm4msr.spark.prepare;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.llm4msr.spark.home.WorkFolder;

/**
 * Runs a query on parts.
 *
 * @param snapshot what was learned
 * @param sql of the query
 * @param columns of the files of prepared data that are written; empty for Parquet
 * @param lists the tables of lists that are made before
 * @param batchRows rows that leave the database at once
 */
record PartTask(
    Nodes nodes,
    Snapshot snapshot,
    String sql,
    ArrayList<String> columns,
    ArrayList<ArrayList<String>> lists,
    int batchRows)
    implements Serializable {

  /**
   * A part.
   *
   * @param rows the file with its rows, in the staging folder
   * @param target the file that is written there
   * @param name of the file among those of prepared data
   * @param empty whether the file has no rows
   */
  record Part(String rows, String target, String name, boolean empty) implements Serializable {}

  /** Takes a query of the runtime. */
  static PartTask of(Nodes nodes, Snapshot snapshot, Map<?, ?> query) {
    ArrayList<ArrayList<String>> lists = new ArrayList<>();
    for (Object list : (List<?>) requireNonNull(query.get("lists"), "lists")) {
      lists.add(texts(list));
    }
    return new PartTask(
        nodes,
        snapshot,
        (String) requireNonNull(query.get("sql"), "sql"),
        texts(requireNonNull(query.get("columns"), "columns")),
        lists,
        (Integer) requireNonNull(query.get("batchRows"), "batchRows"));
  }

  private static ArrayList<String> texts(Object list) {
    ArrayList<String> texts = new ArrayList<>();
    ((List<?>) list).forEach(text -> texts.add((String) text));
    return texts;
  }

  /** Does a part, and returns what the runtime tells, with the {@code name}. */
  HashMap<String, Object> run(Part part) {
    try (WorkFolder work = WorkFolder.make()) {
      Path target = work.path().resolve("target");
      Map<String, Object> call = new HashMap<>();
      call.put("snapshot", snapshot.path().toString());
      call.put("part", nodes.staging().get(part.rows(), work.path()).toString());
      call.put("sql", sql);
      call.put("columns", columns);
      call.put("lists", lists);
      call.put("batchRows", batchRows);
      call.put("empty", part.empty());
      call.put("memory", nodes.memory());
      call.put("scratch", work.folder("database").toString());
      call.put("target", target.toString());
      HashMap<String, Object> told = new HashMap<>();
      nodes.call("QueryPart", call).forEach((name, value) -> told.put((String) name, value));
      told.put("name", part.name());
      nodes.staging().put(target, part.target());
      return told;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
