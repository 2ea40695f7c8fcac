package org.llm4msr.server.ranking;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.server.refusal.Refusals;

/** The keys of an event of a user's past: the only objects that lists of requests hold. */
public final class EventKeys {

  private static final Set<String> KNOWN =
      Set.of(RawSchema.ITEM, RawSchema.SCENARIO, RawSchema.TIME, RawSchema.LABEL);

  private EventKeys() {}

  /**
   * Refuses an object that is no event.
   *
   * @param place of the object in the request
   * @throws org.llm4msr.api.MsrException {@code serve/BAD_REQUEST}
   */
  public static void require(Map<String, @Nullable Object> event, String place) {
    for (String key : event.keySet()) {
      if (!KNOWN.contains(key) && !key.startsWith(RawSchema.labelColumn(""))) {
        throw Refusals.badRequest(
            "%s has the key '%s'. An event has the keys item, scenario, time, label and label_NAME."
                .formatted(place, key));
      }
    }
    if (event.get(RawSchema.ITEM) == null) {
      throw Refusals.badRequest("%s has no item. Each event has one.".formatted(place));
    }
  }
}
