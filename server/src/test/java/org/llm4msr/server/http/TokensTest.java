package org.llm4msr.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TokensTest {

  @Test
  void oneTokenIsOneClientHoweverItIsWritten() {
    assertThat(Tokens.token("Bearer abc")).isEqualTo("abc");
    assertThat(Tokens.token("bearer   abc ")).isEqualTo("abc");
    assertThat(Tokens.token("Basic abc")).isNull();
    assertThat(Tokens.token("abc")).isNull();
    assertThat(Tokens.token(null)).isNull();
  }
}
