package org.llm4msr.runtime.data.prepared;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.data.arrow.ArrowFile;
import org.llm4msr.runtime.data.arrow.DataErrors;
import org.llm4msr.runtime.data.arrow.IdColumn;
import org.llm4msr.runtime.data.arrow.NumberColumn;
import org.llm4msr.runtime.data.arrow.TimeColumn;
import org.llm4msr.runtime.data.order.RowOrder;

/** Logged rows in split files, each of which is sorted by time. */
final class FolderLoggedRows implements LoggedRows {

  private final List<Part> parts;

  /**
   * Opens them.
   *
   * @param files in the order of the parts
   * @param label the column that tells positives
   * @throws MsrException of type USER where rows have no time, of type DATA where the files do not
   *     say which rows were logged
   */
  FolderLoggedRows(Map<Split, ArrowFile> files, DatasetManifest manifest, String label) {
    if (!manifest.time()) {
      throw DataErrors.user(
          "NO_TIME",
          "The rows have no time, so that nothing is known to be before another row. Use data with a time, or a model that reads no history.");
    }
    parts = new ArrayList<>();
    files.forEach((split, file) -> parts.add(new Part(split, file, manifest, label)));
  }

  @Override
  public void forEach(Visitor visitor) {
    List<Cursor> cursors = new ArrayList<>();
    for (Part part : parts) {
      cursors.add(new Cursor(part));
    }
    for (Cursor next = oldest(cursors); next != null; next = oldest(cursors)) {
      next.visit(visitor);
      next.advance();
    }
  }

  /** Returns the first of those with the smallest time; null where all are at their end. */
  private static @Nullable Cursor oldest(List<Cursor> cursors) {
    Cursor oldest = null;
    for (Cursor cursor : cursors) {
      if (!cursor.ended && (oldest == null || cursor.time < oldest.time)) {
        oldest = cursor;
      }
    }
    return oldest;
  }

  /** The columns of one part. */
  private static final class Part {
    private final Split split;
    private final ArrowFile file;
    private final IdColumn user;
    private final IdColumn item;
    private final IdColumn scenario;
    private final NumberColumn label;
    private final TimeColumn time;
    private final NumberColumn drawn;
    private final @Nullable IdColumn group;

    Part(Split split, ArrowFile file, DatasetManifest manifest, String labelColumn) {
      this.split = split;
      this.file = file;
      if (!file.has(SplitColumns.DRAWN)) {
        throw DataErrors.data(
            "NO_HISTORY",
            "%s does not say which rows were logged (column '%s'), which a model that reads history must know: it was prepared by an earlier release or another program. Prepare it again with `llm4msr data prepare --force`."
                .formatted(file.path(), SplitColumns.DRAWN));
      }
      user = new IdColumn(file, SplitColumns.USER, manifest.users());
      item = new IdColumn(file, SplitColumns.ITEM, manifest.items());
      scenario = new IdColumn(file, SplitColumns.SCENARIO, manifest.scenarios().size());
      label = new NumberColumn(file, labelColumn);
      time = new TimeColumn(file, SplitColumns.TIME);
      drawn = new NumberColumn(file, SplitColumns.DRAWN);
      group =
          file.has(SplitColumns.GROUP)
              ? new IdColumn(file, SplitColumns.GROUP, Integer.MAX_VALUE)
              : null;
    }
  }

  /** A place in one part, at a logged row with a time unless it has ended. */
  private static final class Cursor {
    private final Part part;
    private final RowOrder order;
    private final long[] picks = new long[1024];
    private int count;
    private int at = -1;
    private boolean ended;
    private long time = Long.MIN_VALUE;

    Cursor(Part part) {
      this.part = part;
      order = new RowOrder.Sequential(part.file);
      advance();
    }

    void advance() {
      do {
        if (++at == count) {
          count = order.next(picks);
          at = 0;
        }
        ended = count == 0;
      } while (!ended && !isEvent(picks[at]));
    }

    private boolean isEvent(long pick) {
      if (!part.time.has(pick)) {
        return false;
      }
      long own = part.time.get(pick);
      if (own < time) {
        throw DataErrors.data(
            "NOT_SORTED",
            "%s: row %d is older than the row before it. Write the rows oldest first."
                .formatted(part.file.path(pick), part.file.rowInFile(pick)));
      }
      time = own;
      return part.drawn.get(pick) == 0 && part.label.get(pick) >= 0; // -1: not known.
    }

    void visit(Visitor visitor) {
      long pick = picks[at];
      visitor.visit(
          part.split,
          part.user.get(pick),
          part.item.get(pick),
          part.scenario.get(pick),
          part.label.get(pick) == 1,
          time,
          part.group == null ? 0 : part.group.get(pick));
    }
  }
}
