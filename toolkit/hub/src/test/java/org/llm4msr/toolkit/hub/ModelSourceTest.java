package org.llm4msr.toolkit.hub;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.slf4j.LoggerFactory;

class ModelSourceTest {

  private static final String SOURCE = "hf:" + FakeHub.REPOSITORY;
  private static final List<String> WANTED = List.of("*.json", "*.safetensors");

  @TempDir Path folder;
  private final FakeHub hub = new FakeHub();
  private final Map<String, String> environment = new HashMap<>();
  private final byte[] weights = new byte[300_000];
  private final byte[] config = "{\"model_type\": \"llama\"}\n".getBytes(UTF_8);

  @BeforeEach
  void fill() {
    new Random(7).nextBytes(weights);
    hub.files.put("config.json", config);
    hub.files.put("model.safetensors", weights);
    hub.files.put("onnx/model.onnx", new byte[] {1, 2, 3});
    environment.put("HF_ENDPOINT", hub.url());
    environment.put("HF_HUB_CACHE", folder.resolve("cache").toString());
  }

  @AfterEach
  void stop() {
    hub.close();
  }

  @Test
  void bringsWhatIsWantedInTheLayoutOfTheHubsOwnCache() throws IOException {
    ModelSource.Resolved model = resolve(SOURCE);

    Path root = folder.resolve("cache/models--owner--tiny-model");
    assertThat(model.name()).isEqualTo(FakeHub.REPOSITORY);
    assertThat(model.revision()).isEqualTo(FakeHub.COMMIT);
    assertThat(model.folder()).isEqualTo(root.resolve("snapshots/" + FakeHub.COMMIT));
    assertThat(model.folder().resolve("config.json")).hasBinaryContent(config);
    assertThat(model.folder().resolve("model.safetensors"))
        .hasBinaryContent(weights)
        .isSymbolicLink();
    assertThat(model.folder().resolve("onnx")).doesNotExist();
    assertThat(root.resolve("refs/main")).hasContent(FakeHub.COMMIT);
    Path usual = Files.createFile(folder.resolve("usual"));
    assertThat(Files.getPosixFilePermissions(root.resolve("refs/main")))
        .isEqualTo(Files.getPosixFilePermissions(usual));
    // echo '{"model_type": "llama"}' | git hash-object --stdin
    assertThat(root.resolve("blobs/" + FakeHub.gitBlob(config))).exists();
    try (Stream<Path> blobs = Files.list(root.resolve("blobs"))) {
      assertThat(blobs).hasSize(2);
    }
  }

  @Test
  void checksumsAreThoseOfGit() {
    // printf 'hello\n' | git hash-object --stdin
    assertThat(FakeHub.gitBlob("hello\n".getBytes(UTF_8)))
        .isEqualTo("ce013625030ba8dba906f756967f9e9ca394464a");
  }

  @Test
  void asksForTheDescriptionAloneWhereAllIsThere() {
    resolve(SOURCE);
    hub.requests.clear();
    resolve(SOURCE + "@v1");
    assertThat(hub.contentRequests()).isEmpty();
    hub.requests.clear();
    resolve(SOURCE + "@" + FakeHub.COMMIT);
    assertThat(hub.requests).isEmpty();
  }

  @Test
  void bringsFurtherFilesOfTheSameCommit() {
    resolve(SOURCE);
    ModelSource.Resolved model =
        source(SOURCE + "@" + FakeHub.COMMIT).resolve(List.of("onnx/*.onnx"));
    assertThat(model.folder().resolve("onnx/model.onnx")).hasBinaryContent(new byte[] {1, 2, 3});
  }

  @Test
  void readsTheDescriptionToWhichTheHubRedirects() {
    hub.faults.add(
        "redirect %s/api/models/%s/revision/v1".formatted(hub.url(), FakeHub.REPOSITORY));
    assertThat(resolve(SOURCE).revision()).isEqualTo(FakeHub.COMMIT);
  }

  @Test
  void takesNoPartOfACommitForTheWhole() {
    hub.faults.addAll(List.of("none", "none", "status 403"));
    assertThat(failure(() -> resolve(SOURCE + "@" + FakeHub.COMMIT)).type())
        .isEqualTo(ErrorType.USER);
    assertThat(resolve(SOURCE + "@" + FakeHub.COMMIT).folder().resolve("model.safetensors"))
        .hasBinaryContent(weights);
  }

