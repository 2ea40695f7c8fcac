package org.llm4msr.server.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.server.FakeBundle;
import org.llm4msr.server.FakeModel;
import org.llm4msr.server.FakeShop;
import org.llm4msr.server.config.ServerConfig;
import org.llm4msr.serving.ranker.RankRequest;
import org.llm4msr.serving.ranker.RankResult;
import org.llm4msr.serving.ranker.RankerComparison;
import org.llm4msr.serving.ranker.RankingModel;

/** Versions of a model that come, fail and go. */
class ReloadingTest {

  private static final FakeBundle OLD = new FakeBundle(1);
  private static final FakeBundle BETTER = new FakeBundle(2);
  private static final FakeBundle NARROW = new FakeBundle(1, List.of("feed"), List.of());
  private static final int MILLIS = 600_000;

  @TempDir Path versions;
  private final AtomicLong now = new AtomicLong();
  private Models models = new Models();
  private final List<String> told = new ArrayList<>();
  private final List<FakeModel> warmedUp = new ArrayList<>();
  private @Nullable Reloading reloading;

  @AfterEach
  void end() {
    if (reloading != null) {
      reloading.close();
    }
    models.close();
  }

  private Reloading begin() {
    end();
    models = new Models();
    ServerConfig config =
        ConfigLoader.standard(PluginRegistry.load())
            .bind(
                ServerConfig.class,
                List.of("models.main.versions=" + versions, "limits.timeoutMillis=" + MILLIS),
                "the test");
    reloading =
        new Reloading(
            config,
            FakeModel::open,
            models,
            new Observer(),
            model -> warmedUp.add((FakeModel) model),
            now::get);
    reloading.begin();
    return reloading;
  }

  private final class Observer implements ModelObserver {

    @Override
    public void served(ServedModel model, @Nullable ServedModel before) {
      told.add(model.version() + " after " + (before == null ? "none" : before.version()));
    }

    @Override
    public void rejected(String model, Rejected version) {
      told.add(version.version() + " " + version.code());
    }
  }

  private FakeModel served() {
    return (FakeModel) models.choose("main", null).ranker();
  }

  private ModelStatus status() {
    return reloading.status().get(0);
  }

  private void damage(String version) throws IOException {
    Files.writeString(versions.resolve(version).resolve("manifest.json"), "{\"form");
  }

  @Test
  void aVersionThatComesIsServedWhenFoldersAreLookedAt() throws IOException {
    OLD.write(versions.resolve("v9"));
    Reloading begun = begin();
    FakeModel first = served();
    BETTER.write(versions.resolve("v10.tmp"));
    begun.poll();
    assertThat(status().version()).isEqualTo("v9");

    Files.move(versions.resolve("v10.tmp"), versions.resolve("v10"));
    begun.poll();

    assertThat(served().digest()).isNotEqualTo(first.digest()).isEqualTo(status().digest());
    assertThat(warmedUp).containsExactly(first, served());
    assertThat(told).containsExactly("v9 after none", "v10 after v9");
    assertThat(status().version()).isEqualTo("v10");
    assertThat(status().versions()).containsExactly("v10", "v9");
    assertThat(status().pinned()).isFalse();
    assertThat(status().rejected()).isNull();
    assertThat(status().comparison().requests()).isPositive();
  }

  @Test
  void whatWasReplacedIsClosedWhenItsRequestsAreAnswered() throws IOException {
    OLD.write(versions.resolve("1"));
    Reloading begun = begin();
    FakeModel first = served();
    BETTER.write(versions.resolve("2"));
    begun.poll();
    FakeModel second = served();

    now.addAndGet(Duration.ofMillis(MILLIS).toNanos() - 1);
    begun.poll();
    assertThat(first.isClosed()).isFalse();
    now.incrementAndGet();
    begun.poll();
    assertThat(first.isClosed()).isTrue();

    OLD.write(versions.resolve("3"));
    begun.poll();
    assertThat(second.isClosed()).isFalse();
    begun.close();
    assertThat(second.isClosed()).isTrue();
    assertThat(served().isClosed()).isFalse();
  }

  @Test
  void aBrokenVersionChangesNothingAndSaysWhy() throws IOException {
    OLD.write(versions.resolve("1"));
    Reloading begun = begin();
    BETTER.write(versions.resolve("2"));
    byte[] whole = Files.readAllBytes(versions.resolve("2/manifest.json"));
    damage("2");
    begun.poll();
    begun.poll();

    assertThat(status().version()).isEqualTo("1");
    assertThat(status().rejected().version()).isEqualTo("2");
    assertThat(status().rejected().code()).isEqualTo("bundle/DAMAGED");
    assertThat(status().rejected().message()).contains("manifest.json");
    assertThat(told).containsExactly("1 after none", "2 bundle/DAMAGED");
    assertFails("2", "serve/REJECTED", "not served, and nothing has changed");
    assertThat(versions.resolve("PINNED")).doesNotExist();

    Files.write(versions.resolve("2/manifest.json"), whole);
    begun.poll();
    assertThat(status().version()).isEqualTo("2");
    assertThat(status().rejected()).isNull();
  }

  private void assertFails(String version, String code, String says) {
    assertThatThrownBy(() -> reloading.select("main", version).join())
        .isInstanceOf(CompletionException.class)
        .cause()
        .isInstanceOfSatisfying(
            MsrException.class, error -> assertThat(error.code()).isEqualTo(code))
        .hasMessageContaining(says);
  }

