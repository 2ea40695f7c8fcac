package org.llm4msr.server.ranking;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.llm4msr.serving.ranker.ItemStatus;
import org.llm4msr.serving.ranker.RankExplanation;
import org.llm4msr.serving.ranker.RankResult;
import org.llm4msr.serving.ranker.RankingModel;

/**
 * What is answered.
 *
 * @param call what was asked
 * @param model the name of the model that ranked
 * @param version which of its versions
 * @param ranker that of the model
 * @param explanation null where none is wanted
 */
public record RankAnswer(
    RankCall call,
    String model,
    String version,
    RankingModel ranker,
    RankResult result,
    @Nullable RankExplanation explanation) {

  /** Returns the places of items in their order: the best, then those that were not scored. */
  public int[] places() {
    int[] best = result.best(call.top() == 0 ? result.size() : call.top());
    int[] places = Arrays.copyOf(best, best.length + result.count(ItemStatus.MALFORMED));
    int at = best.length;
    for (int place = 0; at < places.length; place++) {
      if (result.status(place) == ItemStatus.MALFORMED) {
        places[at++] = place;
      }
    }
    return places;
  }
}
