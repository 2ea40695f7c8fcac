package org.llm4msr.plugins.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.tck.KnowledgeEncoderConformance;

/** A small trained Llama, whose states {@code make_golden.py} has computed in float64. */
class LlamaCppEncoderTest {

  private static final Path MODELS =
      Path.of(System.getProperty("llm4msr.shared", "../../shared"), "models/stories260k");

  @TempDir Path folder;

  private record Golden(List<Case> cases) {
    private record Case(int[] ids, double[] post_norm) {}
  }

  @BeforeAll
  static void find() {
    assumeTrue(
        Files.exists(MODELS.resolve("stories260K.gguf")),
        "no " + MODELS.toAbsolutePath().normalize() + ": llama.cpp is not tested");
  }

  /** Slow, because every rule starts a process. */
  @Nested
  @Tag("slow")
  class Conformance extends KnowledgeEncoderConformance {
    @Override
    protected KnowledgeEncoderFactory<?> factory() {
      return new LlamaCppFactory();
    }

    @Override
    protected Path base() {
      return MODELS;
    }

    @Override
    protected List<String> settings() {
      return List.of("model=stories260K.gguf", "maxTokens=400");
    }
  }

  @Test
  void agreesWithTheGoldenStates() throws IOException {
    Golden golden =
        JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build()
            .readValue(MODELS.resolve("golden.json").toFile(), Golden.class);
    // Two of its lists of tokens are those of a text; they begin with the token of the beginning.
    List<String> texts = List.of("", "Once upon a");
    try (LlamaCppEncoder encoder = open(MODELS.resolve("stories260K.gguf"))) {
      for (int i = 0; i < texts.size(); i++) {
        Golden.Case expected = golden.cases().get(i);
        float[] vector = encoder.encode(List.of(texts.get(i))).get(0).vector();
        assertThat(encoder.countTokens(texts.get(i))).isEqualTo(expected.ids().length);
        assertThat(vector).hasSize(64);
        assertThat(cosine(vector, expected.post_norm())).isGreaterThan(0.999);
        assertThat(cosine(vector, toDoubles(vector))).isEqualTo(1, within(1e-6));
        assertThat(norm(toDoubles(vector))).isEqualTo(1, within(1e-5));
      }
    }
  }

  @Test
  void saysWhatItIs() {
    try (LlamaCppEncoder encoder = open(MODELS.resolve("stories260K.gguf"))) {
      assertThat(encoder.info().model()).isEqualTo("stories260K");
      assertThat(encoder.info().state()).isEqualTo("post-norm, prompt-end, l2");
      assertThat(encoder.info().dimension()).isEqualTo(64);
    }
  }

  @Test
  void findsTheOnlyFileOfAFolder() {
    LlamaCppConfig config = config(MODELS.toString(), "*.gguf", null);
    GgufModel model = GgufModel.resolve(config, folder);
    assertThat(model.name()).isEqualTo("stories260K");
    new LlamaCppFactory().check(config, folder);
    assertThat(failure(() -> GgufModel.resolve(config(MODELS.toString(), "*Q8*", null), folder)))
        .hasMessageContaining("holds 0 files *Q8*");
  }

  @Test
  void closingEndsItsProcess() {
    List<ProcessHandle> before = ProcessHandle.current().children().toList();
    LlamaCppEncoder encoder = open(MODELS.resolve("stories260K.gguf"));
    List<ProcessHandle> children = new ArrayList<>(ProcessHandle.current().children().toList());
    children.removeAll(before);
    assertThat(children).hasSize(1);
    encoder.close();
    assertThat(children.get(0).isAlive()).isFalse();
  }

  @Test
  void aProcessThatDiesIsAnErrorAndNotACrash() {
    try (LlamaCppEncoder encoder = open(MODELS.resolve("stories260K.gguf"))) {
      ProcessHandle.current().children().forEach(ProcessHandle::destroyForcibly);
      assertThat(failure(() -> encoder.encode(List.of("a"))))
          .hasMessageContaining("[llama-cpp/PROCESS_FAILED]")
          .hasMessageContaining("ended with code 137"); // 128 + SIGKILL.
    }
  }

