package org.llm4msr.plugins.llm.decoder;

import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * What layers attend to, and how positions turn their queries and keys.
 *
 * @param window how many tokens, itself included, a token sees; 0: all before it
 */
record Attention(int window, Rotary rotary) {

  private static final int USUAL_WINDOW = 4096;

  /** How the layers of an architecture differ. */
  enum Pattern {
    /** Not at all: they see all tokens. */
    FULL,
    /** Not at all: they have the window of {@code sliding_window}. */
    WINDOW,
    /** SmolLM3: {@code no_rope_layers} has a 0 for those that know no positions. */
    SOME_WITHOUT_POSITIONS,
    /** Gemma 3: {@code layer_types} says which have the window, and turn by other frequencies. */
    MOST_WINDOWS
  }

  /** Reads the attention of every layer; layers that are alike share one. */
  static List<Attention> of(ModelJson config, Architecture architecture, int layers, int headSize) {
    return switch (architecture.positions().pattern()) {
      case FULL ->
          Collections.nCopies(layers, new Attention(0, Rotary.of(config, architecture, headSize)));
      case WINDOW ->
          Collections.nCopies(
              layers, new Attention(window(config), Rotary.of(config, architecture, headSize)));
      case SOME_WITHOUT_POSITIONS ->
          someWithoutPositions(
              config, layers, new Attention(0, Rotary.of(config, architecture, headSize)));
      case MOST_WINDOWS -> mostWindows(config, architecture, layers, headSize);
    };
  }

  private static int window(ModelJson config) {
    boolean none =
        config.json().has("sliding_window") || config.text("model_type", "").equals("phi3");
    return config.integer("sliding_window", none ? 0 : USUAL_WINDOW);
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
    ModelJson whole =
        parameters.has("full_attention")
            ? parameters.object("full_attention")
            : config.object("rope_scaling");
    Attention full =
        new Attention(
            0, Rotary.of(config, architecture, headSize, whole, config.number("rope_theta", 1e6)));
    Attention windowed =
        new Attention(
            window(config),
            Rotary.of(
                config,
                architecture,
                headSize,
                parameters.object("sliding_attention"),
                config.number("rope_local_base_freq", 10_000)));
    List<String> stated = config.texts("layer_types");
    requireEach(config, "layer_types", stated.size(), layers);
    int pattern = config.integer("sliding_window_pattern", 6);
    return IntStream.range(0, layers)
        .mapToObj(
            layer -> {
              String usual = (layer + 1) % pattern == 0 ? "full_attention" : "sliding_attention";
              String type = stated.isEmpty() ? usual : stated.get(layer);
              return switch (type) {
                case "full_attention" -> full;
                case "sliding_attention" -> windowed;
                default -> throw unknown(config, type);
              };
            })
        .toList();
  }

  private static void requireEach(ModelJson config, String key, int stated, int layers) {
    if (stated != 0 && stated < layers) {
      throw config.wrong(key, "a list of " + layers + ", one for each layer");
    }
  }

  private static MsrException unknown(ModelJson config, String type) {
    return new MsrException(
        ErrorType.USER,
        "knowledge/UNSUPPORTED_MODEL",
        "layer_types has '%s' in %s; the decoder knows full_attention and sliding_attention. Choose another model, or another encoder."
            .formatted(type, config.file()));
  }
}
