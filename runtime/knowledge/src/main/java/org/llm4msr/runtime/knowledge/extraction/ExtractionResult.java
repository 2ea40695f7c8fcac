package org.llm4msr.runtime.knowledge.extraction;

import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.knowledge.store.StoreInfo;

/**
 * The result of filling a store.
 *
 * @param info the store as it is now
 * @param scenarios what became of the prompts of scenarios
 * @param users of users
 * @param items of items; nothing where items are not read
 * @param shortened prompts, of those read, that lost history
 * @param droppedHistory history items they lost
 * @param tokens tokens of the prompts that were read
 * @param seconds time that encoding took
 * @param device the device of the runtime's engine: cpu, or gpu:N; null if the engine was not used
 */
public record ExtractionResult(
    StoreInfo info,
    Counts scenarios,
    Counts users,
    Counts items,
    long shortened,
    long droppedHistory,
    long tokens,
    double seconds,
    @Nullable String device) {

  /** Returns this result of an encoder that computed on a device. */
  public ExtractionResult onDevice(@Nullable String name) {
    return new ExtractionResult(
        info, scenarios, users, items, shortened, droppedHistory, tokens, seconds, name);
  }

  /** Returns this store with the counts of both fillings. */
  public ExtractionResult with(ExtractionResult other) {
    return new ExtractionResult(
        info,
        scenarios.plus(other.scenarios),
        users.plus(other.users),
        items.plus(other.items),
        shortened + other.shortened,
        droppedHistory + other.droppedHistory,
        tokens + other.tokens,
        seconds + other.seconds,
        device);
  }

  /** Returns how many prompts of all levels were read. */
  public long read() {
    return Stream.of(scenarios, users, items).mapToLong(Counts::read).sum();
  }

  /** Returns how many prompts of all levels were skipped, since their vectors were there. */
  public long stored() {
    return Stream.of(scenarios, users, items).mapToLong(Counts::stored).sum();
  }

  /** Returns prompts per second, or 0 if nothing was read. */
  public double promptsPerSecond() {
    return seconds == 0 ? 0 : read() / seconds;
  }

  /** Returns tokens per second, or 0 if nothing was read. */
  public double tokensPerSecond() {
    return seconds == 0 ? 0 : tokens / seconds;
  }

  /**
   * Returns what the store holds, what was read and how fast, and who has no vector.
   *
   * @param store its folder
   */
  public String text(Path store) {
    String done =
        read() == 0
            ? "all stored already, nothing to read"
            : String.format(
                Locale.ROOT,
                "%,d prompts read at %,.1f/s (%,.0f tokens/s)%s, %,d stored already,"
                    + " %,d lost %,d history items",
                read(),
                promptsPerSecond(),
                tokensPerSecond(),
                device == null ? "" : " on " + device,
                stored(),
                shortened,
                droppedHistory);
    return "%s: %s; %s\n%s%s"
        .formatted(store, held(), done, users.withoutVector("users"), items.withoutVector("items"));
  }

  private String held() {
    String ofItems =
        info.items() == 0 ? "" : String.format(Locale.ROOT, ", %,d items", info.items());
    return String.format(
        Locale.ROOT, "%,d scenarios, %,d users%s", info.scenarios(), info.users(), ofItems);
  }
}