  @Test
  void takesNoOtherCommitThanAsked() throws IOException {
    resolve(SOURCE);
    try (Stream<Path> listings =
        Files.list(folder.resolve("cache/models--owner--tiny-model/listings"))) {
      hub.description = Files.readString(listings.findFirst().orElseThrow());
    }
    hub.description = hub.description.replace(FakeHub.COMMIT, "f".repeat(40));
    environment.put("HF_HUB_CACHE", folder.resolve("other").toString());
    assertThat(failure(() -> resolve(SOURCE + "@" + FakeHub.COMMIT)).getMessage())
        .contains("it is one of the commit ffff");
  }

  @Test
  void loadsABlobAgainThatLostItsEnd() throws IOException {
    resolve(SOURCE);
    Path blob = folder.resolve("cache/models--owner--tiny-model/blobs/" + FakeHub.sha256(weights));
    Files.write(blob, Arrays.copyOf(weights, 1000));
    assertThat(resolve(SOURCE).folder().resolve("model.safetensors")).hasBinaryContent(weights);
  }

  @Test
  void goesOnWhereABodyWasCutOff() {
    hub.files.remove("config.json");
    hub.faults.addAll(List.of("none", "cut 100000", "cut 50000", "status 503", "none"));

    assertThat(resolve(SOURCE).folder().resolve("model.safetensors")).hasBinaryContent(weights);

    assertThat(hub.contentRequests())
        .filteredOn(seen -> seen.server().equals("content"))
        .extracting(FakeHub.Seen::range)
        .containsExactly(null, "bytes=100000-", "bytes=150000-", "bytes=150000-");
  }

  /** The pause is told just before it begins, and interrupted. */
  @Test
  void waitsAsLongAsTheHubAsks() {
    hub.files.remove("config.json");
    hub.faults.addAll(List.of("none", "status 429 600"));
    List<String> told = new ArrayList<>();
    AppenderBase<ILoggingEvent> interrupting =
        new AppenderBase<>() {
          @Override
          protected void append(ILoggingEvent event) {
            told.add(event.getFormattedMessage());
            Thread.currentThread().interrupt();
          }
        };
    interrupting.start();
    Logger logger = (Logger) LoggerFactory.getLogger(Downloads.class);
    logger.addAppender(interrupting);
    try {
      assertThat(failure(() -> resolve(SOURCE))).hasMessageContaining("was interrupted");
    } finally {
      logger.detachAppender(interrupting);
      assertThat(Thread.interrupted()).isTrue();
    }

    assertThat(told)
        .singleElement()
        .asString()
        .endsWith("answered with status 429 and Retry-After: 600; retrying in 600.0 s");
    assertThat(hub.contentRequests())
        .filteredOn(seen -> seen.server().equals("content"))
        .hasSize(1);
  }

  @Test
  void aHubThatAsksForMoreThanTenMinutesIsLeftAlone() {
    hub.files.remove("config.json");
    hub.faults.addAll(List.of("none", "status 429 601"));

    assertThat(failure(() -> resolve(SOURCE)))
        .hasMessageContaining("answered with status 429 and Retry-After: 601");
    assertThat(hub.contentRequests())
        .filteredOn(seen -> seen.server().equals("content"))
        .hasSize(1);
  }

  @Test
  void survivesMoreCutsThanAttemptsWhileItComesFurther() {
    hub.files.remove("config.json");
    hub.faults.add("none");
    for (int i = 0; i < 8; i++) {
      hub.faults.add("cut 30000");
    }
    assertThat(resolve(SOURCE).folder().resolve("model.safetensors")).hasBinaryContent(weights);
  }

  @Test
  void goesOnAfterAProcessThatWasKilled() throws IOException {
    incomplete(Arrays.copyOf(weights, 123_456));

    assertThat(resolve(SOURCE).folder().resolve("model.safetensors")).hasBinaryContent(weights);

    assertThat(hub.requests).extracting(FakeHub.Seen::range).contains("bytes=123456-");
  }

  @Test
  void beginsAnewWhereTheBeginningIsWrong() throws IOException {
    incomplete(new byte[123_456]);
    assertThat(resolve(SOURCE).folder().resolve("model.safetensors")).hasBinaryContent(weights);
  }

