package org.llm4msr.spark.score;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Which columns a job reads and writes.
 *
 * @param read those of the rows that the model reads
 * @param keep those that go into the scores
 * @param fault whether {@link InputRows#FAULT} is read
 * @param skip whether the scores have the column {@code problem}
 * @param labels further labels of the model, of which each has a column of scores
 */
record ScoreColumns(
    List<String> read, List<String> keep, boolean fault, boolean skip, List<String> labels)
    implements Serializable {

  static final String SCORE = "score";
  static final String PROBLEM = "problem";

  /** Returns the columns of the scores that are not kept ones. */
  static List<String> own(boolean skip) {
    return skip ? List.of(SCORE, PROBLEM) : List.of(SCORE);
  }

  /** Returns what is read of the rows: what the model reads, then what is kept beside it. */
  List<String> selected() {
    Set<String> all = new LinkedHashSet<>(read);
    all.addAll(keep);
    if (fault) {
      all.add(InputRows.FAULT);
    }
    return List.copyOf(all);
  }

  Dataset<Row> select(Dataset<Row> rows) {
    return rows.select(
        selected().stream()
            .map(name -> rows.col("`" + name.replace("`", "``") + "`"))
            .toArray(Column[]::new));
  }

  /** Returns the schema of the scores; kept columns have the types that they have in the rows. */
  StructType scores(StructType rows) {
    StructType scores = new StructType();
    for (String name : keep) {
      scores = scores.add(name, rows.apply(name).dataType(), true);
    }
    scores = scores.add(SCORE, DataTypes.FloatType, skip);
    for (String label : labels) {
      scores = scores.add(SCORE + "_" + label, DataTypes.FloatType, skip);
    }
    return skip ? scores.add(PROBLEM, DataTypes.StringType, true) : scores;
  }

  /** Returns the places of the kept columns among the selected ones. */
  int[] kept() {
    List<String> all = new ArrayList<>(selected());
    return keep.stream().mapToInt(all::indexOf).toArray();
  }
}
