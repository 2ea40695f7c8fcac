package org.llm4msr.toolkit.hub;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;

/** A server that gives prepared answers in turn; ranges and conditions are those of RFC 9110. */
class DownloadsTest {

  private static final String WHOLE = "0123456789";
  private static final Downloads.Verifier ANY = file -> "";

  @TempDir Path folder;
  private final Queue<Answer> answers = new ArrayDeque<>();
  private final List<Headers> requests = new ArrayList<>();
  private final List<String> paths = new ArrayList<>();
  private HttpServer server;
  private Path target;

  /**
   * An answer.
   *
   * @param length that it states; a shorter body is cut off
   * @param headers names and values in turn
   */
  private record Answer(int status, int length, String body, String... headers) {}

  private static Answer answer(int status, String body, String... headers) {
    return new Answer(status, body.length(), body, headers);
  }

  @BeforeEach
  void serve() throws IOException {
    target = folder.resolve("model.bin");
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::handle);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      requests.add(exchange.getRequestHeaders());
      paths.add(exchange.getRequestURI().getPath());
      Answer answer = answers.remove();
      for (int i = 0; i < answer.headers().length; i += 2) {
        exchange.getResponseHeaders().add(answer.headers()[i], answer.headers()[i + 1]);
      }
      exchange.sendResponseHeaders(answer.status(), answer.length() == 0 ? -1 : answer.length());
      exchange.getResponseBody().write(answer.body().getBytes(UTF_8));
      exchange.getResponseBody().flush();
    }
  }

  private URI address(String path) {
    return URI.create("http://localhost:" + server.getAddress().getPort() + path);
  }

  private Downloads downloads() {
    return new Downloads(HttpClient.Builder.NO_PROXY, Duration.ofSeconds(30), new Named());
  }

  /** Sends the path of each address in a header. */
  private static final class Named implements Downloads.Server {

    @Override
    public Map<String, String> headers(URI address) {
      return Map.of("X-Path", address.getPath());
    }

    @Override
    public MsrException refused(URI address, int status) {
      return new MsrException(ErrorType.USER, "test/REFUSED", address.getPath() + " " + status);
    }

    @Override
    public MsrException failed(URI address, IOException cause, boolean retryable) {
      String text = address.getPath() + " " + cause.getMessage();
      return new MsrException(ErrorType.EXTERNAL, "test/FAILED", text, cause, retryable);
    }
  }

  private void load(int size) throws IOException {
    downloads().file(address("/file"), size, ANY, target, Progress.NONE);
  }

  /** Leaves the beginning of a file, as a process that was killed does. */
  private void begun(String part, String version) throws IOException {
    Files.writeString(folder.resolve("model.bin.incomplete"), part);
    Files.writeString(folder.resolve("model.bin.version"), version);
  }

  private void assertLoaded() throws IOException {
    assertThat(target).hasContent(WHOLE);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).as("nothing beside it").containsExactly(target);
    }
  }

  @Test
  void readsATextWithTheHeadersOfItsServer() {
    answers.add(new Answer(200, 7, "\u00e4 \u7528\n"));

    assertThat(downloads().text(address("/a"))).isEqualTo("\u00e4 \u7528\n");
    assertThat(requests.get(0).getFirst("X-Path")).isEqualTo("/a");
    assertThat(requests.get(0).getFirst("User-Agent")).isEqualTo("llm4msr");
  }

  @Test
  void asksForTheStartOfATextAndTakesNoMore() {
    answers.add(answer(206, "0123", "Content-Range", "bytes 0-3/10"));
    assertThat(downloads().start(address("/a"), 4)).isEqualTo("0123");
    assertThat(requests.get(0).getFirst("Range")).isEqualTo("bytes=0-3");

    answers.add(answer(200, WHOLE)); // It knows no ranges.
    failed(
        () -> downloads().start(address("/a"), 4),
        "/a more than the 4 bytes arrived that were asked for",
        false);
    assertThat(requests).hasSize(2);
  }

  @Test
  void followsRedirectionsWithHeadersForEachAddress() {
    answers.add(answer(302, "moved", "Location", "/b"));
    answers.add(answer(307, "", "Location", address("/c").toString()));
    answers.add(answer(200, "found"));

    assertThat(downloads().text(address("/a"))).as("no body of others").isEqualTo("found");
    assertThat(paths).containsExactly("/a", "/b", "/c");
    assertThat(requests)
        .extracting(headers -> headers.getFirst("X-Path"))
        .containsExactly("/a", "/b", "/c");
  }

  @Test
  void followsFiveRedirectionsAndNoSixth() {
    answers.addAll(List.of(move(), move(), move(), move(), move(), answer(200, "found")));
    assertThat(downloads().text(address("/a"))).isEqualTo("found");

    answers.addAll(List.of(move(), move(), move(), move(), move(), move()));
    failed(() -> downloads().text(address("/a")), "/a it redirects more than 5 times", false);
    assertThat(answers).isEmpty();
  }

  private static Answer move() {
    return answer(301, "", "Location", "/b");
  }

  @ParameterizedTest
  @CsvSource({"ftp://localhost/x", "file:///etc/passwd", "http://[", "mailto:a@b"})
  void followsNoRedirectionToAnythingElse(String location) {
    answers.add(answer(301, "", "Location", location));

    failed(() -> downloads().text(address("/a")), "/a it redirects to '" + location + "'", false);
  }

  @Test
  void aFileComesWholeAndTellsHowFar() throws IOException {
    answers.add(answer(200, WHOLE));
    List<String> told = new ArrayList<>();

    downloads()
        .file(address("/file"), -1, ANY, target, (done, total) -> told.add(done + "/" + total));

    assertLoaded();
    assertThat(told).last().isEqualTo("10/10");
    assertThat(requests.get(0)).doesNotContainKeys("Range", "If-range");
  }

  @Test
  void aFileGoesOnWhereItEndedIfItIsTheSame() throws IOException {
    begun("0123", "\"v1\"");
    answers.add(answer(206, "456789", "Content-Range", "bytes 4-9/10", "ETag", "\"v1\""));

    load(10);

    assertLoaded();
    assertThat(requests.get(0).getFirst("Range")).isEqualTo("bytes=4-");
    assertThat(requests.get(0).getFirst("If-Range")).isEqualTo("\"v1\"");
  }

  @ParameterizedTest
  @CsvSource({"200, ''", "206, bytes 0-9/10"})
  void aFileBeginsAnewWhereTheServerSendsAnother(int status, String range) throws IOException {
    begun("abcd", "\"v1\"");
    if (status == 206) { // An answer to something else is no part of the file.
      answers.add(answer(206, WHOLE, "Content-Range", range));
    }
    answers.add(answer(200, WHOLE, "ETag", "\"v2\""));

    load(10);

    assertLoaded();
  }

  /** A weak tag may stand for other bytes, which RFC 9110 forbids to compare so. */
  @ParameterizedTest
  @CsvSource({"\"v1\", \"v1\"", "W/\"v1\", 'Tue, 01 Dec 2026 08:00:00 GMT'"})
  void whatIsCutOffGoesOnByItsStrongTagOrItsTime(String tag, String condition) throws IOException {
    String time = "Tue, 01 Dec 2026 08:00:00 GMT";
    answers.add(new Answer(200, 10, "012", "ETag", tag, "Last-Modified", time));
    answers.add(answer(206, "3456789", "Content-Range", "bytes 3-9/10"));

    load(-1);

    assertLoaded();
    assertThat(requests.get(1).getFirst("Range")).isEqualTo("bytes=3-");
    assertThat(requests.get(1).getFirst("If-Range")).isEqualTo(condition);
  }

  @Test
  void withoutAVersionARangeHasNoCondition() throws IOException {
    begun("0123", "");
    answers.add(answer(206, "456789", "Content-Range", "bytes 4-9/10"));

    load(10);

    assertLoaded();
    assertThat(requests.get(0)).containsKey("Range").doesNotContainKey("If-range");
  }

  @Test
  void aFileThatIsShorterThanItsPartBeginsAnew() throws IOException {
    begun("0123456789abc", "\"v1\"");
    answers.add(answer(200, WHOLE));
    load(10);
    assertThat(requests.get(0)).as("the size was known").doesNotContainKey("Range");
    assertLoaded();

    Files.delete(target);
    begun("0123456789abc", "\"v1\"");
    answers.add(answer(416, ""));
    answers.add(answer(200, WHOLE));
    load(-1);
    assertThat(requests.get(2)).as("the server said so").doesNotContainKey("Range");
    assertLoaded();
  }

  @Test
  void aWholeFileIsCheckedAndNotAskedForAgain() throws IOException {
    begun(WHOLE, "\"v1\"");

    load(10);

    assertLoaded();
    assertThat(requests).isEmpty();
  }

  @Test
  void aWrongFileIsDeletedAndAskedForAgain() throws IOException {
    answers.add(answer(200, "012345678X"));
    answers.add(answer(200, WHOLE));
    List<String> checked = new ArrayList<>();

    downloads()
        .file(
            address("/file"),
            10,
            file -> {
              checked.add(Files.readString(file));
              return checked.size() == 1 ? "it ends with X" : "";
            },
            target,
            Progress.NONE);

    assertThat(checked).containsExactly("012345678X", WHOLE);
    assertThat(requests.get(1)).doesNotContainKey("Range");
    assertLoaded();
  }

  @Test
  void moreBytesThanTheFileHasAreRefused() {
    answers.add(answer(200, WHOLE));

    failed(() -> load(4), "/file more than 4 bytes arrived", false);
    assertThat(target).doesNotExist();
  }

  @Test
  void aRefusalIsToldByTheServerAndNotRepeated() {
    answers.add(answer(403, "no"));

    assertThatThrownBy(() -> load(10)).hasMessage("[test/REFUSED] /file 403");
    assertThat(requests).hasSize(1);
    assertThat(target).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource({"408", "429", "500", "503"})
  void aStatusThatMayPassIsRepeated(int status) {
    answers.add(answer(status, "later"));
    answers.add(answer(200, "found"));

    assertThat(downloads().text(address("/a"))).isEqualTo("found");
  }

  @Test
  void aServerThatAsksForMoreThanTenMinutesIsNotWaitedFor() {
    answers.add(answer(503, "later", "Retry-After", "601"));

    failed(
        () -> downloads().text(address("/a")),
        "/a answered with status 503 and Retry-After: 601",
        true);
  }

  @Test
  void anInterruptionEndsADownloadAndIsKept() {
    Thread.currentThread().interrupt();

    failed(() -> downloads().text(address("/a")), "/a was interrupted", true);
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void aFileThatCannotBeWrittenIsNoFaultOfTheServer() {
    target = folder.resolve("missing/model.bin");

    assertThatThrownBy(() -> load(10)).isInstanceOf(NoSuchFileException.class);
    assertThat(requests).isEmpty();
  }

  private static void failed(ThrowingCallable call, String text, boolean retryable) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            MsrException.class,
            error -> {
              assertThat(error).hasMessage("[test/FAILED] " + text);
              assertThat(error.retryable()).isEqualTo(retryable);
            });
  }
}
