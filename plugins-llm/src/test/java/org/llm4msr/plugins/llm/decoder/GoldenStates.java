package org.llm4msr.plugins.llm.decoder;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.Gson;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** States of the last token that another implementation computed. */
record GoldenStates(String source, List<Case> cases) {

  /** One text, as token ids. */
  record Case(long[] ids, float[] pre_norm, float[] post_norm) {}

  static GoldenStates read(Path file) throws IOException {
    try (Reader reader = Files.newBufferedReader(file)) {
      return new Gson().fromJson(reader, GoldenStates.class);
    }
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
