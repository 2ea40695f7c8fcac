package org.llm4msr.server.ranking;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.llm4msr.server.refusal.Refusals;

/** Counts the requests of each client that are under way. */
final class Clients {

  private final int most;
  private final ConcurrentMap<String, Integer> underWay = new ConcurrentHashMap<>();

  /**
   * Begins without any.
   *
   * @param most of one client; 0 for any number
   */
  Clients(int most) {
    this.most = most;
  }

  /**
   * Counts one more.
   *
   * @throws org.llm4msr.api.MsrException {@code serve/CLIENT_BUSY}
   */
  void enter(String client) {
    AtomicBoolean entered = new AtomicBoolean(most == 0);
    if (most > 0) {
      underWay.compute(
          client,
          (key, all) -> {
            int before = all == null ? 0 : all;
            entered.set(before < most);
            return before < most ? before + 1 : before;
          });
    }
    if (!entered.get()) {
      throw Refusals.clientBusy(most);
    }
  }

  /** Counts one less. */
  void leave(String client) {
    if (most > 0) {
      underWay.computeIfPresent(client, (key, all) -> all == 1 ? null : all - 1);
    }
  }
}
