package org.llm4msr.server.refusal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SentTextTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "a | No model 'b'. Name one of [x, y]. | No model 'b'. Name one of [x, y].",
        "ab cd | No model 'b'. Name one. | No model 'b'. Name one.",
      })
  void aShortTextIsSentAsItIs(String unused, String text, String sent) {
    assertThat(SentText.of(Refusals.badRequest(text))).isEqualTo(sent);
  }

  @ParameterizedTest
  @CsvSource({"100, ''", "101, ...", "10000, ..."})
  void aValueIsShownUpToHundredCharacters(int length, String end) {
    String words = "a b ".repeat(length / 4 + 1).substring(0, length);
    String sent = SentText.withCode(Refusals.badRequest("It is '%s'. Go on.".formatted(words)));

    assertThat(sent)
        .isEqualTo(
            "[serve/BAD_REQUEST] It is '%s%s'. Go on."
                .formatted(words.substring(0, Math.min(100, length)), end));
  }

  @ParameterizedTest
  @CsvSource({"x, 122", "' ', 2017", "x', 2017"})
  void noTextIsLongWhateverItHas(String of, int most) {
    String sent = SentText.of(Refusals.badRequest("It is a: " + of.repeat(100_000)));

    assertThat(sent).startsWith("It is a: ").endsWith("...").hasSizeLessThanOrEqualTo(most);
  }
}
