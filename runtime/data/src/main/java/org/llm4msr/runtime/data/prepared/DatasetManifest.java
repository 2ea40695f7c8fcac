package org.llm4msr.runtime.data.prepared;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.data.arrow.DataErrors;

/**
 * A description of prepared data: the content of {@code dataset.json}.
 *
 * @param formatVersion version of the file format, {@value #FORMAT_VERSION}
 * @param name name of the reader that the data came through
 * @param key SHA-256 of everything that decides the content: settings, schema and sources
 * @param fields the features, in the order in which models see them
 * @param scenarios the scenarios by rank
 * @param users users, of whom the first {@code trainingUsers} have a training row
 * @param trainingUsers users with a training row
 * @param items items, of which those with a training row come first
 * @param splitRule how the rows were divided, in words
 * @param rows rows of each part
 * @param time whether the rows have a time
 * @param groups groups of rows, such as impressions; 0 where the rows have none
 * @param minFrequency how often a value must occur in training to get an id of its own
 * @param loggedFrequency whether drawn negatives do not count for that; false in data of earlier
 *     releases, where the id of unknown values may tell the label
 * @param labelRule how the label was made
 * @param sources the raw files
 * @param files the files beside the manifest, by name; another program may leave them out
 * @param extended key of the prepared data whose ids this keeps; null where it keeps none
 * @param settings section {@code dataset} of the configuration, by full key, as far as it decides
 *     the content; another program may leave it out
 * @param labels names of the further labels that rows have, in the order of their columns
 */
public record DatasetManifest(
    int formatVersion,
    String name,
    String key,
    List<PreparedField> fields,
    List<PreparedScenario> scenarios,
    int users,
    int trainingUsers,
    int items,
    String splitRule,
    SplitCounts rows,
    boolean time,
    int groups,
    int minFrequency,
    boolean loggedFrequency,
    String labelRule,
    List<Source> sources,
    Map<String, FileStamp> files,
    @Nullable String extended,
    Map<String, String> settings,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) List<String> labels) {

  /** Its file in the folder of the data. */
  public static final String FILE = "dataset.json";

  /** The format that this release reads and writes. */
  public static final int FORMAT_VERSION = 1;

  public DatasetManifest {
    requireNonNull(name, "name is null");
    requireNonNull(key, "key is null");
    fields = List.copyOf(fields);
    scenarios = List.copyOf(scenarios);
    requireNonNull(splitRule, "splitRule is null");
    requireNonNull(rows, "rows is null");
    requireNonNull(labelRule, "labelRule is null");
    sources = List.copyOf(sources);
    files = new TreeMap<>(files);
    settings = new TreeMap<>(settings);
    labels = List.copyOf(labels);
  }

  /**
   * Returns the column of a label.
   *
   * @param label a further one, or {@code label}, the main one
   * @throws org.llm4msr.api.MsrException {@code data/UNKNOWN_LABEL} for one that the data does not
   *     have
   */
  public String labelColumn(String label) {
    if (label.equals(SplitColumns.LABEL)) {
      return SplitColumns.LABEL;
    }
    if (!labels.contains(label)) {
      throw DataErrors.user(
          "UNKNOWN_LABEL",
          "The data has no label '%s'. It has label, the main one, and the further labels %s."
              .formatted(label, labels));
    }
    return SplitColumns.label(label);
  }

  /** Returns the keys of the scenarios, in their order. */
  public List<String> scenarioKeys() {
    return scenarios.stream().map(PreparedScenario::key).toList();
  }

  /** A raw file: its name, size and SHA-256 in hexadecimal. */
  public record Source(String name, long bytes, String sha256) {}

  /** A prepared file: its size and SHA-256 in hexadecimal. */
  public record FileStamp(long bytes, String sha256) {}
}
