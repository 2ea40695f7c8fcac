package org.llm4msr.plugins.llm;

import com.fasterxml.jackson.core.type.TypeReference;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.TensorService;
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.tck.harness.TestEngines;

/** One text as another implementation sees it; {@code make_encoder_fixtures.py} made them. */
public record EncoderFixture(String text, int tokens, float[] vector) {

  static List<EncoderFixture> of(String model) throws IOException {
    try (InputStream in = EncoderFixture.class.getResourceAsStream("encoders.json")) {
      Map<String, List<EncoderFixture>> all =
          JsonFixture.JSON.readValue(in, new TypeReference<>() {});
      return all.get(model);
    }
  }

  static KnowledgeEncoder onnx(String model, Path folder) {
    return onnx(model, null, folder);
  }

  static KnowledgeEncoder onnx(String model, @Nullable Integer maxTokens, Path folder) {
    return new OnnxSentenceFactory()
        .create(new OnnxSentenceConfig(model, null, true, maxTokens), context(folder));
  }

  public static EncoderContext context(Path folder) {
    return new EncoderContext() {
      @Override
      public Path base() {
        return folder;
      }

      @Override
      public Path scratch() {
        return folder;
      }

      @Override
      public int threads() {
        return 2;
      }

      @Override
      public TensorService tensors() {
        return TestEngines.tensors();
      }
    };
  }

  public static double cosine(float[] a, float[] b) {
    double product = 0;
    double squaresA = 0;
    double squaresB = 0;
    for (int i = 0; i < a.length; i++) {
      product += a[i] * b[i];
      squaresA += a[i] * a[i];
      squaresB += b[i] * b[i];
    }
    return product / Math.sqrt(squaresA * squaresB);
  }
}
