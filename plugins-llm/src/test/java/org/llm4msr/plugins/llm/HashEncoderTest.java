package org.llm4msr.plugins.llm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.MsrException;

class HashEncoderTest {

  private final HashEncoder encoder = new HashEncoder(new HashConfig(32, 20));

  @Test
  void vectorsAreThoseOfScikitLearn() throws IOException {
    for (EncoderFixture expected : EncoderFixture.of("hash 32")) {
      assertThat(encoder.countTokens(expected.text()))
          .as(expected.text())
          .isEqualTo(expected.tokens());
      assertThat(encoder.encode(List.of(expected.text())).get(0).vector())
          .as(expected.text())
          .containsExactly(expected.vector(), within(1e-6f));
    }
  }

  @Test
  void refusesWhatItWouldHaveToCut() {
    assertThatThrownBy(() -> encoder.encode(List.of("short", "word ".repeat(21))))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[knowledge/PROMPT_TOO_LONG] a text has 21 tokens")
        .hasMessageContaining("at most 20. Text 1 of this call");
  }
}
