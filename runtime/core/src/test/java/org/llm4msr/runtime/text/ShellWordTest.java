package org.llm4msr.runtime.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShellWordTest {

  @ParameterizedTest
  @ValueSource(strings = {"a/b-1.yaml", "Bob's work/a.yaml", "$HOME `x` \"y\"", "", "a\\b", "-D=*"})
  void aShellReadsTheWordThatItWas(String word) throws Exception {
    Process shell =
        new ProcessBuilder("sh", "-c", "printf %s " + ShellWord.quoted(word))
            .redirectErrorStream(true)
            .start();

    assertThat(new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
        .isEqualTo(word);
    assertThat(shell.waitFor()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.yaml", "/data/a_b/c-1.yaml", "s3://a/b,c+d=e"})
  void aPlainWordStaysAsItIs(String word) {
    assertThat(ShellWord.quoted(word)).isEqualTo(word);
  }
}
