package org.llm4msr.serving.ranker;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * One user in one scenario, and items.
 *
 * @param user as in the training data; one that is not known is scored as such
 * @param scenario one of the model's
 * @param context what all items share, by column
 * @param items in any order
 * @param deadline in nanoseconds of {@link System#nanoTime}; null for none
 */
public record RankRequest(
    @Nullable Object user,
    String scenario,
    Map<String, ?> context,
    List<RankItem> items,
    @Nullable Long deadline) {

  /** Makes a request without context and deadline. */
  public RankRequest(Object user, String scenario, List<RankItem> items) {
    this(user, scenario, Map.of(), items, null);
  }

  /** Returns this request with a context. */
  public RankRequest with(Map<String, ?> shared) {
    return new RankRequest(user, scenario, shared, items, deadline);
  }

  /** Returns this request with a deadline, counted from now. */
  public RankRequest within(Duration time) {
    return within(time, System::nanoTime);
  }

  RankRequest within(Duration time, LongSupplier ticker) {
    return new RankRequest(user, scenario, context, items, ticker.getAsLong() + time.toNanos());
  }

  /** Returns whether an item brings a column, or there is none to bring it. */
  boolean hasItemWith(String column) {
    return items.isEmpty()
        || items.stream().anyMatch(item -> item != null && item.fields().containsKey(column));
  }

  /** Returns an item by its place; throws if it is null. */
  RankItem item(int place) {
    RankItem item = items.get(place);
    if (item == null) {
      throw new MsrException(
          ErrorType.DATA, "data/BAD_VALUE", "Item %d is null. Leave it out.".formatted(place));
    }
    return item;
  }
}
