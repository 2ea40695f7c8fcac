package org.llm4msr.runtime.data.inspection;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.CharConversionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.prepared.ManifestFile;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.files.SmallFiles;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The result of {@code data inspect}; its JSON has these components.
 *
 * @param name name of the reader
 * @param key key of settings and sources
 * @param splitRule how the rows were divided
 * @param labelRule how the label was made
 * @param users users, of whom {@code trainingUsers} have a training row
 * @param items items
 * @param parts the three parts
 * @param scenarios the scenarios, by rank
 * @param overlap users and items that scenarios share
 * @param fields the features
 * @param periods labels over time, oldest first; empty without times
 * @param checks the checks for leaks between the parts
 * @param furtherLabels further labels, by label and then by scenario
 */
public record PreparedSummary(
    String name,
    String key,
    String splitRule,
    String labelRule,
    int users,
    int trainingUsers,
    int items,
    List<Part> parts,
    List<ScenarioSummary> scenarios,
    Overlap overlap,
    List<FieldSummary> fields,
    List<Period> periods,
    List<LeakCheck> checks,
    List<FurtherLabel> furtherLabels) {

  private static final Logger LOG = LoggerFactory.getLogger(PreparedSummary.class);
  private static final String FILE = "inspection.json";
  private static final String FURTHER = "furtherLabels";

  /**
   * Rows and their labels.
   *
   * @param drawn those of the negatives that preparation drew, the other rows being of the log;
   *     null where the data does not tell
   * @param positiveShare positives by rows, or null without rows
   * @param positiveWeightShare the same with each row counted by its weight; null where rows have
   *     no weights, or all have 0
   */
  public record Labels(
      long rows,
      long positives,
      long negatives,
      @Nullable Long drawn,
      @Nullable Double positiveShare,
      @Nullable Double positiveWeightShare) {

    static Labels of(long rows, long positives, @Nullable Long drawn) {
      Double share = rows == 0 ? null : (double) positives / rows;
      return new Labels(rows, positives, rows - positives, drawn, share, null);
    }

    /** Returns the same labels with their weights. */
    Labels weighing(double weight, double positiveWeight) {
      Double share = weight == 0 ? null : (Double) (positiveWeight / weight);
      return new Labels(rows, positives, negatives, drawn, positiveShare, share);
    }

    /** Returns the rows of the log; null where the data does not tell them from drawn negatives. */
    public @Nullable Long logged() {
      return drawn == null ? null : (Long) (rows - drawn);
    }
  }

  /**
   * One part.
   *
   * @param newUsers rows of users without a training row
   * @param newItems rows of items without a training row, or null where items are not known
   * @param from earliest time (ISO 8601), or null without times
   * @param to latest time
   */
  public record Part(
      String split,
      Labels labels,
      long newUsers,
      @Nullable Long newItems,
      @Nullable String from,
      @Nullable String to) {}

  /**
   * One scenario.
   *
   * @param all the parts together
   * @param parts each part
   */
  public record ScenarioSummary(
      String key, String name, ScenarioPart all, List<ScenarioPart> parts) {}

  /**
   * One scenario in one part, or in all.
   *
   * @param split the part, or {@code all}
   * @param users distinct users
   * @param items distinct items, or null where items are not known
   */
  public record ScenarioPart(String split, long users, @Nullable Long items, Labels labels) {}

  /**
   * What scenarios have in common over all parts: row and column are ranks, the diagonal has a
   * scenario's own number.
   *
   * @param items empty where items are not known
   */
  public record Overlap(List<List<Long>> users, List<List<Long>> items) {}

  /**
   * One feature.
   *
   * @param vocabularySize ids, with the one out of vocabulary; 0 for a number
   * @param idsInTraining ids above 0 that training rows have; 0 for a number
   * @param mean of the raw training values; 0 unless a number
   * @param deviation of the raw training values; 0 unless a number
   * @param coverage how much of each part is known
   */
  public record FieldSummary(
      String name,
      FieldRole role,
      String kind,
      int vocabularySize,
      long idsInTraining,
      double mean,
      double deviation,
      List<Coverage> coverage) {}

  /**
   * How much of a field is known in a part.
   *
   * @param known share of rows with a value of the vocabulary, or with a number that is not the
   *     mean, which a missing one becomes; null without rows
   * @param valuesPerRow known values of lists by rows; null without rows and for other kinds
   */
  public record Coverage(String split, @Nullable Double known, @Nullable Double valuesPerRow) {}

  /**
   * A period.
   *
   * @param from its begin (ISO 8601)
   * @param all rows of all scenarios
   * @param scenarios rows of each, by rank
   */
  public record Period(String from, Labels all, List<Labels> scenarios) {}

  /**
   * A further label in one scenario.
   *
   * @param parts rows of each part that know it
   */
  public record FurtherLabel(String label, String scenario, List<Labels> parts) {}

  /** Counts what a folder holds, by one pass over its rows and a database of user and item ids. */
  public static PreparedSummary of(InspectionRequest request, Progress progress) {
    return PreparedInspection.run(request, progress);
  }

  /** Stores this where reports look for it. A full disk costs the file, not the answer. */
  public void store(Path workspace) {
    try {
      DurableFiles.write(workspace.resolve(FILE), ManifestFile.JSON.writeValueAsBytes(this));
    } catch (IOException e) {
      LOG.warn("{} could not be written in {}: {}", FILE, workspace, e.toString());
    }
  }

  /** Returns the summary that was stored for the data with a key, or null if there is none. */
  public static @Nullable PreparedSummary stored(Path workspace, String key) {
    Path file = workspace.resolve(FILE);
    try {
      if (!Files.exists(file)) {
        return null;
      }
      JsonNode tree = ManifestFile.JSON.readTree(SmallFiles.read(file));
      if (tree instanceof ObjectNode root && !root.has(FURTHER)) {
        root.putArray(FURTHER); // Inspections of earlier versions have none.
      }
      PreparedSummary stored = ManifestFile.JSON.treeToValue(tree, PreparedSummary.class);
      return stored.key.equals(key) ? stored : null;
    } catch (JsonProcessingException | CharConversionException e) {
      LOG.warn("{} is damaged or of another release; inspect the data again", file);
      return null;
    } catch (IOException e) {
      throw DataErrors.io(file, e);
    }
  }
}
