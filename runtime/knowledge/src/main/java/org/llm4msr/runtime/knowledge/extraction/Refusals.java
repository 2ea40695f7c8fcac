package org.llm4msr.runtime.knowledge.extraction;

import java.util.EnumMap;
import java.util.Map;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Level;

/** Prompts that an encoder refused: it goes on without some, but not without many. */
final class Refusals {

  /** More than this, and than a tenth of those so far, are no matter of single prompts. */
  private static final int FEW = 10;

  private final Map<Level, Refused> levels = new EnumMap<>(Level.class);

  private record Refused(MsrException first, long count) {}

  /**
   * Counts a refusal.
   *
   * @param seen prompts of the level so far, with this one
   * @throws MsrException the first refusal of the level, if there are too many
   */
  void add(Level level, MsrException error, long seen) {
    Refused refused =
        levels.merge(
            level,
            new Refused(error, 1),
            (before, one) -> new Refused(before.first(), before.count() + 1));
    if (refused.count() > FEW && refused.count() > seen / 10) {
      MsrException first = refused.first();
      throw new MsrException(
          first.type(),
          first.code(),
          "%s It was the first of %d that were refused, so that nothing more is read."
              .formatted(first.text(), refused.count()),
          first);
    }
  }
}
