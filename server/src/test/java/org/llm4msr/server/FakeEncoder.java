package org.llm4msr.server;

import java.util.List;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.Setting;
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;

/** Encodes the length of a text, modulo 7 and modulo 5, and its hash modulo 11. */
@Plugin(name = FakeEncoder.NAME, description = "Encodes the length of a text")
public final class FakeEncoder implements KnowledgeEncoderFactory<FakeEncoder.Config> {

  static final String NAME = "fake";

  private static volatile Runnable whenEncoding = () -> {};

  /** What vectors are of. */
  public record Config(
      @Setting(value = "The size of vectors", defaultValue = "4") int dimension,
      @Setting(value = "The longest text", defaultValue = "1000") int maxTokens) {}

  /** Makes each text that begins with {@code hold} call this from now on, before it is encoded. */
  static void whenEncoding(Runnable action) {
    whenEncoding = action;
  }

  @Override
  public Class<Config> configType() {
    return Config.class;
  }

  @Override
  public KnowledgeEncoder create(Config config, EncoderContext context) {
    return new Lengths(config);
  }

  private static final class Lengths implements KnowledgeEncoder {

    private final Config config;
    private volatile boolean closed;

    Lengths(Config config) {
      this.config = config;
    }

    @Override
    public EncoderInfo info() {
      return new EncoderInfo(
          NAME, "1", "0f".repeat(32), "lengths", config.dimension(), config.maxTokens(), false);
    }

    @Override
    public int countTokens(String text) {
      return text.length();
    }

    @Override
    public List<Knowledge> encode(List<String> texts) {
      if (texts.get(0).startsWith("hold")) {
        whenEncoding.run();
      }
      if (closed) {
        throw new IllegalStateException("used after it was closed");
      }
      return texts.stream().map(text -> new Knowledge(vector(text), null)).toList();
    }

    private float[] vector(String text) {
      float[] vector = new float[config.dimension()];
      vector[0] = text.length() % 7;
      vector[1] = text.length() % 5;
      vector[2] = text.hashCode() % 11;
      vector[3] = 1;
      return vector;
    }

    @Override
    public void close() {
      closed = true;
    }
  }
}
