package org.llm4msr.plugins.llm.decoder;

import java.util.List;
import java.util.stream.IntStream;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * Rotary position embedding, brought into one form: elements i and i + half of a head are rotated
 * by position times {@code frequencies[i]}, which is 0 where nothing is rotated. Source: Su et al.,
 * arXiv 2104.09864.
 *
 * @param frequencies radians per position, one for each pair
 * @param amplitude factor of the rotated elements
 * @param order the place of each element of a head in the file
 * @param longest the longest text, in tokens, for which the frequencies hold
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record Rotary(double[] frequencies, double amplitude, int[] order, int longest) {

  private static final String SHARE = "partial_rotary_factor";

  static Rotary of(ModelJson config, Architecture architecture, int headSize) {
    // If both are there, transformers reads the older one.
    ModelJson parameters =
        config.has("rope_scaling")
            ? config.object("rope_scaling")
            : config.object("rope_parameters");
    double base = config.number("rope_theta", architecture.unstated().rotaryBase());
    return of(config, architecture, headSize, parameters, base);
  }

  /**
   * Reads a rotary embedding.
   *
   * @param parameters its settings
   * @param base of the frequencies, if the settings have none
   */
  static Rotary of(
      ModelJson config,
      Architecture architecture,
      int headSize,
      ModelJson parameters,
      double base) {
    Architecture.Positions positions = architecture.positions();
    ModelJson stated = parameters.has(SHARE) ? parameters : config;
    int turned = (int) (headSize * stated.number(SHARE, positions.share()));
    if (turned < 2 || turned > headSize || turned % 2 != 0) {
      throw stated.wrong(SHARE, "so that an even number of " + headSize + " is turned");
    }
    if (turned < headSize && !positions.partial()) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/UNSUPPORTED_MODEL",
          "%s is %s in %s; of this model_type the decoder knows 1 only. Choose another model, or another encoder."
              .formatted(SHARE, stated.number(SHARE), stated.file()));
    }
    int[] order = order(headSize, turned, positions.interleaved());
    double theta = parameters.number("rope_theta", base);
    double[] frequencies = new double[headSize / 2];
    for (int i = 0; i < turned / 2; i++) {
      frequencies[i] = Math.pow(theta, -2.0 * i / turned);
    }
    String type = parameters.text("rope_type", parameters.text("type", "default"));
    if (type.equals("longrope")) {
      return longRope(config, parameters, frequencies, turned / 2, order);
    }
    for (int i = 0; i < turned / 2; i++) {
      frequencies[i] = scaled(type, frequencies[i], parameters);
    }
    return new Rotary(frequencies, 1, order, Integer.MAX_VALUE);
  }

  /** Returns one for the same heads that rotates nothing. */
  Rotary still() {
    return new Rotary(new double[frequencies.length], 1, order, longest);
  }

  /** Puts the rotated pairs first in both halves of a head, and the other elements after them. */
  private static int[] order(int headSize, int turned, boolean interleaved) {
    int half = headSize / 2;
    int pairs = turned / 2;
    return IntStream.range(0, headSize)
        .map(
            position -> {
              int i = position % half;
              int second = position / half;
              if (i >= pairs) {
                return turned + (i - pairs) + second * (half - pairs);
              }
              return interleaved ? 2 * i + second : i + second * pairs;
            })
        .toArray();
  }

  private static double scaled(String type, double frequency, ModelJson parameters) {
    return switch (type) {
      case "default" -> frequency;
      case "linear" -> frequency / parameters.number("factor");
      case "llama3" -> llama3(frequency, parameters);
      default ->
          throw new MsrException(
              ErrorType.USER,
              "knowledge/UNSUPPORTED_MODEL",
              "the rotary embedding is of type '%s' in %s; the decoder knows default, linear, llama3 and longrope. Choose another model, or another encoder."
                  .formatted(type, parameters.file()));
    };
  }

  /** Llama 3.1: divides low frequencies by the factor, keeps high ones, and mixes those between. */
  private static double llama3(double frequency, ModelJson parameters) {
    double factor = parameters.number("factor");
    double low = parameters.number("low_freq_factor");
    double high = parameters.number("high_freq_factor");
    double turns =
        parameters.integer("original_max_position_embeddings") * frequency / (2 * Math.PI);
    double kept = Math.min(1, Math.max(0, (turns - low) / (high - low)));
    return frequency * (kept + (1 - kept) / factor);
  }

  /**
   * LongRoPE (Ding et al., arXiv 2402.13753) for texts that are no longer than those of the first
   * training. Longer ones have other frequencies, even at their beginning.
   */
  private static Rotary longRope(
      ModelJson config, ModelJson parameters, double[] frequencies, int pairs, int[] order) {
    String key = "original_max_position_embeddings";
    int original = config.has(key) ? config.integer(key) : parameters.integer(key);
    List<Double> factors = parameters.numbers("short_factor");
    if (factors.size() != pairs) {
      throw parameters.wrong("short_factor", "a list of " + pairs + " numbers");
    }
    for (int i = 0; i < pairs; i++) {
      frequencies[i] /= factors.get(i);
    }
    double longer =
        parameters.number("factor", config.number("max_position_embeddings") / original);
    double usual = longer <= 1 ? 1 : Math.sqrt(1 + Math.log(longer) / Math.log(original));
    return new Rotary(frequencies, parameters.number("attention_factor", usual), order, original);
  }

  /** Fills in cosine and sine of the angles of positions, (positions, half) each. */
  void fill(int[] positions, float[] cosine, float[] sine) {
    int half = frequencies.length;
    for (int row = 0; row < positions.length; row++) {
      for (int i = 0; i < half; i++) {
        double angle = positions[row] * frequencies[i];
        double size = frequencies[i] == 0 ? 1 : amplitude;
        cosine[row * half + i] = (float) (size * Math.cos(angle));
        sine[row * half + i] = (float) (size * Math.sin(angle));
      }
    }
  }
}
