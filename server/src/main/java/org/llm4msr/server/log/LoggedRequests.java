package org.llm4msr.server.log;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Field;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.runtime.files.FileErrors;
import org.llm4msr.server.log.LoggedRequest.LoggedItem;
import org.llm4msr.serving.ranker.ItemStatus;
import org.llm4msr.toolkit.arrow.ArrowRows;

/** Reads the complete parts of a log. */
public final class LoggedRequests {

  private final Path log;
  private final List<Path> parts;

  private LoggedRequests(Path log, List<Path> parts) {
    this.log = log;
    this.parts = parts;
  }

  /**
   * Finds the parts.
   *
   * @param log the folder of a log, or of a model in it, or one part
   * @throws MsrException {@code log/NONE} if there are none
   */
  public static LoggedRequests open(Path log) {
    try {
      List<Path> parts = LogFolder.parts(log);
      if (!parts.isEmpty()) {
        return new LoggedRequests(log, parts);
      }
      throw none(log, "it has no complete part");
    } catch (IOException e) {
      throw none(log, FileErrors.reason(e));
    }
  }

  private static MsrException none(Path log, String why) {
    return new MsrException(
        ErrorType.USER,
        "log/NONE",
        "%s is no log of requests: %s. Name the folder of the setting log.folder, a folder in it, or a file of these."
            .formatted(log, why));
  }

  /**
   * Reads all requests, the oldest part first.
   *
   * @param reader returns whether it wants more
   * @throws MsrException {@code log/DAMAGED}, with the file
   */
  public void forEach(Predicate<LoggedRequest> reader) {
    try (BufferAllocator allocator = new RootAllocator()) {
      for (Path part : parts) {
        if (!read(part, allocator, reader)) {
          return;
        }
      }
    }
  }

  /** Returns the requests of the last parts, as far as they have so many items. */
  public List<LoggedRequest> last(int mostItems) {
    List<LoggedRequest> last = new ArrayList<>();
    int room = mostItems;
    for (int at = parts.size() - 1; at >= 0 && room > 0; at--) {
      List<LoggedRequest> some = new ArrayList<>();
      int[] left = {room};
      new LoggedRequests(log, List.of(parts.get(at)))
          .forEach(
              request -> {
                left[0] -= request.items().size();
                return left[0] >= 0 && some.add(request);
              });
      last.addAll(some);
      room = left[0];
    }
    return last;
  }

  private static boolean read(
      Path part, BufferAllocator allocator, Predicate<LoggedRequest> reader) {
    try (ArrowReader batches = ArrowRows.open(part, allocator)) {
      VectorSchemaRoot root = batches.getVectorSchemaRoot();
      Rows rows = new Rows(root, part);
      while (batches.loadNextBatch()) {
        for (int row = 0; row < root.getRowCount(); row++) {
          LoggedRequest before = rows.add(row);
          if (before != null && !reader.test(before)) {
            return false;
          }
        }
      }
      LoggedRequest last = rows.end();
      return last == null || reader.test(last);
    } catch (IOException e) {
      throw damaged(part, FileErrors.reason(e));
    }
  }

  private static MsrException damaged(Path part, String why) {
    return new MsrException(
        ErrorType.DATA,
        "log/DAMAGED",
        "The part %s cannot be read: %s. Delete it, or restore it.".formatted(part, why));
  }

  /** Joins the rows of each request. */
  private static final class Rows {

    private final VectorSchemaRoot root;
    private final Path part;
    private final List<Field> columns = new ArrayList<>();
    private final Map<String, String> labels = new TreeMap<>(); // Their columns.
    private final List<LoggedItem> items = new ArrayList<>();
    private @Nullable LoggedRequest first;

    Rows(VectorSchemaRoot root, Path part) {
      this.root = root;
      this.part = part;
      for (String name : LogColumns.names()) {
        if (root.getVector(name) == null) {
          throw damaged(part, "it has no column " + name);
        }
      }
      root.getSchema().getFields().stream()
          .filter(field -> !LogColumns.names().contains(field.getName()))
          .forEach(this::add);
    }

    private void add(Field field) {
      String label = field.getMetadata().get(LogColumns.LABEL);
      if (label == null) {
        columns.add(field);
      } else {
        labels.put(label, field.getName());
      }
    }

    /** Adds a row, and returns the request before if it begins another one. */
    @Nullable LoggedRequest add(int row) {
      LoggedRequest before = null;
      if (first == null || Integer.valueOf(0).equals(value(LogColumns.PLACE, row))) {
        before = end();
        first =
            new LoggedRequest(
                text(LogColumns.REQUEST, row),
                value(LogColumns.TIME, row) instanceof Long time ? time : 0,
                text(LogColumns.MODEL, row),
                text(LogColumns.VERSION, row),
                text(LogColumns.DIGEST, row),
                Boolean.TRUE.equals(value(LogColumns.UPDATED, row)),
                optional(RawSchema.USER, row),
                text(RawSchema.SCENARIO, row),
                List.of());
      }
      if (!text(LogColumns.STATUS, row).equals(ItemStatus.MALFORMED.name())) {
        items.add(item(row));
      }
      return before;
    }

    private LoggedItem item(int row) {
      Set<String> brought = new HashSet<>();
      if (value(LogColumns.BROUGHT, row) instanceof Iterable<?> names) {
        names.forEach(name -> brought.add(String.valueOf(name)));
      }
      Map<String, @Nullable Object> used = new HashMap<>();
      for (Field column : columns) {
        if (!column.getMetadata().containsKey(LogColumns.OPTIONAL)
            || brought.contains(column.getName())) {
          used.put(column.getName(), value(column.getName(), row));
        }
      }
      float probability =
          value(LogColumns.PROBABILITY, row) instanceof Float number ? number : Float.NaN;
      return new LoggedItem(optional(RawSchema.ITEM, row), probability, used, brought, labels(row));
    }

    private Map<String, Float> labels(int row) {
      Map<String, Float> probabilities = new TreeMap<>();
      labels.forEach(
          (label, column) -> {
            if (value(column, row) instanceof Float number) {
              probabilities.put(label, number);
            }
          });
      return probabilities;
    }

    /** Returns the last request; null if there was none. */
    @Nullable LoggedRequest end() {
      LoggedRequest last =
          first == null
              ? null
              : new LoggedRequest(
                  first.id(),
                  first.time(),
                  first.model(),
                  first.version(),
                  first.digest(),
                  first.updatedKnowledge(),
                  first.user(),
                  first.scenario(),
                  items);
      first = null;
      items.clear();
      return last;
    }

    private String text(String column, int row) {
      String text = optional(column, row);
      if (text == null) {
        throw damaged(part, "row %d has no %s".formatted(row, column));
      }
      return text;
    }

    private @Nullable String optional(String column, int row) {
      Object value = value(column, row);
      return value == null ? null : value.toString();
    }

    private @Nullable Object value(String column, int row) {
      return ArrowRows.value(root.getVector(column), row);
    }
  }
}
