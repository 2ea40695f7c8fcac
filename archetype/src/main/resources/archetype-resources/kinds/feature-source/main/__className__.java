package ${package};

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.features.FeatureQuery;
import org.llm4msr.api.features.FeatureSource;
import org.llm4msr.api.features.FeatureValues;

/**
 * Values of users from a CSV file. A thread of its own reads the file, so that a request waits for
 * nothing; while the file cannot be read, answers fail and say why.
 */
final class ${className} implements FeatureSource {

  private static final String USER = "user";

  private final Path file;
  private final ScheduledExecutorService reading;

  /** Values by user and column. */
  private volatile CompletableFuture<Map<String, Map<String, String>>> users;

  ${className}(Path file, int reloadSeconds) {
    this.file = file;
    users = read();
    reading =
        Executors.newSingleThreadScheduledExecutor(
            work -> {
              Thread thread = new Thread(work, "${artifactId}");
              thread.setDaemon(true);
              return thread;
            });
    reading.scheduleWithFixedDelay(
        () -> users = read(), reloadSeconds, reloadSeconds, TimeUnit.SECONDS);
  }

  @Override
  public CompletionStage<FeatureValues> fetch(FeatureQuery query) {
    return users.thenApply(known -> values(known, query));
  }

  private static FeatureValues values(
      Map<String, Map<String, String>> known, FeatureQuery query) {
    Map<String, String> user =
        query.user() == null ? Map.of() : known.getOrDefault(query.user(), Map.of());
    return new FeatureValues(user, Collections.nCopies(query.items().size(), Map.of()), 0);
  }

  private CompletableFuture<Map<String, Map<String, String>>> read() {
    try {
      List<String> lines = Files.readAllLines(file);
      if (lines.isEmpty() || !cells(lines.get(0)).contains(USER)) {
        return unreadable("its first line has no column " + USER, null);
      }
      List<String> columns = cells(lines.get(0));
      Map<String, Map<String, String>> all = new HashMap<>();
      for (String line : lines.subList(1, lines.size())) {
        Map<String, String> row = row(columns, cells(line));
        String user = row.remove(USER);
        if (user != null) {
          all.put(user, row);
        }
      }
      return CompletableFuture.completedFuture(all);
    } catch (IOException e) {
      return unreadable(e.toString(), e);
    }
  }

  private static List<String> cells(String line) {
    return List.of(line.split(",", -1));
  }

  /** An empty cell is not known: what the bundle holds counts. */
  private static Map<String, String> row(List<String> columns, List<String> cells) {
    Map<String, String> row = new HashMap<>();
    for (int i = 0; i < Math.min(columns.size(), cells.size()); i++) {
      if (!cells.get(i).isEmpty()) {
        row.put(columns.get(i), cells.get(i));
      }
    }
    return row;
  }

  private <T> CompletableFuture<T> unreadable(String reason, IOException cause) {
    return CompletableFuture.failedFuture(
        new MsrException(
            ErrorType.EXTERNAL,
            "${artifactId}/UNREADABLE",
            "%s cannot be read: %s. Write it again, or fix features.source.file."
                .formatted(file, reason),
            cause));
  }

  @Override
  public void close() {
    reading.shutdownNow();
    try {
      reading.awaitTermination(1, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
