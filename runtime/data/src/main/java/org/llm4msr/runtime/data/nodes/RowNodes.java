package org.llm4msr.runtime.data.nodes;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.data.prepared.DatasetManifest;

/**
 * The nodes of a cluster that hold the columns of the log, while one machine orders its rows.
 * Called in the order of the methods. The folders that it returns are of this machine, and hold
 * Parquet files whose order is that of their names.
 */
public interface RowNodes {

  /** Returns how many rows a part has, but for the last of a split. */
  long partRows();

  /** Returns the sources for which a file of the reader stands; null where it is one itself. */
  default @Nullable List<DatasetManifest.Source> sources(Path file) {
    return null;
  }

  /**
   * Has the log read, and numbers its rows.
   *
   * @return what is known of the rows beside their fields, in the order of the log
   */
  Path read();

  /**
   * Brings the rows into parts.
   *
   * @param ordered a row each: its number {@code r} in the log, its place {@code n} in the prepared
   *     data, its {@code part}, and what else parts hold
   */
  void arrange(Path ordered);

  /**
   * Counts the values of a column of the log.
   *
   * @param value in SQL of both databases: the column, or its elements, a row each
   * @param rows counted are the places below
   * @return {@code value}, {@code weight}, how often it occurs, and {@code logged}, how often in
   *     rows that are not drawn
   */
  Path count(String value, long rows);

  /**
   * Queries each part.
   *
   * @return the results, a file each
   */
  Path query(PartQuery query);

  /**
   * Writes files of prepared data.
   *
   * @param query of a part's rows
   * @param names of the files, by the number of the part; those without rows of their own have -1
   *     and less
   * @param folder that gets the files
   */
  List<WrittenPart> write(PartQuery query, Map<Integer, String> names, Path folder);

  /** A file of prepared data: its name, size, and SHA-256 in hexadecimal. */
  record WrittenPart(String name, long bytes, String sha256) {}

  /**
   * A query that a node runs on a part.
   *
   * @param snapshot a database with what was learned
   * @param sql over the table {@code keyed} of a part, and those of the snapshot
   * @param columns of the result
   * @param lists tables that are made before
   * @param batchRows rows that leave the database at once
   */
  record PartQuery(
      Path snapshot, String sql, List<String> columns, List<ListTable> lists, int batchRows) {

    public PartQuery {
      columns = List.copyOf(columns);
      lists = List.copyOf(lists);
    }

    /** Returns the tables of lists as texts, to send them. */
    public List<List<String>> listTexts() {
      return lists.stream().map(ListTable::texts).toList();
    }
  }
}
