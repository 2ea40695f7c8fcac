package org.llm4msr.runtime.cluster;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.runtime.engine.LoadedEncoder;

/**
 * Loads the encoder of an experiment. It is called with {@code encoding} (an {@link EncodingConfig}
 * as JSON), {@code encoder} (what the driver's encoder says of itself, without which the vectors
 * would be of two models), {@code threads} and {@code plugins}, and returns a function that is safe
 * for several threads, and closeable.
 *
 * <p>That function is called with the texts of a call. It returns {@code vectors} ({@code
 * float[][]}) and {@code texts} ({@code String[]}, null where there is none), or, where the encoder
 * refuses them, {@code type}, {@code code}, {@code text} and {@code retryable} of its error.
 */
public final class OpenEncoding implements Function<Object, Object> {

  @Override
  public Object apply(Object argument) {
    Settings settings = Settings.of(argument);
    return Errors.passOn(settings::plugins, () -> open(settings));
  }

  private static Encoding open(Settings settings) {
    EncodingConfig config =
        settings
            .loader()
            .bind(
                EncodingConfig.class,
                Path.of("the driver"),
                settings.text("encoding"),
                List.of("runtime.threads=" + settings.number("threads")),
                "Give all nodes the llm4msr and the plugins of the driver.");
    LoadedEncoder loaded = LoadedEncoder.load(config.encoder(), config.runtime());
    String here = ClusterCalls.described(loaded.encoder());
    if (!here.equals(settings.text("encoder"))) {
      loaded.close();
      throw new MsrException(
          ErrorType.USER,
          "spark/OTHER_MODEL",
          "a node has another language model than the driver: %s in place of %s. Give all nodes the same files."
              .formatted(here, settings.text("encoder")));
    }
    return new Encoding(loaded, settings);
  }

  /** Encodes with a loaded model, one call at a time. */
  private record Encoding(LoadedEncoder loaded, Settings opened)
      implements Function<Object, Object>, AutoCloseable {

    @Override
    public synchronized Object apply(Object argument) {
      List<String> texts = new ArrayList<>();
      ((List<?>) argument).forEach(text -> texts.add((String) text));
      return Errors.passOn(opened::plugins, () -> encode(texts));
    }

    private Map<String, Object> encode(List<String> texts) {
      try {
        List<Knowledge> answers = loaded.encoder().encode(texts);
        @Nullable String[] generated = answers.stream().map(Knowledge::text).toArray(String[]::new);
        float[][] vectors = answers.stream().map(Knowledge::vector).toArray(float[][]::new);
        return new HashMap<>(Map.of("vectors", vectors, "texts", generated));
      } catch (MsrException e) {
        return new HashMap<>(
            Map.of(
                "type",
                e.type().name(),
                "code",
                e.code(),
                "text",
                e.text(),
                "retryable",
                e.retryable()));
      }
    }

    @Override
    public synchronized void close() {
      loaded.close();
    }
  }
}
