package org.llm4msr.server.warmup;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.server.log.WarmUpRequests;
import org.llm4msr.server.models.Models;
import org.llm4msr.server.models.ServedModel;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;
import org.llm4msr.serving.ranker.RankingModel;

/**
 * Requests to all models, as clients will send them.
 *
 * @param mostItems of a request
 */
public record RehearsedRequests(Models models, int mostItems) {

  private static final int DRAWN = 16;
  private static final int FEW = 10;

  /** A key that no model knows: users and items that came after the training are among all. */
  private static final String NEW = "llm4msr-warm-up";

  /**
   * Returns the requests.
   *
   * @param log of requests, whose last ones they are; null, or without any, for drawn ones
   */
  public List<Asked> all(@Nullable Path log) {
    List<RankRequest> logged = WarmUpRequests.of(log);
    List<Asked> all = new ArrayList<>();
    for (ServedModel model : models.all()) {
      String name = models.all().size() == 1 && model.weight() > 0 ? "" : model.name();
      (logged.isEmpty() ? drawn(model.ranker()) : logged)
          .forEach(request -> all.add(new Asked(name, request)));
    }
    return all;
  }

  /** Of many items and of few by turns, each fourth of a new user. */
  private List<RankRequest> drawn(RankingModel model) {
    List<RankRequest> all = new ArrayList<>();
    for (RankRequest request : model.drawn(DRAWN)) {
      int number = all.size();
      int items = Math.min(number % 2 == 0 ? FEW : mostItems, request.items().size());
      all.add(
          new RankRequest(
              number % 4 == 0 ? NEW : request.user(),
              request.scenario(),
              request.context(),
              withNew(request.items().subList(0, items)),
              null));
    }
    return all;
  }

  private static List<RankItem> withNew(List<RankItem> known) {
    List<RankItem> items = new ArrayList<>(known);
    for (int place = 0; place < items.size(); place += FEW) {
      items.set(place, new RankItem(NEW));
    }
    return items;
  }
}
