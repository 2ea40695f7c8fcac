package org.llm4msr.plugins.llm.decoder;

import java.util.stream.IntStream;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * Rotary position embedding, brought into one form: number i of a head and number i + half of it
 * are turned by position times {@code frequencies[i]}; 0 where nothing is turned. Source: Su et
 * al., arXiv 2104.09864.
 *
 * @param frequencies radians a position, one for each pair
 * @param order where each number of a head stands in the file
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record Rotary(double[] frequencies, int[] order) {

  static Rotary of(ModelJson config, Architecture architecture, int headSize) {
    ModelJson parameters =
        config.has("rope_parameters")
            ? config.object("rope_parameters")
            : config.object("rope_scaling");
    double share =
        parameters.number(
            "partial_rotary_factor",
            config.number("partial_rotary_factor", architecture.rotaryShare()));
    int turned = (int) (headSize * share);
    if (turned < 2 || turned > headSize || turned % 2 != 0) {
      throw config.wrong(
          "partial_rotary_factor", "so that an even number of " + headSize + " is turned");
    }
    double base = parameters.number("rope_theta", config.number("rope_theta", 10_000));
    double[] frequencies = new double[headSize / 2];
    for (int i = 0; i < turned / 2; i++) {
      frequencies[i] = scaled(Math.pow(base, -2.0 * i / turned), parameters);
    }
    return new Rotary(frequencies, order(headSize, turned, architecture.interleaved()));
  }

  /** Puts the turned pairs first in both halves of a head, and what is not turned behind them. */
  private static int[] order(int headSize, int turned, boolean interleaved) {
    int half = headSize / 2;
    int pairs = turned / 2;
    return IntStream.range(0, headSize)
        .map(
            place -> {
              int i = place % half;
              int second = place / half;
              if (i >= pairs) {
                return turned + (i - pairs) + second * (half - pairs);
              }
              return interleaved ? 2 * i + second : i + second * pairs;
            })
        .toArray();
  }

  private static double scaled(double frequency, ModelJson parameters) {
    String type = parameters.text("rope_type", parameters.text("type", "default"));
    return switch (type) {
      case "default" -> frequency;
      case "linear" -> frequency / parameters.number("factor");
      case "llama3" -> llama3(frequency, parameters);
      default ->
          throw new MsrException(
              ErrorType.USER,
              "knowledge/UNSUPPORTED_MODEL",
              "the rotary embedding is of type '%s' in %s; the decoder knows default, linear and llama3. Choose another model, or another encoder."
                  .formatted(type, parameters.file()));
    };
  }

  /** Llama 3.1: slow frequencies are divided by the factor, fast ones kept, those between mixed. */
  private static double llama3(double frequency, ModelJson parameters) {
    double factor = parameters.number("factor");
    double low = parameters.number("low_freq_factor");
    double high = parameters.number("high_freq_factor");
    double turns =
        parameters.integer("original_max_position_embeddings") * frequency / (2 * Math.PI);
    double kept = Math.min(1, Math.max(0, (turns - low) / (high - low)));
    return frequency * (kept + (1 - kept) / factor);
  }

  /** Fills cosine and sine of the angles of positions, (positions, half) each. */
  void fill(int[] positions, float[] cosine, float[] sine) {
    int half = frequencies.length;
    for (int row = 0; row < positions.length; row++) {
      for (int i = 0; i < half; i++) {
        double angle = positions[row] * frequencies[i];
        cosine[row * half + i] = (float) Math.cos(angle);
        sine[row * half + i] = (float) Math.sin(angle);
      }
    }
  }
}
