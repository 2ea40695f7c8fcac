package org.llm4msr.server;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.llm4msr.server.ranking.RankAnswer;
import org.llm4msr.server.ranking.RankCall;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;
import org.llm4msr.serving.ranker.RankingModel;

/** Answers of models to drawn requests. */
public final class FakeAnswers {

  private FakeAnswers() {}

  /** Draws a request with values of all kinds and origins, some of them not known or missing. */
  public static RankRequest draw(Random random) {
    List<RankItem> items = new ArrayList<>();
    for (int i = 0; i < 1 + random.nextInt(30); i++) {
      String id = random.nextInt(9) == 0 ? "new" + i : "i" + random.nextInt(150);
      Map<String, @Nullable Object> own = new HashMap<>();
      if (random.nextInt(3) == 0) {
        own.put("price", random.nextBoolean() ? random.nextGaussian() * 4 + 10 : null);
      }
      if (random.nextInt(5) == 0) {
        own.put("kind", random.nextBoolean() ? "k" + random.nextInt(4) : "unheard");
      }
      if (random.nextInt(5) == 0) {
        own.put("words", List.of("w" + random.nextInt(11), "unheard"));
      }
      items.add(new RankItem(id, own));
    }
    Map<String, @Nullable Object> context = new HashMap<>();
    context.put("hour", random.nextBoolean() ? random.nextInt(24) : null);
    context.put("price", "12.5");
    context.put("tags", random.nextBoolean() ? "a" : List.of("b", "c"));
    if (random.nextInt(3) == 0) {
      context.put("age", 40);
    }
    return new RankRequest(random.nextInt(70), FakeShop.SCENARIOS.get(random.nextInt(2)), items)
        .with(context);
  }

  /** Returns the answer of a model that is called main, in the version v1. */
  public static RankAnswer answer(String id, RankRequest request, RankingModel model) {
    RankCall call = new RankCall(id, "", 0, false, request);
    return new RankAnswer(call, "main", "v1", model, model.rank(request), null);
  }
}
