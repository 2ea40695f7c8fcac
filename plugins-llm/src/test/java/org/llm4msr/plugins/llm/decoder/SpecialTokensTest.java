package org.llm4msr.plugins.llm.decoder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.plugins.llm.JsonFixture;

/** Start, end and further special tokens, as {@code tokenizer_config.json} names them. */
class SpecialTokensTest {

  @TempDir Path folder;

  /** What transformers makes of a text, with the tokens around it and without. */
  private record Case(String file, ObjectNode settings, String text, long[] ids, long[] bare) {
    @Override
    public String toString() {
      return file + " " + settings + " '" + text + "'";
    }
  }

  static List<Case> cases() throws IOException {
    return List.of(JsonFixture.read(GoldenStates.fixture("special-tokens.json"), Case[].class));
  }

  private TextTokens open(Path tokenizer, String settings) throws IOException {
    Files.copy(GoldenStates.fixture("llama3/config.json"), folder.resolve("config.json"));
    Path copy = Files.copy(tokenizer, folder.resolve(tokenizer.getFileName()));
    Files.writeString(folder.resolve("tokenizer_config.json"), settings);
    ModelFolder model = new ModelFolder("model", "folder", folder, copy);
    return TextTokens.open(model, Architecture.of(model.config()));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void agreesWithTransformers(Case golden) throws IOException {
    try (TextTokens tokens =
        open(GoldenStates.fixture(golden.file()), golden.settings().toString())) {
      assertThat(tokens.encode(golden.text(), true)).isEqualTo(golden.ids());
      assertThat(tokens.encode(golden.text(), false)).isEqualTo(golden.bare());
    }
  }

  @Test
  void findsAddedTokensOfAFileOfTheirOwn() throws IOException {
    Files.writeString(folder.resolve("added_tokens.json"), "{\"<|user|>\": 320}");
    try (TextTokens tokens = open(GoldenStates.fixture("sentencepiece/tokenizer.model"), "{}")) {
      assertThat(tokens.encode("<|user|>", true)).containsExactly(1, 320);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"{'5': {'content': ''}}", "{'five': {'content': '<a>'}}"})
  void namesTheSettingsWhereAnAddedTokenIsNone(String added) {
    String settings = "{\"added_tokens_decoder\": %s}".formatted(added.replace('\'', '"'));

    assertThatThrownBy(() -> open(GoldenStates.fixture("sentencepiece/tokenizer.model"), settings))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("tokenizer_config.json, and must be a token with its content");
  }

  @Test
  void refusesAStartTokenThatTheTokenizerLacks() {
    assertThatThrownBy(
            () ->
                open(
                    GoldenStates.fixture("stories260k/tokenizer.json"),
                    "{\"tokenizer_class\": \"LlamaTokenizer\", \"bos_token\": \"<start>\"}"))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[knowledge/WRONG_TOKENIZER] the bos_token of")
        .hasMessageContaining("is '<start>', which is not one token of the tokenizer");
  }
}
