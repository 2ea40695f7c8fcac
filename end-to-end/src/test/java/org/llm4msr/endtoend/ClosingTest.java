package org.llm4msr.endtoend;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.llm4msr.endtoend.ServedShop.same;

import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.endtoend.HeldShop.Hold;
import org.llm4msr.serving.ranker.RankResult;
import org.llm4msr.serving.ranker.Ranker;

/** A ranker that is closed while it ranks. */
class ClosingTest {

  private static final long PATIENCE = 30;

  @TempDir static Path folder;
  private static HeldShop shop;

  @BeforeAll
  static void train() throws Exception {
    shop = HeldShop.train(folder);
  }

  @Test
  void aRankerWaitsForTheRequestInThePass() throws Exception {
    Ranker ranker = shop.ranker();
    RankResult expected = ranker.rank(same(17, 3));
    CompletableFuture<RankResult> held;
    Thread closing = new Thread(ranker::close);
    try (Hold hold = new Hold(HeldShop.MODEL)) {
      held = CompletableFuture.supplyAsync(() -> ranker.rank(same(17, 3)));
      hold.await();
      closing.start();
      Await.until(() -> assertThat(closing.getState()).isEqualTo(Thread.State.WAITING));
      assertThat(held).isNotDone();
    }
    closing.join(SECONDS.toMillis(PATIENCE));

    for (int item = 0; item < 3; item++) {
      assertThat(held.get(PATIENCE, SECONDS).probability(item))
          .isEqualTo(expected.probability(item));
    }
    assertThat(closing.isAlive()).isFalse();
    assertThatThrownBy(() -> ranker.rank(same(17, 3))).hasMessageStartingWith("[rank/CLOSED]");
    assertThatThrownBy(() -> ranker.explain(same(17, 3))).hasMessageStartingWith("[rank/CLOSED]");
    ranker.close();
  }
}
