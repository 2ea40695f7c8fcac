package org.llm4msr.server.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.MsrException;
import org.llm4msr.server.config.TokensConfig;

/** Tokens that a file changes. */
class TokensTest {

  private static final TokensConfig NONE = new TokensConfig(List.of(), List.of(), List.of());

  @Test
  void withoutAnyNoneIsNeeded() {
    Tokens tokens = new Tokens(NONE, null);

    assertThat(tokens.required()).isFalse();
    assertThat(tokens.refusal(Role.OPERATE, null)).isEmpty();
  }

  @Test
  void whatCannotBeReadLeavesTheTokensThatWere() {
    AtomicReference<TokensConfig> file =
        new AtomicReference<>(new TokensConfig(List.of("a"), List.of(), List.of()));
    Tokens tokens = new Tokens(NONE, file::get);
    file.set(NONE);

    assertThatThrownBy(tokens::read)
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith("[serve/NO_TOKENS]");
    assertThat(tokens.refusal(Role.RANK, "Bearer a")).isEmpty();
    assertThat(tokens.refusal(Role.READ, "Bearer a"))
        .hasValueSatisfying(e -> assertThat(e).hasMessageContaining("role read"));

    file.set(new TokensConfig(List.of(), List.of("a"), List.of()));
    tokens.read();
    assertThat(tokens.refusal(Role.RANK, "Bearer a")).isPresent();
    assertThat(tokens.refusal(Role.READ, "Bearer a")).isEmpty();
  }

  @Test
  void oneTokenIsOneClientHoweverItIsWritten() {
    assertThat(Tokens.token("Bearer abc")).isEqualTo("abc");
    assertThat(Tokens.token("bearer   abc ")).isEqualTo("abc");
    assertThat(Tokens.token("Basic abc")).isNull();
    assertThat(Tokens.token("abc")).isNull();
    assertThat(Tokens.token(null)).isNull();
  }
}