  @Test
  void takesTheWholeFromAServerThatKnowsNoRanges() throws IOException {
    hub.files.remove("config.json");
    incomplete(Arrays.copyOf(weights, 123_456));
    hub.faults.addAll(List.of("none", "whole"));
    assertThat(resolve(SOURCE).folder().resolve("model.safetensors")).hasBinaryContent(weights);
  }

  /** Linux refuses links to paths of more than 4,095 characters, here of {@code ../}. */
  @Test
  @Tag("slow")
  @EnabledOnOs(OS.LINUX)
  void copiesWhatCannotBeLinked() {
    String deep = "a/".repeat(1400) + "config.json";
    hub.files.put(deep, config);
    Path snapshot = source(SOURCE).resolve(List.of("a/**.json")).folder();
    assertThat(snapshot.resolve(deep)).hasBinaryContent(config);
    assertThat(Files.isSymbolicLink(snapshot.resolve(deep))).isFalse();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aFullDiskIsNoFaultOfTheNetwork() throws IOException {
    Path blobs = Files.createDirectories(folder.resolve("cache/models--owner--tiny-model/blobs"));
    Path unfinished = blobs.resolve(FakeHub.sha256(weights) + ".incomplete");
    Files.createSymbolicLink(unfinished, Path.of("/dev/full"));

    MsrException error = failure(() -> resolve(SOURCE));

    assertThat(error.code()).isEqualTo("model/CACHE");
    assertThat(error).hasMessageContaining("No space left on device");
  }

  @Test
  void aFolderInPlaceOfAFileIsNoFaultOfTheNetwork() throws IOException {
    String version = FakeHub.sha256(weights) + ".version";
    Files.createDirectories(
        folder.resolve("cache/models--owner--tiny-model/blobs").resolve(version));
    assertThat(failure(() -> resolve(SOURCE)).code()).isEqualTo("model/CACHE");
  }

  @ParameterizedTest
  @ValueSource(strings = {"corrupt", "status 500"})
  void givesUpOnWhatStaysWrong(String fault) throws IOException {
    hub.files.remove("config.json");
    hub.faults.add("none");
    for (int i = 0; i < 5; i++) {
      hub.faults.add(fault);
    }

    MsrException error = failure(() -> resolve(SOURCE));

    assertThat(error.code()).isEqualTo("model/HUB_FAILED");
    assertThat(error.retryable()).isTrue();
    assertThat(error).hasMessageContaining(hub.url() + "/owner/tiny-model/resolve/");
    assertThat(folder.resolve("cache/models--owner--tiny-model/blobs/" + FakeHub.sha256(weights)))
        .doesNotExist();
    assertThat(resolve(SOURCE).folder().resolve("model.safetensors")).hasBinaryContent(weights);
  }

  @Test
  void takesNoMoreBytesThanTheFileHas() {
    hub.files.remove("config.json");
    hub.faults.addAll(List.of("none", "longer"));
    assertThat(failure(() -> resolve(SOURCE)))
        .hasMessageContaining("more than 300,000 bytes arrived");
  }

  @Test
  void sendsTheTokenToTheHubAlone() {
    environment.put("HF_TOKEN", "hf_secret");
    resolve(SOURCE);
    assertThat(hub.requests)
        .filteredOn(seen -> seen.server().equals("hub"))
        .allMatch(seen -> seen.authorization().equals("Bearer hf_secret"));
    assertThat(hub.requests)
        .filteredOn(seen -> seen.server().equals("content"))
        .isNotEmpty()
        .allMatch(seen -> seen.authorization() == null);
    assertThat(HubSettings.of(environment::get).toString()).doesNotContain("hf_secret");
  }

  @Test
  void saysWhatAUserCanDoAboutARefusal() {
    hub.faults.add("status 401");
    assertThat(failure(() -> resolve(SOURCE)))
        .hasMessageContainingAll(
            "[model/NOT_FOUND]", "owner/tiny-model/revision/main", "set HF_TOKEN", "status 401");
    environment.put("HF_TOKEN", "hf_secret");
    hub.faults.add("status 403");
    MsrException gated = failure(() -> resolve(SOURCE));
    assertThat(gated).hasMessageContaining("accept its licence").hasMessageContaining("403");
    assertThat(gated.getMessage()).doesNotContain("hf_secret");
    assertThat(failure(() -> resolve(SOURCE + "@v9")))
        .hasMessageContaining("no such model, revision or file");
    assertThat(hub.requests).hasSize(3);
  }

  @Test
  void worksOfflineFromTheCacheAlone() throws IOException {
    environment.put("HF_HUB_OFFLINE", "1");
    MsrException absent = failure(() -> resolve(SOURCE));
    assertThat(absent.type()).isEqualTo(ErrorType.USER);
    assertThat(absent).hasMessageContainingAll("[model/NOT_CACHED]", "HF_HUB_OFFLINE", "none");
    environment.remove("HF_HUB_OFFLINE");
    Path whole = resolve(SOURCE).folder();
    hub.requests.clear();

    environment.put("HF_HUB_OFFLINE", "true");
    assertThat(resolve(SOURCE).folder()).isEqualTo(whole);
    assertThat(hub.requests).isEmpty();

    Files.delete(whole.resolve("config.json"));
    assertThat(failure(() -> resolve(SOURCE)))
        .hasMessageContainingAll("[model/NOT_CACHED]", FakeHub.COMMIT);
  }

  @Test
  void takesTheCacheWhereTheHubDoesNotAnswer() {
    Path whole = resolve(SOURCE).folder();
    hub.close();
    assertThat(resolve(SOURCE).folder()).isEqualTo(whole);
  }

  @Test
  void goesThroughAProxyUnlessTheHostIsExcepted() {
    environment.put("HF_ENDPOINT", "http://hub.example");
    environment.put("HTTP_PROXY", hub.url().replace("http://", ""));
    hub.files.remove("model.safetensors");
    assertThat(resolve(SOURCE).folder().resolve("config.json")).hasBinaryContent(config);

    environment.put("NO_PROXY", "localhost, .example");
    assertThat(failure(() -> resolve(SOURCE + "@v1")).code()).isEqualTo("model/HUB_FAILED");
  }

  /**
   * The threads are those of the common pool, which the client needs as well, and more than it has.
   */
  @Test
  void threadsLoadAFileOnce() {
    List<CompletableFuture<Path>> all =
        IntStream.range(0, 2 * Runtime.getRuntime().availableProcessors())
            .mapToObj(i -> CompletableFuture.supplyAsync(() -> resolve(SOURCE).folder()))
            .toList();
    all.forEach(
        path -> assertThat(path.join().resolve("model.safetensors")).hasBinaryContent(weights));
    assertThat(hub.requests).filteredOn(seen -> seen.server().equals("content")).hasSize(1);
  }

  @Test
  void doesNotWaitForAServerThatStalls() throws IOException {
    hub.faults.add("stall");
    HubClient impatient =
        new HubClient(HubSettings.of(environment::get), FakeHub.REPOSITORY, Duration.ofMillis(300));
    HubModels.RemoteFile file =
        new HubModels.RemoteFile("model.safetensors", weights.length, FakeHub.sha256(weights));
    Path target = folder.resolve("weights");
    impatient.download(FakeHub.COMMIT, file, target);
    assertThat(target).hasBinaryContent(weights);
    assertThat(hub.requests).extracting(FakeHub.Seen::range).contains("bytes=10-");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "{}",
        "no json",
        "{\"sha\": \"../../evil\", \"siblings\": []}",
        "{\"sha\": \"C\", \"siblings\": [{\"rfilename\": \"../x.json\", \"size\": 1, \"blobId\":"
            + " \"B\"}]}",
        "{\"sha\": \"C\", \"siblings\": [{\"rfilename\": \"/x.json\", \"size\": 1, \"blobId\":"
            + " \"B\"}]}",
        "{\"sha\": \"C\", \"siblings\": [{\"rfilename\": \"a/../../x.json\", \"size\": 1,"
            + " \"blobId\": \"B\"}]}",
        "{\"sha\": \"C\", \"siblings\": [{\"rfilename\": \"x.json\", \"size\": 1, \"blobId\":"
            + " \"../evil\"}]}",
        "{\"sha\": \"C\", \"siblings\": [{\"rfilename\": \"x.json\", \"blobId\": \"B\"}]}",
        "{\"sha\": \"C\", \"siblings\": [{\"rfilename\": \"x.json\", \"size\": 1, \"lfs\":"
            + " {\"sha256\": \"B\", \"size\": 1}}]}"
      })
  void believesNothingOfADescription(String description) {
    hub.description =
        description
            .replace("\"C\"", '"' + FakeHub.COMMIT + '"')
            .replace("\"B\"", '"' + FakeHub.COMMIT + '"');
    assertThat(failure(() -> resolve(SOURCE)).code()).isEqualTo("model/WRONG_ANSWER");
    assertThat(hub.contentRequests()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"file:///etc/passwd", "ftp://localhost/x", "http://["})
  void followsNoRedirectionToAnythingElse(String location) {
    hub.files.remove("model.safetensors");
    hub.faults.addAll(List.of("none", "redirect " + location));
    assertThat(failure(() -> resolve(SOURCE)).code()).isEqualTo("model/HUB_FAILED");
  }

