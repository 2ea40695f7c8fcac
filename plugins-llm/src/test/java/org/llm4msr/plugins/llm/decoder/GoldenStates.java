package org.llm4msr.plugins.llm.decoder;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.llm4msr.plugins.llm.JsonFixture;

/** States of the last token that another implementation computed. */
record GoldenStates(String source, List<Case> cases) {

  /**
   * One text, as token ids; {@code layers}, where given, has the states of the layers below the
   * last.
   */
  record Case(long[] ids, float[] pre_norm, float[] post_norm, float[][] layers) {}

  static GoldenStates read(Path file) throws IOException {
    return JsonFixture.read(file, GoldenStates.class);
  }

  /** Returns a model beside the checkout, or skips the test. */
  static Path shared(String model) {
    Path folder = Path.of(System.getProperty("llm4msr.shared", "../../shared"), "models", model);
    assumeTrue(Files.isDirectory(folder), () -> "no model in " + folder);
    return folder;
  }

  /** Returns a model among the resources of the tests. */
  static Path fixture(String model) {
    return Path.of("src/test/resources/org/llm4msr/plugins/llm/decoder", model);
  }
}
