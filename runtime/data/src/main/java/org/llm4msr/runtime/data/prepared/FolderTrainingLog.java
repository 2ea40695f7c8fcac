package org.llm4msr.runtime.data.prepared;

import com.fasterxml.jackson.core.type.TypeReference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.knowledge.ItemText;
import org.llm4msr.api.knowledge.ScenarioStatistics;
import org.llm4msr.api.knowledge.UserHistory;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.arrow.IdColumn;
import org.llm4msr.runtime.data.arrow.IdListColumn;
import org.llm4msr.runtime.data.arrow.TextColumn;
import org.llm4msr.runtime.files.SmallFiles;

/**
 * A log in files: positives and statistics in one folder, users and items in prepared data. If that
 * knows what users had chosen before their first interaction, their histories begin with it.
 */
public final class FolderTrainingLog implements TrainingLog {

  /** Columns of {@code histories.arrow} and {@code past.arrow}. */
  public static final String HISTORY_ITEMS = "items";

  public static final String HISTORY_SCENARIOS = "scenarios";

  private final Path log;
  private final DatasetManifest manifest;
  private final Lists positives;
  private final @Nullable Lists past;
  private final List<String> userKeys;
  private final List<String> userTexts;
  private final List<String> itemKeys;
  private final List<String> itemTexts;

  /**
   * Opens a log.
   *
   * @param log folder of positives and statistics
   * @param prepared folder of users and items
   */
  public FolderTrainingLog(Path log, Path prepared, DatasetManifest manifest) {
    this.log = log;
    this.manifest = manifest;
    positives = Lists.open(log.resolve(PreparedFolder.HISTORIES), manifest);
    Path before = prepared.resolve(PreparedFolder.PAST);
    past = Files.exists(before) ? Lists.open(before, manifest) : null;
    ArrowFile users = ArrowFile.open(prepared.resolve(PreparedFolder.USERS));
    userKeys = new TextColumn(users, PreparedFolder.KEY);
    userTexts = new TextColumn(users, PreparedFolder.TEXT);
    ArrowFile itemFile = ArrowFile.open(prepared.resolve(PreparedFolder.ITEMS));
    itemKeys = new TextColumn(itemFile, PreparedFolder.KEY);
    itemTexts = new TextColumn(itemFile, PreparedFolder.TEXT);
  }

  @Override
  public List<ScenarioStatistics> scenarioStatistics() {
    return statistics(log, manifest);
  }

  public static List<ScenarioStatistics> statistics(Path folder, DatasetManifest manifest) {
    Path file = folder.resolve(PreparedFolder.STATISTICS);
    try {
      List<ScenarioStatistics> statistics =
          ManifestFile.JSON.readValue(
              SmallFiles.read(file), new TypeReference<List<ScenarioStatistics>>() {});
      if (statistics.size() != manifest.scenarios().size()) {
        throw DataErrors.data(
            "ROW_COUNT", file + " does not list the scenarios of dataset.json. Prepare it again.");
      }
      return statistics;
    } catch (NoSuchFileException e) {
      throw DataErrors.data("MISSING_FILE", file + " does not exist. Prepare the data again.");
    } catch (IOException e) {
      throw DataErrors.io(file, e);
    }
  }

  @Override
  public long users() {
    if (past == null) {
      return positives.rows();
    }
    long[] users = new long[1];
    forEach((user, before, own) -> users[0]++);
    return users[0];
  }

  @Override
  public void forEachUser(Consumer<UserHistory> visitor) {
    forEach(
        (user, before, own) -> {
          List<UserHistory.Event> events = new ArrayList<>();
          if (past != null && before >= 0) {
            add(past, before, events);
          }
          if (own >= 0) {
            add(positives, own, events);
          }
          visitor.accept(new UserHistory(userKeys.get(user), userTexts.get(user), events));
        });
  }

  /** Rows of one user. */
  @FunctionalInterface
  private interface RowsOfUser {

    /** Takes the user and the rows of the past and of positives, -1 where there is none. */
    void accept(int user, long past, long positives);
  }

  /** Visits the users of both files, which are sorted by user. */
  private void forEach(RowsOfUser visitor) {
    long before = 0;
    long own = 0;
    while (true) {
      int ofPast = past == null ? Integer.MAX_VALUE : past.user(before);
      int ofLog = positives.user(own);
      int user = Math.min(ofPast, ofLog);
      if (user == Integer.MAX_VALUE) {
        return;
      }
      visitor.accept(user, ofPast == user ? before++ : -1, ofLog == user ? own++ : -1);
    }
  }

  @Override
  public void forEachItem(Consumer<ItemText> visitor) {
    for (int item = 0; item < itemKeys.size(); item++) {
      visitor.accept(new ItemText(itemKeys.get(item), itemTexts.get(item)));
    }
  }

  private void add(Lists lists, long row, List<UserHistory.Event> events) {
    int[] item = lists.items(row);
    int[] scenario = lists.scenarios(row);
    if (item.length != scenario.length) {
      throw DataErrors.data(
          "BAD_VALUE", lists.file().path() + " has lists of different lengths in one row.");
    }
    for (int i = 0; i < item.length; i++) {
      events.add(
          new UserHistory.Event(
              manifest.scenarios().get(scenario[i]).name(),
              itemKeys.get(item[i]),
              itemTexts.get(item[i])));
    }
  }

  /** Items and their scenarios by user. */
  private record Lists(
      ArrowFile file, IdColumn users, IdListColumn itemLists, IdListColumn scenarioLists) {

    static Lists open(Path path, DatasetManifest manifest) {
      ArrowFile file = ArrowFile.open(path);
      return new Lists(
          file,
          new IdColumn(file, SplitColumns.USER, manifest.users()),
          new IdListColumn(file, HISTORY_ITEMS, manifest.items()),
          new IdListColumn(file, HISTORY_SCENARIOS, manifest.scenarios().size()));
    }

    long rows() {
      return file.rows();
    }

    /** Returns the user of a row; behind the last row, the largest number. */
    int user(long row) {
      return row < rows() ? users.get(file.locate(row)) : Integer.MAX_VALUE;
    }

    int[] items(long row) {
      return itemLists.get(file.locate(row));
    }

    int[] scenarios(long row) {
      return scenarioLists.get(file.locate(row));
    }
  }
}
