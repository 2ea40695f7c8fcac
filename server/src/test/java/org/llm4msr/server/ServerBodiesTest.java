package org.llm4msr.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.llm4msr.server.FakeServer.CLIENT;
import static org.llm4msr.server.FakeServer.assertRefused;
import static org.llm4msr.server.FakeServer.call;
import static org.llm4msr.server.FakeServer.post;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** In which forms a server takes and gives bodies. */
class ServerBodiesTest {

  private static final int MOST = 100_000;
  private static final String BODY = FakeShop.json(17, 40, "");

  @TempDir static Path folder;
  private static RankingServer server;

  @BeforeAll
  static void begin() throws Exception {
    Path bundle = new FakeBundle(1).write(folder.resolve("compiled"));
    server = FakeServer.start(bundle, "limits.body=" + MOST);
  }

  @AfterAll
  static void end() {
    server.close();
  }

  /** A page may send these types without asking the server first. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=a",
        "text/json",
        "nonsense"
      })
  void whatIsNotSaidToBeJsonIsNotRead(String type) throws Exception {
    assertRefused(post(server, BODY, "Content-Type", type), 415, "serve/OTHER_FORM");
    String[] calls = {"POST", "/v1/models/main", "PUT", "/v1/knowledge/user/17"};
    for (int i = 0; i < calls.length; i += 2) {
      assertRefused(
          call(server, calls[i], calls[i + 1], "{}", "Content-Type", type),
          415,
          "serve/OTHER_FORM");
    }
  }

  @Test
  void aTypeIsNeeded() throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(FakeServer.at(server, "/v1/rank"))
            .POST(BodyPublishers.ofString(BODY))
            .build();

    assertRefused(CLIENT.send(request, BodyHandlers.ofString()), 415, "serve/OTHER_FORM");
    assertThat(post(server, BODY, "Content-Type", "Application/JSON; charset=utf-8").statusCode())
        .isEqualTo(200);
  }

  @Test
  void aBodyMayBeGzip() throws Exception {
    String plain = post(server, BODY).body().replaceFirst("\"id\":\"[^\"]*\"", "");

    HttpResponse<String> answer = packed(gzip(BODY.getBytes(UTF_8)), "gzip");

    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(answer.body().replaceFirst("\"id\":\"[^\"]*\"", "")).isEqualTo(plain);
  }

  @Test
  void whatGzipUnpacksToIsBounded() throws Exception {
    byte[] zeros = gzip(new byte[200_000_000]);
    byte[] spaces = new byte[MOST + 1];
    Arrays.fill(spaces, (byte) ' ');

    assertRefused(packed(Arrays.copyOf(zeros, MOST / 2), "gzip"), 413, "serve/TOO_LARGE");
    assertRefused(packed(gzip(spaces), "gzip"), 413, "serve/TOO_LARGE");
    assertThat(post(server, BODY).statusCode()).isEqualTo(200);
  }

  @Test
  void whatIsNoGzipOrCutOffIsRefused() throws Exception {
    byte[] sound = gzip(BODY.getBytes(UTF_8));

    assertRefused(packed(BODY.getBytes(UTF_8), "gzip"), 400, "serve/BAD_REQUEST");
    assertRefused(packed(Arrays.copyOf(sound, sound.length / 2), "gzip"), 400, "serve/BAD_REQUEST");
  }

  @ParameterizedTest
  @ValueSource(strings = {"nonsense", "deflate", "br", "gzip, gzip"})
  void otherEncodingsAreRefused(String encoding) throws Exception {
    assertRefused(packed(BODY.getBytes(UTF_8), encoding), 415, "serve/OTHER_FORM");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "deflate, GZIP;q=0.5", "br;q=1.0,gzip ; q=1"})
  void anAnswerIsGzipForThoseWhoTakeIt(String encodings) throws Exception {
    HttpResponse<byte[]> answer = description(encodings);

    assertThat(answer.headers().firstValue("content-encoding")).hasValue("gzip");
    assertThat(answer.headers().firstValue("vary")).hasValue("accept-encoding");
    assertThat(answer.headers().firstValueAsLong("content-length")).hasValue(answer.body().length);
    byte[] plain = new GZIPInputStream(new ByteArrayInputStream(answer.body())).readAllBytes();
    assertThat(new String(plain, UTF_8)).isEqualTo(FakeServer.get(server, "/openapi.json"));
    assertThat(answer.body().length).isLessThan(plain.length / 3);
  }

  @ParameterizedTest
  @ValueSource(strings = {"identity", "gzip;q=0", "gzip;q=0.0, br", "xgzip"})
  void anAnswerIsPlainForOthers(String encodings) throws Exception {
    HttpResponse<byte[]> answer = description(encodings);

    assertThat(answer.headers().firstValue("content-encoding")).isEmpty();
    assertThat(new String(answer.body(), UTF_8)).startsWith("{");
  }

  private static HttpResponse<byte[]> description(String encodings) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(FakeServer.at(server, "/openapi.json"))
            .header("Accept-Encoding", encodings)
            .build();
    return CLIENT.send(request, BodyHandlers.ofByteArray());
  }

  private static byte[] gzip(byte[] content) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(content);
    }
    return bytes.toByteArray();
  }

  private static HttpResponse<String> packed(byte[] body, String encoding) throws Exception {
    return CLIENT.send(
        HttpRequest.newBuilder(FakeServer.at(server, "/v1/rank"))
            .header("Content-Type", "application/json")
            .header("Content-Encoding", encoding)
            .POST(BodyPublishers.ofByteArray(body))
            .build(),
        BodyHandlers.ofString());
  }
}
