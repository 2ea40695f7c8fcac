package org.llm4msr.runtime.data.prepared;

import com.fasterxml.jackson.core.type.TypeReference;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.llm4msr.api.knowledge.ItemText;
import org.llm4msr.api.knowledge.ScenarioStatistics;
import org.llm4msr.api.knowledge.UserHistory;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.arrow.IdColumn;
import org.llm4msr.runtime.data.arrow.IdListColumn;
import org.llm4msr.runtime.data.arrow.TextColumn;
import org.llm4msr.runtime.files.SmallFiles;

/** A log in files: positives and statistics in one folder, users and items in prepared data. */
public final class FolderTrainingLog implements TrainingLog {

  /** Columns of {@code histories.arrow}. */
  public static final String HISTORY_ITEMS = "items";

  public static final String HISTORY_SCENARIOS = "scenarios";

  private final Path log;
  private final DatasetManifest manifest;
  private final ArrowFile histories;
  private final IdColumn user;
  private final IdListColumn items;
  private final IdListColumn scenarios;
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
    histories = ArrowFile.open(log.resolve(PreparedFolder.HISTORIES));
    user = new IdColumn(histories, SplitColumns.USER, manifest.users());
    items = new IdListColumn(histories, HISTORY_ITEMS, manifest.items());
    scenarios = new IdListColumn(histories, HISTORY_SCENARIOS, manifest.scenarios().size());
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
    return histories.rows();
  }

  @Override
  public void forEachUser(Consumer<UserHistory> visitor) {
    for (long row = 0; row < histories.rows(); row++) {
      visitor.accept(history(histories.locate(row)));
    }
  }

  @Override
  public void forEachItem(Consumer<ItemText> visitor) {
    for (int item = 0; item < itemKeys.size(); item++) {
      visitor.accept(new ItemText(itemKeys.get(item), itemTexts.get(item)));
    }
  }

  private UserHistory history(long pick) {
    int[] item = items.get(pick);
    int[] scenario = scenarios.get(pick);
    if (item.length != scenario.length) {
      throw DataErrors.data(
          "BAD_VALUE", histories.path() + " has lists of different lengths in one row.");
    }
    List<UserHistory.Event> events = new ArrayList<>(item.length);
    for (int i = 0; i < item.length; i++) {
      events.add(
          new UserHistory.Event(
              manifest.scenarios().get(scenario[i]).name(),
              itemKeys.get(item[i]),
              itemTexts.get(item[i])));
    }
    int index = user.get(pick);
    return new UserHistory(userKeys.get(index), userTexts.get(index), events);
  }
}
