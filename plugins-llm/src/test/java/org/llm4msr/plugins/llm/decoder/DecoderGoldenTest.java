package org.llm4msr.plugins.llm.decoder;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.Script;
import org.llm4msr.api.TensorService;
import org.llm4msr.plugins.llm.EncoderFixture;
import org.llm4msr.plugins.llm.decoder.DecoderConfig.Precision;
import org.llm4msr.tck.harness.TestEngines;

/** States agree with those of other implementations of the same models. */
@Tag("engine")
class DecoderGoldenTest {

  private static final double TOLERANCE = 1e-4;

  @ParameterizedTest
  @ValueSource(strings = {"stories260k", "chatglm2-tiny"})
  void sharedModelsAgree(String model) throws IOException {
    assertAgrees(GoldenStates.shared(model));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama3",
        "mistral",
        "qwen2",
        "llama-bias",
        "qwen3",
        "phi3",
        "phi3-longrope",
        "smollm3",
        "gemma3",
        "ministral"
      })
  void fixturesAgreeWithTransformers(String model) throws IOException {
    assertAgrees(GoldenStates.fixture(model));
  }

  /** Hugging Face gives the states of lower layers before the final norm. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama3",
        "mistral",
        "qwen2",
        "qwen3",
        "phi3",
        "phi3-longrope",
        "smollm3",
        "gemma3",
        "ministral"
      })
  void lowerLayersAgreeWithTransformers(String model) throws IOException {
    Path folder = GoldenStates.fixture(model);
    List<GoldenStates.Case> cases = GoldenStates.read(folder.resolve("golden.json")).cases();
    DecoderShape whole = shape(folder);
    for (int layer = 1; layer < whole.layers(); layer++) {
      DecoderShape shape = whole.lowest(layer);
      try (Decoder plain = plain(folder, shape, 1 << 22)) {
        assertLayer(plain, layer, cases);
      }
      if (TestEngines.tensors().runsScripts()) {
        try (Decoder script = script(folder, shape, Precision.FLOAT32)) {
          assertLayer(script, layer, cases);
        }
      }
    }
  }

  private static void assertLayer(Decoder decoder, int layer, List<GoldenStates.Case> cases) {
    for (GoldenStates.Case golden : cases) {
      assertClose(
          "%s, layer %d".formatted(decoder.getClass().getSimpleName(), layer),
          golden.layers()[layer - 1],
          states(decoder, List.of(golden.ids())).get(0)[0]);
    }
  }

  private static void assertAgrees(Path folder) throws IOException {
    List<GoldenStates.Case> cases =
        new ArrayList<>(GoldenStates.read(folder.resolve("golden.json")).cases());
    cases.sort(Comparator.comparingInt(golden -> golden.ids().length));
    try (Decoder plain = plain(folder)) {
      assertAgrees(plain, cases);
    }
    if (!TestEngines.tensors().runsScripts()) {
      return;
    }
    try (Decoder script = script(folder, Precision.FLOAT32)) {
      assertAgrees(script, cases);
    }
    try (Decoder script = script(folder, Precision.BFLOAT16)) {
      for (GoldenStates.Case golden : cases) {
        float[][] states = states(script, List.of(golden.ids())).get(0);
        assertThat(EncoderFixture.cosine(states[0], golden.pre_norm())).isGreaterThan(0.999);
        assertThat(EncoderFixture.cosine(states[1], golden.post_norm())).isGreaterThan(0.999);
      }
    }
  }

  /**
   * As shared prefixes and generated tokens are read: the first 30 tokens, 9 more, and the last.
   */
  @ParameterizedTest
  @ValueSource(strings = {"mistral", "qwen3", "phi3-longrope", "smollm3", "gemma3"})
  void readingOnGivesTheSameState(String model) throws IOException {
    Path folder = GoldenStates.fixture(model);
    GoldenStates.Case text = GoldenStates.read(folder.resolve("golden.json")).cases().get(4);
    try (Decoder plain = plain(folder)) {
      assertReadsOn(plain, text);
    }
    if (TestEngines.tensors().runsScripts()) {
      try (Decoder script = script(folder, Precision.FLOAT32)) {
        assertReadsOn(script, text);
      }
    }
  }

  private static void assertReadsOn(Decoder decoder, GoldenStates.Case text) {
    long[] ids = text.ids();
    try (NDManager step = decoder.newManager()) {
      TokenBatch first = TokenBatch.of(List.of(Arrays.copyOf(ids, 30)), 0);
      NDList past = decoder.read(step, first, null, true).kept();
      long[] middle = Arrays.copyOfRange(ids, 30, 39);
      TokenBatch twice = TokenBatch.of(List.of(middle, middle), 30);
      past = decoder.read(step, twice, past, true).kept();
      TokenBatch last = twice.next(new long[] {ids[39], ids[39]});
      NDArray states = decoder.read(step, last, past, false).postNorm();
      assertClose(decoder.getClass().getSimpleName(), text.post_norm(), row(states, 0));
      assertClose(decoder.getClass().getSimpleName(), text.post_norm(), row(states, 1));
    }
  }

  /** The script's attention is computed tile by tile, of at least 64 tokens. */
  @ParameterizedTest
  @ValueSource(strings = {"llama3", "mistral", "gemma3", "ministral"})
  void textsOfSeveralTilesAgreeWithThePlainForwardPass(String model) throws IOException {
    assumeTrue(TestEngines.tensors().runsScripts());
    Path folder = GoldenStates.fixture(model);
    long[] ids = GoldenStates.read(folder.resolve("golden.json")).cases().get(4).ids();
    long[] text = IntStream.range(0, 251).mapToLong(i -> ids[i * i % ids.length]).toArray();
    try (Decoder plain = plain(folder);
        Decoder script = script(folder, Precision.FLOAT32)) {
      List<float[]> expected = afterThirtyTokens(plain, text);
      List<float[]> actual = afterThirtyTokens(script, text);
      for (int i = 0; i < expected.size(); i++) {
        assertClose("text " + i, expected.get(i), actual.get(i));
      }
    }
  }

  /** Returns the states of three texts that go on after the same tokens, two of one length. */
  private static List<float[]> afterThirtyTokens(Decoder decoder, long[] text) {
    try (NDManager step = decoder.newManager()) {
      TokenBatch first = TokenBatch.of(List.of(Arrays.copyOf(text, 30)), 0);
      NDList past = decoder.read(step, first, null, true).kept();
      List<long[]> rests =
          List.of(
              Arrays.copyOfRange(text, 30, 100),
              Arrays.copyOfRange(text, 30, 250),
              Arrays.copyOfRange(text, 31, 251));
      NDArray states = decoder.read(step, TokenBatch.of(rests, 30), past, false).postNorm();
      return IntStream.range(0, rests.size()).mapToObj(i -> row(states, i)).toList();
    }
  }

  /** Base classes of transformers save arrays without {@code model.} before their names. */
  @Test
  void readsModelsThatWereSavedWithoutHead(@TempDir Path base) throws IOException {
    Path folder = GoldenStates.fixture("llama3");
    Files.copy(folder.resolve("config.json"), base.resolve("config.json"));
    String bytes = Files.readString(folder.resolve("model.safetensors"), ISO_8859_1);
    String names = bytes.substring(8, bytes.indexOf("}}") + 2);
    String bare = names.replace("\"model.", "\"");
    String padded = bare + " ".repeat(names.length() - bare.length());
    Files.writeString(base.resolve("model.safetensors"), bytes.replace(names, padded), ISO_8859_1);
    List<long[]> text =
        List.of(GoldenStates.read(folder.resolve("golden.json")).cases().get(0).ids());
    try (Decoder expected = plain(folder);
        Decoder actual = plain(base)) {
      assertThat(states(actual, text).get(0)).isDeepEqualTo(states(expected, text).get(0));
    }
  }

  /** Larger models come from their files in parts, here a head or row at a time. */
  @ParameterizedTest
  @ValueSource(strings = {"llama3", "qwen2", "phi3-longrope", "gemma3"})
  void partsGiveTheSameWeights(String model) throws IOException {
    Path folder = GoldenStates.fixture(model);
    List<long[]> text =
        List.of(GoldenStates.read(folder.resolve("golden.json")).cases().get(0).ids());
    try (Decoder whole = plain(folder);
        Decoder inParts = plain(folder, 1)) {
      assertThat(states(inParts, text).get(0)).isDeepEqualTo(states(whole, text).get(0));
    }
    if (!TestEngines.tensors().runsScripts()) {
      return;
    }
    try (Decoder whole = script(folder, Precision.BFLOAT16);
        Decoder inParts = scriptInParts(folder)) {
      assertThat(states(inParts, text).get(0)).isDeepEqualTo(states(whole, text).get(0));
    }
  }

  private static Decoder scriptInParts(Path folder) {
    DecoderShape shape = shape(folder);
    Script script = TestEngines.tensors().script(DecoderScript.of(shape, Precision.BFLOAT16));
    NDManager manager = TestEngines.manager();
    WeightStore store = ScriptDecoder.bfloat16(script, manager);
    try (WeightFiles files = WeightFiles.open(folder)) {
      return new ScriptDecoder(
          shape,
          DecoderWeights.read(files, architecture(folder), shape, true, manager, store, 1),
          script,
          manager);
    }
  }

  private static void assertAgrees(Decoder decoder, List<GoldenStates.Case> cases) {
    List<float[][]> together = states(decoder, cases.stream().map(GoldenStates.Case::ids).toList());
    for (int i = 0; i < cases.size(); i++) {
      String description =
          "%s, text of %d tokens"
              .formatted(decoder.getClass().getSimpleName(), cases.get(i).ids().length);
      float[][] alone = states(decoder, List.of(cases.get(i).ids())).get(0);
      assertClose(description, cases.get(i).pre_norm(), alone[0]);
      assertClose(description, cases.get(i).post_norm(), alone[1]);
      assertClose(description + " among others", cases.get(i).post_norm(), together.get(i)[1]);
    }
  }

  static Decoder plain(Path folder) throws IOException {
    return plain(folder, 1 << 22);
  }

  private static Decoder plain(Path folder, int atOnce) throws IOException {
    return plain(folder, shape(folder), atOnce);
  }

  private static Decoder plain(Path folder, DecoderShape shape, int atOnce) throws IOException {
    NDManager manager = TestEngines.manager();
    WeightStore store = new WeightStore.Float32(manager);
    try (WeightFiles files = WeightFiles.open(folder)) {
      return new PlainDecoder(
          shape,
          DecoderWeights.read(files, architecture(folder), shape, true, manager, store, atOnce),
          manager);
    }
  }

  static Decoder script(Path folder, Precision precision) {
    return script(folder, shape(folder), precision);
  }

  private static Decoder script(Path folder, DecoderShape shape, Precision precision) {
    TensorService tensors = TestEngines.tensors();
    try (WeightFiles files = WeightFiles.open(folder)) {
      return DecoderLoading.scripted(
          precision, files, architecture(folder), shape, true, tensors.newManager(), tensors);
    }
  }

  private static DecoderShape shape(Path folder) {
    return DecoderShape.of(config(folder), architecture(folder));
  }

  private static Architecture architecture(Path folder) {
    return Architecture.of(config(folder));
  }

  private static ModelJson config(Path folder) {
    return ModelJson.read(folder.resolve("config.json"));
  }

  /** Returns the state before and after the final norm of each text. */
  static List<float[][]> states(Decoder decoder, List<long[]> texts) {
    try (NDManager step = decoder.newManager()) {
      Decoder.Reading reading = decoder.read(step, TokenBatch.of(texts, 0), null, false);
      List<float[][]> states = new ArrayList<>();
      for (int i = 0; i < texts.size(); i++) {
        states.add(new float[][] {row(reading.preNorm(), i), row(reading.postNorm(), i)});
      }
      return states;
    }
  }

  private static float[] row(NDArray states, int row) {
    return states.get(row).toFloatArray();
  }

  static void assertClose(String description, float[] expected, float[] actual) {
    assertThat(actual).as(description).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i])
          .as(description)
          .isCloseTo(expected[i], within((float) (TOLERANCE * Math.max(1, Math.abs(expected[i])))));
    }
  }
}
