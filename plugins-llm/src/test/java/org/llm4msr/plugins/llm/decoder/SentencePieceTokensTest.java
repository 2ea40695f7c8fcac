package org.llm4msr.plugins.llm.decoder;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.llm4msr.plugins.llm.JsonFixture;

class SentencePieceTokensTest {

  private static final Path FOLDER = GoldenStates.fixture("sentencepiece");

  /** What the Python package makes of texts. */
  private record Pieces(long size, List<Case> cases) {
    private record Case(String text, long[] ids) {}
  }

  private static Pieces pieces() throws IOException {
    return JsonFixture.read(FOLDER.resolve("tokens.json"), Pieces.class);
  }

  private static SentencePieceTokens open(String model) {
    Path folder = GoldenStates.fixture(model);
    return SentencePieceTokens.open(
        new ModelFolder(model, "folder", folder, FOLDER.resolve("tokenizer.model")),
        Architecture.of(ModelJson.read(folder.resolve("config.json"))).prefix());
  }

  @Test
  void agreesWithPython() throws IOException {
    try (SentencePieceTokens tokens = open("llama3")) {
      for (Pieces.Case golden : pieces().cases()) {
        assertThat(tokens.encode(golden.text(), false)).as(golden.text()).isEqualTo(golden.ids());
        long[] whole = tokens.encode(golden.text(), true);
        assertThat(whole[0]).as("start token").isEqualTo(1);
        assertThat(Arrays.copyOfRange(whole, 1, whole.length)).isEqualTo(golden.ids());
      }
      assertThat(tokens.decode(pieces().cases().get(0).ids())).isEqualTo("the cat sees birds");
    }
  }

  /** ChatGLM2's vocabulary has 64,789 pieces, its [gMASK] and sop are 64790 and 64792. */
  @Test
  void chatGlm2StartsWithSpecialTokensBehindTheVocabulary() throws IOException {
    Architecture.Prefix prefix =
        Architecture.of(ModelJson.read(GoldenStates.fixture("chatglm2.json"))).prefix();
    Path model = FOLDER.resolve("tokenizer.model");
    long size = pieces().size();
    try (SentencePieceTokens tokens =
        SentencePieceTokens.open(new ModelFolder("chatglm2", "folder", FOLDER, model), prefix)) {
      assertThat(tokens.encode("", true)).containsExactly(size + 1, size + 3);
      assertThat(tokens.decode(new long[] {size + 1, size + 3})).isEmpty();
    }
  }
}
