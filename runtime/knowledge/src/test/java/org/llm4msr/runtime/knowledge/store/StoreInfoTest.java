package org.llm4msr.runtime.knowledge.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.config.KnowledgeConfig.Precision;

/** Which stores hold the same vectors, or may. */
class StoreInfoTest {

  private static final StoreInfo INFO = info(encoder("words", 9), "template", Map.of());

  @Test
  void identityStaysTheHashThatStoresOnDiskHave() throws NoSuchAlgorithmException {
    String text =
        "Encoder[model=words, revision=1, checksum=abc, state=mean, dimension=2, maxTokens=9]\n"
            + "template\nFLOAT16";
    assertThat(INFO.identity()).isEqualTo(sha256(text));
  }

  @Test
  void whatChangesEveryVectorIsNamedAndWhatDependsOnThePromptToo() {
    StoreInfo other = info(encoder("letters", 9), "template", Map.of("control.users", "shuffled"));
    assertThat(INFO.differences(other))
        .containsExactly(
            "encoder model was words and is now letters",
            "control was {} and is now {control.users=shuffled}");
    assertThat(INFO.isMadeAs(other)).isFalse();
    assertThat(INFO.mayHold(other)).as("only prompts differ").isFalse();
    assertThat(INFO.mayHold(info(encoder("letters", 10), "template", Map.of())))
        .as("only prompts differ")
        .isFalse();

    StoreInfo longer = info(encoder("words", 10), "another template", Map.of());
    assertThat(INFO.differences(longer))
        .containsExactly(
            "longest prompt was 9 and is now 10", "another prompt template or prompt setting");
    assertThat(INFO.isMadeAs(longer)).isFalse();
    assertThat(INFO.mayHold(longer)).as("only prompts differ").isTrue();
  }

  @Test
  void settingsThatMakeNoVectorAreNoDifference() {
    StoreInfo other =
        info(encoder("words", 9), "template", Map.of("controller", "x", "limit", "3"));
    assertThat(INFO.differences(other)).isEmpty();
    assertThat(INFO.isMadeAs(other)).isTrue();
    assertThat(INFO.mayHold(other)).as("nothing differs").isFalse();
  }

  @Test
  void aStoreThatWasBegunUnderOtherSettingsKeepsItsIdentity() {
    StoreInfo begun = info(encoder("words", 10), "another template", Map.of());
    StoreInfo continued = INFO.continuing(begun);
    assertThat(continued.identity()).isEqualTo(begun.identity());
    assertThat(continued.template()).isEqualTo("template");
    assertThat(begun.isMadeAs(continued)).isTrue();
  }

  @Test
  void aControlIsAnEmptyStoreOfItsOwn() throws NoSuchAlgorithmException {
    StoreInfo full =
        INFO.withItems("data", "of items")
            .without(Without.NONE, Without.NONE)
            .completed("content", 1, 2, 3);
    StoreInfo control = full.under(Map.of("control.users", "random"));

    assertThat(control.identity())
        .isEqualTo(sha256(INFO.identity() + "\n{control.users=random}"))
        .isNotEqualTo(full.identity());
    assertThat(control.precision()).isEqualTo(Precision.FLOAT32);
    assertThat(control.settings()).isEqualTo(Map.of("control.users", "random"));
    assertThat(control.complete()).isFalse();
    assertThat(List.of(control.content(), control.itemContent(), control.itemSource()))
        .containsOnly("");
    assertThat(List.of(Level.values())).allSatisfy(l -> assertThat(control.count(l)).isZero());
    assertThat(control.usersWithout()).isNull();
    assertThat(control.itemsWithout()).isNull();
  }

  @Test
  void itemsCountForThoseWhoReadThem() {
    StoreInfo one = INFO.withItems("data", "items 1").completed("people", 1, 2, 3);
    StoreInfo other = INFO.withItems("data", "items 2").completed("people", 1, 2, 3);
    assertThat(one.content(true)).isEqualTo("people items 1");
    assertThat(one.content(false)).isEqualTo("people");
    assertThat(one.hasSame(other, false)).isTrue();
    assertThat(one.hasSame(other, true)).isFalse();
    assertThat(one.hasSame(one.continuing(info(encoder("x", 9), "", Map.of())), false)).isFalse();
    assertThat(List.of(one.count(Level.SCENARIO), one.count(Level.USER), one.count(Level.ITEM)))
        .containsExactly(1L, 2L, 3L);
  }

  @Test
  void aServiceThatWasNotAskedTakesWhatTheStoreKnows() {
    StoreInfo.Encoder silent = new StoreInfo.Encoder("words", "", "", "mean", 0, 9);
    StoreInfo.Encoder known = encoder("known", 7);
    assertThat(silent.orElse(known))
        .isEqualTo(new StoreInfo.Encoder("words", "1", "abc", "mean", 2, 9));
    assertThat(new StoreInfo.Encoder("words", "2", "", "mean", 0, 9).orElse(known).revision())
        .isEqualTo("2");
    assertThat(known.orElse(silent)).isSameAs(known);
  }

  @Test
  void readsManifestsOfReleasesThatRecordedLess(@TempDir Path folder) throws IOException {
    String manifest =
        """
        {"formatVersion": 1, "identity": "any text", "template": "t", "precision": "FLOAT32",
         "encoder": {"model": "m", "revision": "", "checksum": "", "state": "mean",
                     "dimension": 4, "maxTokens": 8},
         "source": "data", "minInteractions": 1, "leakFutureInteractions": true,
         "content": "hash", "complete": true, "scenarios": 1, "users": 2, "items": %d}
        """;
    Files.writeString(folder.resolve("store.json"), manifest.formatted(3));
    StoreInfo read = KnowledgeStore.readInfo(folder);
    assertThat(read.plugins()).isEmpty();
    assertThat(read.settings()).isEmpty();
    assertThat(read.itemSource()).as("all levels were read at once").isEqualTo("data");
    assertThat(read.itemContent()).isEqualTo("hash");
    assertThat(INFO.after(read).leakFutureInteractions()).as("leaks with what leaks").isTrue();

    Files.writeString(folder.resolve("store.json"), manifest.formatted(0));
    assertThat(KnowledgeStore.readInfo(folder).itemSource()).isEmpty();
    assertThat(KnowledgeStore.readInfo(folder).itemContent()).isEmpty();
  }

  private static StoreInfo info(
      StoreInfo.Encoder encoder, String template, Map<String, String> settings) {
    return StoreInfo.empty(
        encoder, template, Precision.FLOAT16, "data", 1, false, List.of(), settings);
  }

  private static StoreInfo.Encoder encoder(String model, int maxTokens) {
    return new StoreInfo.Encoder(model, "1", "abc", "mean", 2, maxTokens);
  }

  private static String sha256(String text) throws NoSuchAlgorithmException {
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
    return HexFormat.of().formatHex(digest);
  }
}