  @ParameterizedTest
  @ValueSource(strings = {"hf:", "hf:a/b/c", "hf:../x", "hf:a/b@", "hf:a/b@../../x", "hf:a b/c"})
  void refusesWhatNamesNoRepository(String text) {
    assertThat(failure(() -> source(text).check()).code()).isEqualTo("model/BAD_SOURCE");
    assertThat(failure(() -> resolve(text)).code()).isEqualTo("model/BAD_SOURCE");
  }

  @Test
  void checkingAsksNobody() {
    source(SOURCE).check();
    assertThat(hub.requests).isEmpty();
  }

  @Test
  void findsAFolder() throws IOException {
    Path model = Files.createDirectories(folder.resolve("models/tiny"));
    source("models/tiny").check();
    assertThat(resolve("models/tiny")).isEqualTo(new ModelSource.Resolved("tiny", "folder", model));
    assertThat(failure(() -> source("models/none").check()))
        .hasMessageContainingAll("[model/NOT_FOUND]", "models/none", folder.toString());
  }

  @Test
  void unpacksAFolderOfAJarOnce() throws IOException {
    environment.put("LLM4MSR_CACHE", "~/own");
    Path jar = folder.resolve("model.jar");
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
      for (String name :
          List.of("m/tiny/config.json", "m/tiny/sub/x.json", "m/tiny/y.bin", "z.json")) {
        out.putNextEntry(new JarEntry(name)); // No entries for the folders.
        out.write(name.getBytes(UTF_8));
      }
    }
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    String home = System.setProperty("user.home", folder.toString());
    try (URLClassLoader loader = new URLClassLoader(new URL[] {jar.toUri().toURL()}, null)) {
      Thread.currentThread().setContextClassLoader(loader);
      source("classpath:m/tiny").check();
      ModelSource.Resolved model =
          source("classpath:m/tiny").resolve(List.of("*.json", "sub/*.json"));
      assertThat(model.name()).isEqualTo("tiny");
      assertThat(model.folder().getParent()).isEqualTo(folder.resolve("own/models"));
      assertThat(model.folder().resolve("config.json")).hasContent("m/tiny/config.json");
      assertThat(Files.getPosixFilePermissions(model.folder()))
          .isEqualTo(Files.getPosixFilePermissions(Files.createDirectory(folder.resolve("usual"))));
      assertThat(model.folder().resolve("sub/x.json")).hasContent("m/tiny/sub/x.json");
      assertThat(model.folder().resolve("y.bin")).doesNotExist();
      Files.writeString(model.folder().resolve("kept"), "");
      assertThat(source("classpath:m/tiny").resolve(List.of("*.json", "sub/*.json")).folder())
          .isEqualTo(model.folder());
      assertThat(model.folder().resolve("kept")).exists();
      assertThat(failure(() -> source("classpath:m/none").check()).code())
          .isEqualTo("model/NOT_FOUND");
    } finally {
      System.setProperty("user.home", home);
      Thread.currentThread().setContextClassLoader(before);
    }
  }

  private void incomplete(byte[] content) throws IOException {
    Path blobs = folder.resolve("cache/models--owner--tiny-model/blobs");
    Files.createDirectories(blobs);
    Files.write(blobs.resolve(FakeHub.sha256(weights) + ".incomplete"), content);
  }

  private ModelSource source(String text) {
    return ModelSource.of(text, folder, environment::get);
  }

  private ModelSource.Resolved resolve(String text) {
    return source(text).resolve(WANTED);
  }

  private static MsrException failure(ThrowingCallable call) {
    return catchThrowableOfType(MsrException.class, call);
  }
}
