package org.llm4msr.server.ranking;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.server.refusal.Refusals;
import org.llm4msr.serving.ranker.RankItem;

/** Ids that a request brings: they are logged as they are, and data is prepared from the log. */
final class RequestIds {

  private static final int LONGEST = 128;

  private RequestIds() {}

  /**
   * Refuses an id of user or item that is empty, and any that is long.
   *
   * @throws org.llm4msr.api.MsrException {@code serve/BAD_REQUEST}
   */
  static void require(RankCall call) {
    requireShort("id", call.id());
    require("user", call.request().user());
    List<RankItem> items = call.request().items();
    for (int place = 0; place < items.size(); place++) {
      if (items.get(place).id() instanceof String id && (id.isEmpty() || id.length() > LONGEST)) {
        require("items[" + place + "].id", id);
      }
    }
  }

  private static void require(String place, @Nullable Object id) {
    if (id instanceof String text) {
      if (text.isEmpty()) {
        throw Refusals.badRequest("%s is empty. Send an id.".formatted(place));
      }
      requireShort(place, text);
    }
  }

  private static void requireShort(String place, String id) {
    if (id.length() > LONGEST) {
      throw Refusals.badRequest(
          "%s has %,d characters. Send an id of at most %d."
              .formatted(place, id.length(), LONGEST));
    }
  }
}
