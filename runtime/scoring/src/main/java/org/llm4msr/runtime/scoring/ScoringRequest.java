package org.llm4msr.runtime.scoring;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.List;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.config.MalformedConfig.Policy;

/**
 * A file to score.
 *
 * @param in the rows: .arrow, .arrows, .feather, .parquet, else CSV with a header
 * @param out the scores: .arrow, .parquet or .csv
 * @param keep columns of the rows that go into the scores, as text
 * @param listSeparator separator of the values of a list that is written as one text
 * @param force whether an existing file of scores is replaced
 * @param malformed whether the first row that cannot be read ends the job, or such rows get no
 *     score, but a text in the column {@code problem}
 * @param partRows rows after which a part is complete: this much is lost if a job is killed
 * @param delimiter separator of the values of CSV
 */
public record ScoringRequest(
    Path in,
    Path out,
    List<String> keep,
    String listSeparator,
    boolean force,
    Policy malformed,
    int partRows,
    String delimiter) {

  private static final int PART_ROWS = 1 << 19;

  /** Makes a request with the usual settings. */
  public ScoringRequest(Path in, Path out) {
    this(
        in,
        out,
        List.of(RawSchema.USER, RawSchema.ITEM, RawSchema.SCENARIO),
        "|",
        false,
        Policy.STRICT);
  }

  /** Makes a request with parts of the usual size. */
  public ScoringRequest(
      Path in, Path out, List<String> keep, String listSeparator, boolean force, Policy malformed) {
    this(in, out, keep, listSeparator, force, malformed, PART_ROWS);
  }

  /** Makes a request for CSV with commas. */
  public ScoringRequest(
      Path in,
      Path out,
      List<String> keep,
      String listSeparator,
      boolean force,
      Policy malformed,
      int partRows) {
    this(in, out, keep, listSeparator, force, malformed, partRows, ",");
  }

  /** Returns this for CSV whose values another text separates. */
  public ScoringRequest withDelimiter(String other) {
    return new ScoringRequest(in, out, keep, listSeparator, force, malformed, partRows, other);
  }

  public ScoringRequest {
    requireNonNull(in, "in is null");
    requireNonNull(out, "out is null");
    keep = keep.stream().distinct().toList();
  }
}
