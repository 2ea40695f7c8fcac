package org.llm4msr.spark.score;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.spark.job.Options;

/**
 * What to score.
 *
 * @param bundle a folder of the driver's machine, or a URL
 * @param in files, a folder of files, or a table
 * @param format of {@code in}
 * @param read options of Spark's reader, by name
 * @param out a folder, which must not exist
 * @param keep columns of the rows that go into the scores
 * @param listSeparator separator of the values of a list that is one text
 * @param knowledge a folder with the vectors of new items, as {@code bundle}; or null
 * @param skip whether rows that cannot be read get a problem in place of a score
 * @param force whether an existing folder of scores is replaced
 * @param overrides of the settings with which the bundle is scored
 * @param plugins more plugin folders, the same on every node
 */
record ScoreRequest(
    String bundle,
    String in,
    Format format,
    Map<String, String> read,
    String out,
    List<String> keep,
    String listSeparator,
    @Nullable String knowledge,
    boolean skip,
    boolean force,
    List<String> overrides,
    List<String> plugins)
    implements Serializable {

  /** What holds the rows. */
  enum Format {
    PARQUET,
    CSV,
    ORC,
    /** A table of the session's catalogue. */
    TABLE
  }

  /** Reads options; the format is told by the name of the rows where no option says it. */
  static ScoreRequest of(Options options) {
    String in = options.required("in");
    String malformed = options.or("malformed", "strict");
    if (!List.of("strict", "skip").contains(malformed)) {
      throw Options.usage("--malformed must be strict or skip");
    }
    return new ScoreRequest(
        options.required("bundle"),
        in,
        format(options.or("format", likely(in))),
        pairs(options.all("read")),
        options.required("out"),
        options.all("keep").stream().distinct().toList(),
        options.or("list-separator", "|"),
        options.optional("knowledge"),
        malformed.equals("skip"),
        options.or("force", "false").equals("true"),
        options.all("set"),
        options.all("plugins"));
  }

  private static String likely(String in) {
    String name = in.replaceAll("\\.(gz|bz2|zst|snappy)$", "");
    return name.endsWith(".csv") ? "csv" : name.endsWith(".orc") ? "orc" : "parquet";
  }

  private static Format format(String name) {
    return switch (name) {
      case "parquet" -> Format.PARQUET;
      case "csv" -> Format.CSV;
      case "orc" -> Format.ORC;
      case "table" -> Format.TABLE;
      default -> throw Options.usage("--format must be parquet, csv, orc or table");
    };
  }

  private static Map<String, String> pairs(List<String> all) {
    Map<String, String> pairs = new LinkedHashMap<>();
    for (String pair : all) {
      int equals = pair.indexOf('=');
      if (equals < 1) {
        throw Options.usage("--read must be NAME=VALUE");
      }
      pairs.put(pair.substring(0, equals), pair.substring(equals + 1));
    }
    return pairs;
  }
}
