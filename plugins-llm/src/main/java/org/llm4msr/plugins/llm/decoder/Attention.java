package org.llm4msr.plugins.llm.decoder;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * What layers attend to, and how positions rotate their queries and keys.
 *
 * @param window how many tokens, including itself, a token sees; 0: all up to itself
 */
record Attention(int window, Rotary rotary) {

  private static final String FULL = "full_attention";
  private static final String SLIDING = "sliding_attention";

  /** How the layers of an architecture differ. */
  enum Pattern {
    /** They do not differ: all see all tokens. */
    FULL,
    /** They have the window of {@code sliding_window}, or as {@code layer_types} says. */
    WINDOW,
    /** SmolLM3: {@code no_rope_layers} has a 0 for those without positions. */
    SOME_WITHOUT_POSITIONS,
    /** Gemma 3: {@code layer_types} says which have the window and other frequencies. */
    MOST_WINDOWS
  }

  /** Reads the attention of every layer; equal layers share one. */
  static List<Attention> of(ModelJson config, Architecture architecture, int layers, int headSize) {
    Pattern pattern = architecture.positions().pattern();
    if (pattern == Pattern.MOST_WINDOWS) {
      return mostWindows(config, architecture, layers, headSize);
    }
    Rotary rotary = Rotary.of(config, architecture, headSize);
    Attention full = new Attention(0, rotary);
    if (pattern == Pattern.WINDOW) {
      Attention windowed = new Attention(window(config, architecture), rotary);
      return byType(config, layers, layer -> SLIDING, Map.of(FULL, full, SLIDING, windowed));
    }
    List<Attention> same = byType(config, layers, layer -> FULL, Map.of(FULL, full));
    return pattern == Pattern.FULL ? same : someWithoutPositions(config, layers, full);
  }

  /** Reads {@code layer_types}, which older files lack. */
  private static List<Attention> byType(
      ModelJson config, int layers, IntFunction<String> usual, Map<String, Attention> known) {
    List<String> stated = config.texts("layer_types");
    requireEach(config, "layer_types", stated.size(), layers);
    return IntStream.range(0, layers)
        .mapToObj(
            layer -> {
              String type = stated.isEmpty() ? usual.apply(layer) : stated.get(layer);
              Attention kind = known.get(type);
              if (kind == null) {
                throw unknown(config, type, known.keySet());
              }
              return kind;
            })
        .toList();
  }

  private static int window(ModelJson config, Architecture architecture) {
    int absent = config.json().has("sliding_window") ? 0 : architecture.unstated().window();
    return config.integer("sliding_window", absent);
  }

  private static List<Attention> someWithoutPositions(
      ModelJson config, int layers, Attention turned) {
    Attention without = new Attention(turned.window, turned.rotary.still());
    List<Long> stated = config.integers("no_rope_layers");
    requireEach(config, "no_rope_layers", stated.size(), layers);
    int interval = config.integer("no_rope_layer_interval", 4);
    return IntStream.range(0, layers)
        .mapToObj(
            layer -> {
              boolean turns =
                  stated.isEmpty() ? (layer + 1) % interval != 0 : stated.get(layer) != 0;
              return turns ? turned : without;
            })
        .toList();
  }

  private static List<Attention> mostWindows(
      ModelJson config, Architecture architecture, int layers, int headSize) {
    ModelJson parameters = config.object("rope_parameters");
    ModelJson stated = parameters.object(FULL);
    double base = config.number("rope_theta", architecture.unstated().rotaryBase());
    Attention full =
        new Attention(
            0,
            Rotary.of(
                config,
                architecture,
                headSize,
                config.has("rope_scaling") ? config.object("rope_scaling") : stated,
                stated.number("rope_theta", base)));
    Attention windowed =
        new Attention(
            window(config, architecture),
            Rotary.of(
                config,
                architecture,
                headSize,
                parameters.object(SLIDING),
                config.number("rope_local_base_freq", 10_000)));
    int pattern = config.integer("sliding_window_pattern", 6);
    return byType(
        config,
        layers,
        layer -> (layer + 1) % pattern == 0 ? FULL : SLIDING,
        Map.of(FULL, full, SLIDING, windowed));
  }

  private static void requireEach(ModelJson config, String key, int stated, int layers) {
    if (stated != 0 && stated < layers) {
      throw config.wrong(key, "a list of " + layers + ", one for each layer");
    }
  }

  private static MsrException unknown(ModelJson config, String type, Set<String> known) {
    return new MsrException(
        ErrorType.USER,
        "knowledge/UNSUPPORTED_MODEL",
        "layer_types has '%s' in %s; of this model_type the decoder knows %s. Choose another model, or another encoder."
            .formatted(type, config.file(), new TreeSet<>(known)));
  }
}
