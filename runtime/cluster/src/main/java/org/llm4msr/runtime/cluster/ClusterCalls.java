package org.llm4msr.runtime.cluster;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.runtime.config.loading.EffectiveConfig;
import org.llm4msr.runtime.knowledge.extraction.EncoderCalls;

/** Calls of an encoder that the processes of a cluster hold, many at a time. */
final class ClusterCalls implements EncoderCalls {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Consumer<Object> cluster;
  private final int window;
  private final Map<String, Serializable> encoding;

  private ClusterCalls(Consumer<Object> cluster, int window, Map<String, Serializable> encoding) {
    this.cluster = cluster;
    this.window = window;
    this.encoding = encoding;
  }

  /**
   * Makes calls.
   *
   * @param cluster has them made, as {@link ExtractKnowledge} says
   * @param encoder what the driver has of it
   * @throws MsrException {@code spark/NO_MODEL} if the encoder runs none
   */
  static ClusterCalls of(
      Consumer<Object> cluster, int window, EncodingConfig config, KnowledgeEncoder encoder) {
    if (encoder.readsKeys() || encoder.info().dimension() == 0) {
      throw new MsrException(
          ErrorType.USER,
          "spark/NO_MODEL",
          "the encoder %s runs no language model, so that nodes of a cluster have nothing to compute. Run `llm4msr knowledge extract`."
              .formatted(config.encoder().name()));
    }
    Map<String, Serializable> encoding = new HashMap<>();
    encoding.put("encoding", json(config));
    encoding.put("encoder", described(encoder));
    return new ClusterCalls(cluster, window, encoding);
  }

  /** Returns what two encoders have in common if their vectors are the same. */
  static String described(KnowledgeEncoder encoder) {
    EncoderInfo info = encoder.info();
    return "%s, revision %s, checksum %s, %s, K = %d, at most %d tokens"
        .formatted(
            info.model(),
            info.revision(),
            info.checksum(),
            info.state(),
            info.dimension(),
            info.maxTokens());
  }

  private static String json(EncodingConfig config) {
    try {
      return JSON.writeValueAsString(EffectiveConfig.of(config).values());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public int window() {
    return window;
  }

  @Override
  public void make(List<List<String>> calls, Runnable endWhenAsked, Answered answered) {
    List<List<String>> texts = new ArrayList<>();
    calls.forEach(call -> texts.add(new ArrayList<>(call)));
    BiConsumer<Integer, Object> done =
        (call, answer) -> answered.accept(call, () -> answers((Map<?, ?>) answer));
    cluster.accept(
        Map.of("encoding", encoding, "calls", texts, "between", endWhenAsked, "answered", done));
  }

  private static List<Knowledge> answers(Map<?, ?> answer) {
    if (answer.get("code") instanceof String code) {
      throw new MsrException(
          ErrorType.valueOf((String) value(answer, "type")),
          code,
          (String) value(answer, "text"),
          null,
          (Boolean) value(answer, "retryable"));
    }
    float[][] vectors = (float[][]) value(answer, "vectors");
    String[] texts = (String[]) value(answer, "texts");
    return IntStream.range(0, vectors.length)
        .mapToObj(i -> new Knowledge(vectors[i], texts[i]))
        .toList();
  }

  private static Object value(Map<?, ?> answer, String name) {
    return requireNonNull(answer.get(name), name);
  }
}
