package org.llm4msr.runtime.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.RuntimeConfig;

/** A cluster that answers what it is told to. */
class ClusterCallsTest {

  private final Map<String, Object> asked = new HashMap<>();

  @Test
  void asksForAllCallsAtOnce() {
    List<String> ended = new ArrayList<>();
    ClusterCalls calls = calls(new Words(2, false));

    calls.make(
        List.of(List.of("a", "b"), List.of("c")), () -> ended.add("asked"), (call, answers) -> {});

    assertThat(calls.window()).isEqualTo(7);
    assertThat(asked).containsOnlyKeys("encoding", "calls", "between", "answered");
    assertThat(asked.get("calls")).isEqualTo(List.of(List.of("a", "b"), List.of("c")));
    ((Runnable) asked.get("between")).run();
    assertThat(ended).containsExactly("asked");
    Map<?, ?> encoding = (Map<?, ?>) asked.get("encoding");
    assertThat(encoding.get("encoder"))
        .isEqualTo("words, revision r1, checksum abc, mean, K = 2, at most 9 tokens");
    assertThat((String) encoding.get("encoding"))
        .contains("\"name\":\"words\"")
        .contains("\"device\":\"cpu\"");
  }

  @Test
  void answersAreVectorsWithTheirTexts() {
    Map<Integer, List<Knowledge>> read = new HashMap<>();
    calls(new Words(2, false))
        .make(
            List.of(List.of("a"), List.of("b", "c")),
            () -> {},
            (call, answers) -> read.put(call, answers.get()));

    float[][] vectors = {{1, 2}, {3, 4}};
    answer(1, Map.of("vectors", vectors, "texts", new String[] {"likes", null}));

    assertThat(read).containsOnlyKeys(1);
    assertThat(read.get(1)).extracting(Knowledge::vector).containsExactly(vectors);
    assertThat(read.get(1)).extracting(Knowledge::text).containsExactly("likes", null);
  }

  @Test
  void anErrorOfANodeIsThrownWhereItsAnswerIsRead() {
    List<Integer> told = new ArrayList<>();
    calls(new Words(2, false))
        .make(
            List.of(List.of("a")),
            () -> {},
            (call, answers) -> {
              told.add(call);
              assertThatThrownBy(answers::get)
                  .isInstanceOfSatisfying(
                      MsrException.class,
                      error -> {
                        assertThat(error.code()).isEqualTo("knowledge/SERVICE");
                        assertThat(error.type()).isEqualTo(ErrorType.EXTERNAL);
                        assertThat(error.text()).isEqualTo("It does not answer.");
                        assertThat(error.retryable()).isTrue();
                      });
            });

    answer(
        0,
        Map.of(
            "code",
            "knowledge/SERVICE",
            "type",
            "EXTERNAL",
            "text",
            "It does not answer.",
            "retryable",
            true));

    assertThat(told).containsExactly(0);
  }

  @Test
  void encodersWithoutAModelAreRefused() {
    for (Words words : List.of(new Words(2, true), new Words(0, false))) {
      assertThatThrownBy(() -> calls(words))
          .hasMessage(
              "[spark/NO_MODEL] the encoder words runs no language model, so that nodes of a"
                  + " cluster have nothing to compute. Run `llm4msr knowledge extract`.");
    }
  }

  @SuppressWarnings("unchecked")
  private void answer(int call, Map<String, Object> value) {
    ((BiConsumer<Integer, Object>) asked.get("answered")).accept(call, value);
  }

  @SuppressWarnings("unchecked")
  private ClusterCalls calls(KnowledgeEncoder encoder) {
    EncodingConfig config =
        new EncodingConfig(
            PluginChoice.of("words", new WordsFactory(), new Settings()),
            new RuntimeConfig("PyTorch", "cpu", 1, "1GB", 0, false));
    return ClusterCalls.of(
        argument -> asked.putAll((Map<String, Object>) argument), 7, config, encoder);
  }

  record Settings() {}

  /** A factory of which nothing is asked but its settings. */
  private static final class WordsFactory implements KnowledgeEncoderFactory<Settings> {

    @Override
    public Class<Settings> configType() {
      return Settings.class;
    }

    @Override
    public KnowledgeEncoder create(Settings config, EncoderContext context) {
      throw new AssertionError("nodes make encoders");
    }
  }

  /** What the driver has of an encoder. */
  private record Words(int dimension, boolean readsKeys) implements KnowledgeEncoder {

    @Override
    public EncoderInfo info() {
      return new EncoderInfo("words", "r1", "abc", "mean", dimension, 9, true);
    }

    @Override
    public int countTokens(String text) {
      return 1;
    }

    @Override
    public List<Knowledge> encode(List<String> texts) {
      throw new AssertionError("nodes encode");
    }

    @Override
    public void close() {}
  }
}
