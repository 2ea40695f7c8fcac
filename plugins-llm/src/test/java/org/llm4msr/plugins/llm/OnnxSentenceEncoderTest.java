package org.llm4msr.plugins.llm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;

class OnnxSentenceEncoderTest {

  private static final String MINILM = "all-minilm-l6-v2-q";

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {MINILM, "bge-small-zh-v1.5-q"})
  void agreesWithPython(String model) throws IOException {
    List<EncoderFixture> expected = EncoderFixture.of(model);
    try (KnowledgeEncoder encoder = EncoderFixture.onnx(model, folder)) {
      List<Knowledge> actual = encoder.encode(expected.stream().map(EncoderFixture::text).toList());
      for (int i = 0; i < expected.size(); i++) {
        assertThat(encoder.countTokens(expected.get(i).text())).isEqualTo(expected.get(i).tokens());
        assertThat(EncoderFixture.cosine(actual.get(i).vector(), expected.get(i).vector()))
            .as(expected.get(i).text())
            .isGreaterThan(0.995);
        assertThat(EncoderFixture.cosine(actual.get(i).vector(), actual.get(i).vector()))
            .isEqualTo(1.0, within(1e-5));
      }
      assertThat(encoder.info().dimension()).isEqualTo(expected.get(0).vector().length);
    }
  }

  @Test
  void staysNearTheModelBeforeQuantisation() throws IOException {
    try (KnowledgeEncoder encoder = EncoderFixture.onnx(MINILM, folder)) {
      for (EncoderFixture expected : EncoderFixture.of("all-minilm-l6-v2 float32")) {
        float[] vector = encoder.encode(List.of(expected.text())).get(0).vector();
        assertThat(EncoderFixture.cosine(vector, expected.vector())).isGreaterThan(0.98);
      }
    }
  }

  @Test
  void textHasTheSameVectorInAnyBatch() throws IOException {
    List<String> texts =
        new ArrayList<>(EncoderFixture.of(MINILM).stream().map(EncoderFixture::text).toList());
    try (KnowledgeEncoder encoder = EncoderFixture.onnx(MINILM, folder)) {
      List<Knowledge> together = encoder.encode(texts);
      for (int i = 0; i < texts.size(); i++) {
        assertThat(encoder.encode(texts.subList(i, i + 1)).get(0).vector())
            .isEqualTo(together.get(i).vector());
      }
      Collections.reverse(texts);
      assertThat(encoder.encode(texts).get(0).vector())
          .isEqualTo(together.get(texts.size() - 1).vector());
    }
  }

  @Test
  void saysWhatItIs() {
    try (KnowledgeEncoder encoder = EncoderFixture.onnx(MINILM, folder)) {
      assertThat(encoder.info().model()).isEqualTo(MINILM);
      assertThat(encoder.info().revision()).isEqualTo("0.36.2");
      assertThat(encoder.info().checksum()).hasSize(64);
      assertThat(encoder.info().state()).isEqualTo("mean-pooled, l2");
      assertThat(encoder.info().maxTokens()).isEqualTo(256);
    }
  }

  @Test
  void refusesWhatItWouldHaveToCut() {
    try (KnowledgeEncoder encoder = EncoderFixture.onnx(MINILM, folder)) {
      assertThat(encoder.countTokens("cat ".repeat(400))).isEqualTo(402);
      assertThatThrownBy(() -> encoder.encode(List.of("cat ".repeat(255))))
          .isInstanceOf(MsrException.class)
          .hasMessageStartingWith("[knowledge/PROMPT_TOO_LONG] a text has 257 tokens");
      assertThat(encoder.encode(List.of("cat ".repeat(254)))).hasSize(1);
    }
  }

  @Test
  void refusesLimitAboveWhatTheModelReads() throws IOException {
    Path model = Files.createDirectory(folder.resolve("own"));
    Files.writeString(model.resolve("model.onnx"), "");
    Files.writeString(model.resolve("tokenizer.json"), "{}");
    Files.writeString(
        model.resolve("config.json"),
        "{\"model_type\": \"xlm-roberta\", \"pad_token_id\": 1, \"max_position_embeddings\": 514}");
    for (String[] refused : new String[][] {{MINILM, "256"}, {"own", "512"}}) {
      assertThatThrownBy(() -> EncoderFixture.onnx(refused[0], 513, folder))
          .isInstanceOf(MsrException.class)
          .hasMessage(
              "[knowledge/TOO_MANY_TOKENS] knowledge.encoder.maxTokens is 513, and the model %s reads at most %s. Set it to that or less."
                  .formatted((Object[]) refused));
    }
  }

  @Test
  void readsNoMoreThanThereArePositions() throws IOException {
    Path model = Files.createDirectory(folder.resolve("minilm"));
    copy("/all-minilm-l6-v2-q.onnx", model.resolve("model.onnx"));
    copy("/all-minilm-l6-v2-q-tokenizer.json", model.resolve("tokenizer.json"));
    Path config = model.resolve("config.json");
    for (var type : Map.of("bert", 30, "roberta", 28).entrySet()) {
      Files.writeString(
          config,
          "{\"model_type\": \"%s\", \"pad_token_id\": 1, \"max_position_embeddings\": 30}"
              .formatted(type.getKey()));
      try (KnowledgeEncoder encoder = EncoderFixture.onnx("minilm", folder)) {
        assertThat(encoder.info().maxTokens()).isEqualTo(type.getValue());
      }
    }
  }

  @Test
  void readsModelFromFolder() throws IOException {
    try (KnowledgeEncoder own = minilm("sentence_bert_config.json", "{'max_seq_length': 20}");
        KnowledgeEncoder builtIn = EncoderFixture.onnx(MINILM, folder)) {
      assertThat(own.info().maxTokens()).isEqualTo(20);
      assertThat(own.info().checksum()).isEqualTo(builtIn.info().checksum());
      assertThat(own.encode(List.of("a cat")).get(0).vector())
          .isEqualTo(builtIn.encode(List.of("a cat")).get(0).vector());
    }
  }

  @Test
  void readsModelOfTheHubFromItsCache() throws IOException {
    String commit = "89abcdef".repeat(5);
    Path repository = Path.of(System.getenv("HF_HUB_CACHE")).resolve("models--owner--minilm");
    Path snapshot = repository.resolve("snapshots").resolve(commit);
    copy("/all-minilm-l6-v2-q.onnx", snapshot.resolve("onnx/model.onnx"));
    copy("/all-minilm-l6-v2-q-tokenizer.json", snapshot.resolve("tokenizer.json"));
    Files.createDirectories(snapshot.resolve("1_Pooling"));
    Files.writeString(
        snapshot.resolve("1_Pooling/config.json"), "{\"pooling_mode_cls_token\": true}");
    Files.createDirectories(repository.resolve("refs"));
    Files.writeString(repository.resolve("refs/main"), commit);
    try (KnowledgeEncoder hub = EncoderFixture.onnx("hf:owner/minilm", folder)) {
      assertThat(hub.info().model()).isEqualTo("owner/minilm");
      assertThat(hub.info().revision()).isEqualTo(commit);
      assertThat(hub.info().state()).isEqualTo("first token, l2");
      assertThat(hub.encode(List.of("a cat")).get(0).vector()).hasSize(384);
    }
    assertThatThrownBy(() -> EncoderFixture.onnx("hf:owner/other@v2", folder))
        .hasMessageContaining("[model/NOT_CACHED] the model owner/other@v2");
    OnnxSentenceConfig other = new OnnxSentenceConfig("hf:owner/other", null, true, null);
    new OnnxSentenceFactory().check(other, folder);
  }

  /** As sentence-transformers writes them since 5.4, and before. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'embedding_dimension': 384, 'pooling_mode': 'cls', 'include_prompt': true} | first token",
        "{'pooling_mode': ['mean'], 'include_prompt': true} | mean-pooled",
        "{'pooling_mode_cls_token': true, 'pooling_mode_mean_tokens': false} | first token",
        "{'word_embedding_dimension': 384, 'pooling_mode_cls_token': false, 'pooling_mode_mean_tokens': true, 'include_prompt': true} | mean-pooled",
      })
  void poolsAsTheModelSays(String pooling, String state) throws IOException {
    try (KnowledgeEncoder encoder = minilm("1_Pooling/config.json", pooling)) {
      assertThat(encoder.info().state()).isEqualTo(state + ", l2");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'pooling_mode': 'lasttoken'} | lasttoken",
        "{'pooling_mode': ['cls', 'mean']} | cls and mean",
        "{'pooling_mode_cls_token': true, 'pooling_mode_mean_tokens': true} | pooling_mode_cls_token and pooling_mode_mean_tokens",
        "{'pooling_mode_max_tokens': true} | pooling_mode_max_tokens",
      })
  void refusesOtherPoolings(String pooling, String named) {
    assertThatThrownBy(() -> minilm("1_Pooling/config.json", pooling))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[knowledge/UNKNOWN_POOLING]")
        .hasMessageContaining("names the pooling " + named + ", which is neither");
  }

  @ParameterizedTest
  @CsvSource({"64, 64", "1000000000000000019884624838656, 512", "600, 600"})
  void readsAsManyTokensAsTheTokenizerSays(String stated, int tokens) throws IOException {
    try (KnowledgeEncoder encoder =
        minilm("tokenizer_config.json", "{'model_max_length': " + stated + "}")) {
      assertThat(encoder.info().maxTokens()).isEqualTo(tokens);
    }
  }

  @Test
  void refusesModulesThatItDoesNotCompute() throws IOException {
    String known =
        "[{'idx': 0, 'path': '', 'type': 'sentence_transformers.models.Transformer'}, {'idx': 1, 'path': '1_Pooling', 'type': 'sentence_transformers.sentence_transformer.modules.Pooling'}, {'idx': 2, 'path': '2_Normalize', 'type': 'sentence_transformers.models.Normalize'}]";
    minilm("modules.json", known).close();
    assertThatThrownBy(
            () -> minilm("modules.json", known.replace("models.Normalize", "models.Dense")))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[knowledge/UNSUPPORTED_MODEL]")
        .hasMessageContaining("has the module sentence_transformers.models.Dense, and");
  }

  /** A copy of the built-in model with a file of JSON beside it, in which {@code '} is a quote. */
  private KnowledgeEncoder minilm(String file, String json) throws IOException {
    Path model = folder.resolve("minilm");
    copy("/all-minilm-l6-v2-q.onnx", model.resolve("model.onnx"));
    copy("/all-minilm-l6-v2-q-tokenizer.json", model.resolve("tokenizer.json"));
    Files.createDirectories(model.resolve(file).getParent());
    Files.writeString(model.resolve(file), json.replace('\'', '"'));
    return EncoderFixture.onnx("minilm", folder);
  }

  @Test
  void refusesUnknownModel() {
    assertThatThrownBy(() -> EncoderFixture.onnx("minilm-v9", folder))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[knowledge/MODEL_NOT_FOUND] no file model.onnx in")
        .hasMessageContaining("Use one of [all-minilm-l6-v2-q, bge-small-zh-v1.5-q], or a folder");
  }

  @Test
  void refusesDamagedModel() throws IOException {
    Path model = Files.createDirectory(folder.resolve("broken"));
    Files.writeString(model.resolve("model.onnx"), "not a model");
    copy("/all-minilm-l6-v2-q-tokenizer.json", model.resolve("tokenizer.json"));
    assertThatThrownBy(() -> EncoderFixture.onnx("broken", folder))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[knowledge/MODEL_NOT_READABLE]");
  }

  private static void copy(String resource, Path target) throws IOException {
    try (InputStream in = OnnxSentenceEncoderTest.class.getResourceAsStream(resource)) {
      Files.createDirectories(target.getParent());
      Files.copy(in, target, StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
