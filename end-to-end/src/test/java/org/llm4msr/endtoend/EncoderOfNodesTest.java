package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.cluster.OpenEncoding;

/** The language model of a node beside that of the driver. */
class EncoderOfNodesTest {

  private static final String HASH = "{\"encoder\": {\"name\": \"hash\", \"dimension\": %d}}";

  @Test
  void anotherModelThanTheDriversIsRefused() throws Exception {
    String driver = driver(HASH.formatted(16));

    assertThat(driver).contains("K = 16");
    ((AutoCloseable) open(HASH.formatted(16), driver)).close();
    assertThatThrownBy(() -> open(HASH.formatted(24), driver))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("[spark/OTHER_MODEL] a node has another language model")
        .hasMessageContaining("K = 24")
        .hasMessageContaining("in place of " + driver)
        .hasMessageEndingWith("Give all nodes the same files.");
  }

  /** Returns what an encoder says of itself, which the refusal tells. */
  static String driver(String encoding, String... plugins) {
    try {
      open(encoding, "nothing", plugins);
    } catch (IllegalArgumentException e) {
      return String.valueOf(e.getMessage())
          .replaceAll(".*driver: (.*) in place of nothing.*", "$1");
    }
    return "";
  }

  private static Object open(String encoding, String driver, String... plugins) {
    return new OpenEncoding()
        .apply(
            Map.of(
                "encoding",
                encoding,
                "encoder",
                driver,
                "threads",
                1,
                "plugins",
                List.of(plugins)));
  }
}