  @Test
  void aVersionIsChosenByNameUntilAnotherOneIs() throws IOException {
    OLD.write(versions.resolve("1"));
    BETTER.write(versions.resolve("2"));
    Reloading begun = begin();
    assertThat(status().version()).isEqualTo("2");

    assertThat(begun.select("main", "1").join().version()).isEqualTo("1");
    assertThat(versions.resolve("PINNED")).hasContent("1\n");
    BETTER.write(versions.resolve("3"));
    begun.poll();
    assertThat(status().pinned()).isTrue();
    assertThat(status().version()).isEqualTo("1");

    assertThat(begun.select("main", null).join().version()).isEqualTo("3");
    assertThat(versions.resolve("PINNED")).doesNotExist();
    Files.writeString(versions.resolve("PINNED"), "2");
    begun.poll();
    assertThat(status().version()).isEqualTo("2");
    assertFails("none", "serve/NO_VERSION", "[3, 2, 1]");
    assertThatThrownBy(() -> begun.select("other", "1").join())
        .hasMessageContaining("serve/NO_MODEL")
        .hasMessageContaining("[main]");
    assertThat(status().version()).isEqualTo("2");
  }

  @Test
  void aVersionThatRequestsWouldFailWithIsServedOnlyByName() throws IOException {
    OLD.write(versions.resolve("1"));
    Reloading begun = begin();
    NARROW.write(versions.resolve("2"));
    begun.poll();

    assertThat(status().version()).isEqualTo("1");
    assertThat(status().rejected().code()).isEqualTo("serve/FEWER_SCENARIOS");
    assertThat(status().rejected().message()).contains("[search]", "by name");
    assertThat(begun.select("main", "2").join().version()).isEqualTo("2");
    assertThat(served().scenarios()).containsExactly("feed");
  }

  @Test
  void theNewestVersionThatCanBeLoadedIsTheFirst() throws IOException {
    OLD.write(versions.resolve("1"));
    BETTER.write(versions.resolve("2"));
    damage("2");
    begin();
    assertThat(status().version()).isEqualTo("1");
    assertThat(status().rejected().code()).isEqualTo("bundle/DAMAGED");

    Files.delete(versions.resolve("1/manifest.json"));
    assertThatThrownBy(this::begin).hasMessageStartingWith("[bundle/DAMAGED]");
    Files.delete(versions.resolve("2/manifest.json"));
    assertThatThrownBy(this::begin).hasMessageStartingWith("[serve/NO_VERSION]");
  }

  @Test
  void aModelWhoseVersionIsDeletedIsServedOn() throws IOException {
    OLD.write(versions.resolve("1"));
    BETTER.write(versions.resolve("2"));
    Reloading begun = begin();
    FakeModel newest = served();
    Files.delete(versions.resolve("2/manifest.json"));
    Files.delete(versions.resolve("2/manifest.json.sha256"));
    Files.delete(versions.resolve("2"));
    begun.poll();

    assertThat(status().version()).isEqualTo("2");
    assertThat(served()).isSameAs(newest);
    assertThat(newest.rank(FakeShop.request(17, 3)).size()).isEqualTo(3);
  }

  @Test
  void aFolderThatIsAwayForAWhileChangesNothing() throws IOException {
    OLD.write(versions.resolve("all/1"));
    Path all = versions.resolve("all");
    versions = all;
    Reloading begun = begin();
    Path away = Files.move(all, all.resolveSibling("away"));
    begun.poll();
    assertThat(served().isClosed()).isFalse();

    Files.move(away, all);
    BETTER.write(all.resolve("2"));
    begun.poll();
    assertThat(status().version()).isEqualTo("2");
  }

  /** The means over all items of all drawn requests. */
  @Test
  void twoModelsAreComparedByTheirProbabilities() throws IOException {
    RankingModel one = FakeModel.open(OLD.write(versions.resolve("1")));
    RankingModel other = FakeModel.open(BETTER.write(versions.resolve("2")));
    double mean = 0;
    double change = 0;
    int items = 0;
    for (RankRequest request : one.drawn(40)) {
      RankResult first = FakeModel.open(versions.resolve("1")).rank(request);
      RankResult second = FakeModel.open(versions.resolve("2")).rank(request);
      for (int place = 0; place < first.size(); place++) {
        mean += first.probability(place);
        change += Math.abs(first.probability(place) - second.probability(place));
        items++;
      }
    }

    RankerComparison equal = RankerComparison.of(one, one);
    assertThat(equal.change()).isZero();
    assertThat(equal.sameBest()).isEqualTo(1);
    assertThat(equal.mean()).isEqualTo(equal.otherMean()).isCloseTo(mean / items, within(1e-6));
    RankerComparison differs = RankerComparison.of(one, other);
    assertThat(differs.requests()).isEqualTo(40);
    assertThat(differs.mean()).isEqualTo(equal.mean());
    assertThat(differs.change()).isCloseTo(change / items, within(1e-6));
    assertThat(differs.sameBest()).isLessThan(1);
    assertThat(differs.spread()).isTrue();
    assertThat(RankerComparison.of(other, one).mean()).isEqualTo(differs.otherMean());
    assertThat(one.stats().requests()).isZero();
  }
}
