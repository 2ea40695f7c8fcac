package org.llm4msr.runtime.data.preparation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.llm4msr.api.data.LeftOutRows;
import org.llm4msr.runtime.config.MalformedConfig;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The rows that a reader left out, and the file that tells of them. */
record LeftOutReport(List<LeftOutRows> groups) {

  static final String FILE = "rejected.jsonl";

  private static final Logger LOG = LoggerFactory.getLogger(LeftOutReport.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern COLUMNAR = Pattern.compile("\\.(parquet|arrows?|feather)$");

  /**
   * Says in the log what is left out.
   *
   * @param emitted the rows that the reader emitted
   * @throws org.llm4msr.api.MsrException of type DATA where too many rows are malformed
   */
  void check(MalformedConfig config, long emitted) {
    for (LeftOutRows group : groups) {
      LOG.warn(String.format(Locale.ROOT, "Left out %,d %s", group.rows(), group.reason()));
    }
    long malformed =
        groups.stream().filter(LeftOutRows::malformed).mapToLong(LeftOutRows::rows).sum();
    if (malformed > config.share() * (malformed + emitted)) {
      throw DataErrors.data(
          "TOO_MANY_MALFORMED",
          String.format(
              Locale.ROOT,
              "%,d of %,d rows cannot be read, more than the share of %s that"
                  + " dataset.malformed.share allows. The first: %s. Fix the files, or raise"
                  + " the share.",
              malformed,
              malformed + emitted,
              config.share(),
              firstExample()));
    }
  }

  private String firstExample() {
    return groups.stream()
        .flatMap(group -> group.examples().stream())
        .findFirst()
        .map(
            row ->
                "%s%s: %s"
                    .formatted(
                        location(row),
                        row.column().isEmpty() ? "" : ", column '" + row.column() + "'",
                        row.text()))
        .orElse("not known");
  }

  /** Says where a row stands; columnar files have rows and no lines. */
  static String location(LeftOutRows.Example row) {
    boolean isColumnar = COLUMNAR.matcher(row.file()).find();
    return "%s, %s %d".formatted(row.file(), isColumnar ? "row" : "line", row.line());
  }

  /** Returns the content of the file: one line per group, each followed by its examples. */
  byte[] lines() {
    StringBuilder text = new StringBuilder();
    for (LeftOutRows group : groups) {
      append(
          text,
          new TreeMap<>( // The order of Map.of differs from one JVM to the next.
              Map.of(
                  "reason", group.reason(), "rows", group.rows(), "malformed", group.malformed())));
      group.examples().forEach(row -> append(text, row));
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void append(StringBuilder text, Object line) {
    try {
      text.append(JSON.writeValueAsString(line)).append('\n');
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("rows that are no JSON", e);
    }
  }
}
