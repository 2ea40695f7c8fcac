package org.llm4msr.runtime.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.data.nodes.PartDatabase;
import org.llm4msr.runtime.data.prepared.DatasetManifest;

/**
 * Queries a part of a log. It is called with {@code snapshot} (a file with what was learned),
 * {@code part} (a file with its rows), {@code sql}, {@code lists}, {@code memory} (bytes), {@code
 * scratch} (an empty folder) and {@code target} (the file that is written); for a file of prepared
 * data also with {@code columns}, {@code batchRows} and {@code empty} (whether it has no rows). It
 * returns {@code bytes} and {@code sha256} of that file; of Parquet, nothing.
 */
public final class QueryPart implements Function<Object, Object> {

  @Override
  public Object apply(Object argument) {
    Settings settings = Settings.of(argument);
    return Errors.passOn(settings::plugins, () -> query(settings));
  }

  private static Map<String, Object> query(Settings settings) {
    List<List<String>> lists = new ArrayList<>();
    for (Object texts : (List<?>) settings.required("lists")) {
      lists.add(((List<?>) texts).stream().map(String.class::cast).toList());
    }
    try (PartDatabase database =
        new PartDatabase(
            settings.folder("scratch"),
            settings.number("memory").longValue(),
            settings.folder("snapshot"),
            settings.folder("part"),
            lists)) {
      Path target = settings.folder("target");
      List<String> columns = settings.texts("columns");
      if (columns.isEmpty()) {
        database.copy(settings.text("sql"), target);
        return Map.of();
      }
      int batchRows = settings.number("batchRows").intValue();
      DatasetManifest.FileStamp stamp =
          database.write(settings.text("sql"), columns, batchRows, settings.is("empty"), target);
      return Map.of("bytes", stamp.bytes(), "sha256", stamp.sha256());
    } catch (MsrException e) {
      throw Errors.ofNode(e, "Lower --part-rows.");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
