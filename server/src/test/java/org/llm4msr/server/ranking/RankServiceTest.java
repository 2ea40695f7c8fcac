package org.llm4msr.server.ranking;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.server.FakeBundle;
import org.llm4msr.server.FakeModel;
import org.llm4msr.server.FakeShop;
import org.llm4msr.server.config.LimitsConfig;
import org.llm4msr.server.config.ModelEntry;
import org.llm4msr.server.models.Models;
import org.llm4msr.server.models.ServedModel;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;

/** One thread that ranks, one place in its queue, and one request of a client at once. */
class RankServiceTest {

  private static final Duration TIME = Duration.ofMillis(700);

  @TempDir Path folder;
  private final AtomicLong now = new AtomicLong(5);
  private final Models models = new Models();
  private final Admission admission = new Admission(1, 1, now::get);
  private final List<String> told = new ArrayList<>();
  private volatile boolean awaited = true;
  private FakeModel first;
  private FakeModel second;

  @BeforeEach
  void begin() throws IOException {
    first = FakeModel.open(new FakeBundle(1).write(folder.resolve("1")));
    second = FakeModel.open(new FakeBundle(2).write(folder.resolve("2")));
    models.put(served(first, "1"));
    admission.begin();
  }

  @AfterEach
  void end() {
    admission.close();
  }

  private ServedModel served(FakeModel model, String version) {
    ModelEntry entry = new ModelEntry(folder.resolve(version), null, 1, 0);
    return new ServedModel("main", version, folder.resolve(version), entry, model, Instant.EPOCH);
  }

  private RankService service(FeatureFetch fetch) {
    RankObserver observer = (answer, begin) -> told.add(answer.version() + " since " + begin);
    LimitsConfig limits = new LimitsConfig(4096, 1000, 1, 1, 16, 60, 100, TIME.toMillis());
    return new RankService(models, admission, limits, fetch, List.of(observer), now::get);
  }

  private CompletableFuture<RankAnswer> rank(RankService service, RankCall call) {
    return service.rank(
        Arrival.at(now.get(), "me", TIME, () -> awaited), () -> call, answer -> answer);
  }

  private static RankCall call(boolean explain, int items) {
    return new RankCall("", "", 0, explain, FakeShop.request(17, items));
  }

  @Test
  void aRequestHasAnIdAndItsDeadline() throws Exception {
    List<RankRequest> ranked = new ArrayList<>();
    first.whenRanked(ranked::add);

    RankAnswer answer = rank(service(FeatureFetch.NONE), call(false, 3)).get();

    assertThat(answer.call().id()).isNotEmpty();
    assertThat(ranked.get(0).deadline()).isEqualTo(5 + TIME.toNanos());
    assertThat(told).containsExactly("1 since 5");
  }

  /** As after a long pause of the thread that ranks. */
  @Test
  void aRequestWhoseModelIsClosedMeanwhileIsRankedByItsSuccessor() throws Exception {
    first.close();
    FeatureFetch replacing =
        (call, model) -> {
          models.put(served(second, "2"));
          return call;
        };

    RankAnswer answer = rank(service(replacing), call(false, 3)).get();

    assertThat(answer.version()).isEqualTo("2");
    assertThat(answer.result().probability(0))
        .isEqualTo(second.rank(FakeShop.request(17, 3)).probability(0));
    assertThat(told).containsExactly("2 since 5");
  }

  @Test
  void aRequestToAModelThatIsClosedAndNotReplacedFindsTheServerEnding() {
    first.close();

    assertThatThrownBy(() -> rank(service(FeatureFetch.NONE), call(false, 3)).get())
        .hasMessageContaining("[serve/NOT_READY]");
    assertThat(told).isEmpty();
  }

  @Test
  void aHundredItemsAreExplainedAndNoMore() throws Exception {
    RankService service = service(FeatureFetch.NONE);

    assertThat(rank(service, call(true, 100)).get().explanation().items()).hasSize(100);
    assertThatThrownBy(() -> rank(service, call(true, 101)).get())
        .hasMessageContaining("more than 100 items to explain");
    assertThat(rank(service, call(false, 101)).get().explanation()).isNull();
  }

  @Test
  void aClientThatIsBusyIsRefusedAndMayComeAgain() throws Exception {
    RankService service = service(FeatureFetch.NONE);
    service.enter("me");
    assertThatThrownBy(() -> rank(service, call(false, 1)).get())
        .hasMessageContaining("[serve/CLIENT_BUSY]");
    service.leave("me");

    assertThat(rank(service, call(false, 1)).get(1, TimeUnit.MINUTES).version()).isEqualTo("1");
    assertThat(told).containsExactly("1 since 5");
  }

  private static RankCall call(String id, Object user, Object item) {
    List<RankItem> items = List.of(new RankItem("i1"), new RankItem(item));
    RankRequest whole = FakeShop.request(17, 1);
    return new RankCall(
        id, "", 0, new RankRequest(user, whole.scenario(), whole.context(), items, null));
  }

  @Test
  void idsThatAreEmptyOrLongAreRefused() throws Exception {
    RankService service = service(FeatureFetch.NONE);
    String longest = "x".repeat(128);

    assertThat(rank(service, call(longest, longest, longest)).get().call().id()).isEqualTo(longest);
    assertThat(rank(service, call("", 17L, 5L)).get().version()).isEqualTo("1");
    for (String[] bad :
        new String[][] {
          {"r", "", "i2", "user is empty"},
          {"r", "17", "", "items[1].id is empty"},
          {longest + "x", "17", "i2", "id has 129 characters. Send an id of at most 128."},
          {"r", longest + "x", "i2", "user has 129 characters"},
          {"r", "17", longest + "x", "items[1].id has 129 characters"}
        }) {
      assertThatThrownBy(() -> rank(service, call(bad[0], bad[1], bad[2])).get())
          .hasMessageContaining("[serve/BAD_REQUEST] " + bad[3]);
    }
  }

  /** What was ranked for nobody is not told as served: no log has it. */
  @Test
  void aRequestWhoseClientLeavesIsNotRankedFurther() {
    List<RankRequest> ranked = new ArrayList<>();
    RankService service = service(FeatureFetch.NONE);
    first.whenRanked(
        request -> {
          ranked.add(request);
          awaited = false;
        });

    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> rank(service, call(false, 3)).get())
          .hasMessageContaining("[serve/CANCELLED]");
    }

    assertThat(ranked).hasSize(1);
    assertThat(told).isEmpty();
  }
}