  /** On a system whose libraries it cannot use, here one that no library was built for. */
  @Test
  void saysWhyTheNativeLibraryDoesNotLoad() throws IOException {
    String home = System.getProperty("java.home");
    Path java = Files.createDirectories(folder.resolve("bin")).resolve("java");
    Files.writeString(
        java, "#!/bin/sh\nexec '%s/bin/java' -Dos.arch=pdp11 \"$@\"\n".formatted(home));
    assertThat(java.toFile().setExecutable(true)).isTrue();
    System.setProperty("java.home", folder.toString());
    try {
      MsrException error = failure(() -> open(MODELS.resolve("stories260K.gguf")).close());
      assertThat(error)
          .hasMessageContaining("refuses: No native library found for")
          .hasMessageContaining("os.arch=pdp11");
    } finally {
      System.setProperty("java.home", home);
    }
  }

  /** The process that uses it prints nothing but its own text, and ends by itself. */
  @Test
  void printsNothingAndLetsTheJvmEnd() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Using.class.getName(),
                MODELS.resolve("stories260K.gguf").toString(),
                folder.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(output).isEqualTo("64\n");
    assertThat(process.exitValue()).isZero();
  }

  /** A user of the Java API who neither closes the encoder nor ends the JVM. */
  static final class Using {
    public static void main(String[] args) {
      LlamaCppEncoder encoder =
          LlamaCppEncoder.open(
              new GgufModel("m", "file", Path.of(args[0])),
              config(args[0], "*", null),
              Path.of(args[1]),
              1);
      System.out.println(encoder.encode(List.of("a cat")).get(0).vector().length);
    }
  }

  @Test
  void refusesMoreTokensThanTheModelReads() {
    assertThat(
            failure(
                () ->
                    LlamaCppEncoder.open(
                        new GgufModel("m", "file", MODELS.resolve("stories260K.gguf")),
                        config("m", "*", 100_000),
                        folder,
                        1)))
        .hasMessageContaining("[llama-cpp/TOO_MANY_TOKENS] knowledge.encoder.maxTokens is 100000");
  }

  @Test
  void refusesWhatIsNoModelBeforeTheLibrarySeesIt() throws IOException {
    byte[] whole = Files.readAllBytes(MODELS.resolve("stories260K.gguf"));
    Path file = folder.resolve("cut.gguf");
    for (int length : new int[] {0, 3, 4, 7, 20, 100, 1000, 5000}) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertThat(failure(() -> GgufMetadata.read(file)).code()).isEqualTo("llama-cpp/NOT_A_MODEL");
    }
    // The metadata is whole and the weights are not: the library refuses in its own process.
    Files.write(file, Arrays.copyOf(whole, whole.length / 2));
    MsrException error = failure(() -> open(file).close());
    assertThat(error.code()).isEqualTo("llama-cpp/PROCESS_FAILED");
    assertThat(error).hasMessageContaining(file.toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"none.gguf", "sub/none.gguf"})
  void refusesAFileThatIsNotThere(String model) {
    assertThat(failure(() -> new LlamaCppFactory().check(config(model, "*", null), folder)))
        .hasMessageContainingAll("[llama-cpp/MODEL_NOT_FOUND]", model);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "*[Q8_0.gguf | which is not a valid pattern: Missing",
        "sub/x.gguf | subfolders are not searched"
      })
  void refusesWhatIsNoPatternOfNames(String file, String why) {
    assertThat(failure(() -> new LlamaCppFactory().check(config(".", file, null), folder)))
        .hasMessageContainingAll("[llama-cpp/MODEL_NOT_FOUND]", "'" + file + "'", why);
  }

  private LlamaCppEncoder open(Path file) {
    return LlamaCppEncoder.open(
        new GgufModel("stories260K", "file", file), config("m", "*", null), folder, 1);
  }

  private static LlamaCppConfig config(String model, String file, Integer maxTokens) {
    return new LlamaCppConfig(
        model,
        file,
        LlamaCppConfig.State.POST_NORM,
        LlamaCppConfig.Position.PROMPT_END,
        true,
        maxTokens);
  }

  private static double cosine(float[] a, double[] b) {
    double product = 0;
    for (int i = 0; i < a.length; i++) {
      product += a[i] * b[i];
    }
    return product / norm(toDoubles(a)) / norm(b);
  }

  private static double norm(double[] vector) {
    return Math.sqrt(Arrays.stream(vector).map(x -> x * x).sum());
  }

  private static double[] toDoubles(float[] vector) {
    double[] doubles = new double[vector.length];
    for (int i = 0; i < vector.length; i++) {
      doubles[i] = vector[i];
    }
    return doubles;
  }

  private static MsrException failure(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    return catchThrowableOfType(MsrException.class, call);
  }
}
