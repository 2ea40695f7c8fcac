package org.llm4msr.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.llm4msr.server.FakeServer.assertRefused;
import static org.llm4msr.server.FakeServer.call;
import static org.llm4msr.server.FakeServer.get;
import static org.llm4msr.server.FakeServer.post;

import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.MetadataUtils;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.MsrException;

/** What the sender of a token may do. */
class ServerRolesTest {

  private static final String BODY = FakeShop.json(17, 3, "");

  @TempDir Path folder;

  private Path bundle;

  @BeforeEach
  void write() throws Exception {
    bundle = new FakeBundle(1).write(folder.resolve("compiled"));
  }

  @ParameterizedTest
  @CsvSource({
    "r, 200, 403, 403, 403, 403, 403, OK",
    "s, 403, 200, 200, 404, 403, 403, PERMISSION_DENIED",
    "o, 200, 200, 200, 404, 204, 404, OK",
    "x, 401, 401, 401, 401, 401, 401, UNAUTHENTICATED"
  })
  void aTokenIsForARole(
      String token,
      int rank,
      int metrics,
      int models,
      int find,
      int remove,
      int choose,
      String grpc)
      throws Exception {
    try (RankingServer closed =
        FakeServer.start(
            bundle, "tokens={rank: [other, r], read: [s], operate: [o]}", "warmUpSeconds=0")) {
      String[] header = {"Authorization", "Bearer " + token};
      String user = "/v1/knowledge/user/";
      call(closed, "PUT", user + "5", "{\"vector\": [1, 2, 3, 4]}", "Authorization", "Bearer o");

      assertThat(post(closed, BODY, header).statusCode()).isEqualTo(rank);
      assertThat(call(closed, "GET", "/metrics", "", header).statusCode()).isEqualTo(metrics);
      assertThat(call(closed, "GET", "/v1/models", "", header).statusCode()).isEqualTo(models);
      assertThat(call(closed, "GET", user + "nobody", "", header).statusCode()).isEqualTo(find);
      assertThat(call(closed, "DELETE", user + "5", "", header).statusCode()).isEqualTo(remove);
      HttpResponse<String> chosen =
          call(closed, "POST", "/v1/models/main", "{\"version\": \"nix\"}", header);
      assertThat(chosen.statusCode()).isEqualTo(choose);
      if (choose == 403) {
        assertRefused(chosen, 403, "serve/NOT_ALLOWED");
      }
      ManagedChannel channel =
          ManagedChannelBuilder.forAddress("127.0.0.1", closed.port()).usePlaintext().build();
      try {
        Metadata metadata = new Metadata();
        metadata.put(Metadata.Key.of(header[0], Metadata.ASCII_STRING_MARSHALLER), header[1]);
        Channel with =
            ClientInterceptors.intercept(
                channel, MetadataUtils.newAttachHeadersInterceptor(metadata));
        Status.Code expected = Status.Code.valueOf(grpc);
        assertThat(RawCalls.rank(with, ServerGrpcTest.request().build().toByteArray()).getCode())
            .isEqualTo(expected);
        // An empty stream of Flight ends well, where it may begin.
        assertThat(RawCalls.exchange(with, List.of()).getCode()).isEqualTo(expected);
      } finally {
        channel.shutdownNow();
      }
    }
  }

  @Test
  void aTokenIsOneOfThoseAndNoOther() throws Exception {
    try (RankingServer closed = FakeServer.start(bundle, "tokens.operate=[first, second]")) {
      HttpResponse<String> refused = post(closed, BODY);
      assertRefused(refused, 401, "serve/NO_TOKEN");
      assertThat(refused.headers().firstValue("www-authenticate")).hasValue("Bearer");
      assertRefused(post(closed, BODY, "Authorization", "Bearer third"), 401, "serve/NO_TOKEN");
      assertRefused(post(closed, BODY, "Authorization", "second"), 401, "serve/NO_TOKEN");
      assertThat(post(closed, BODY, "Authorization", "bearer second").statusCode()).isEqualTo(200);
      assertThat(get(closed, "/ready")).contains("true");
      assertThat(get(closed, "/health")).isNotNull();
    }
  }

  @Test
  @Timeout(60)
  void aFileOfTokensIsReadAgainWhenItChanges() throws Exception {
    Path file = Files.writeString(folder.resolve("tokens.yaml"), "rank: [old]\n");
    try (RankingServer closed =
        FakeServer.start(
            bundle, "tokensFile=" + file, "tokens.operate=[fixed]", "reloadSeconds=0.01")) {
      assertThat(status(closed, "old")).isEqualTo(200);

      replace(file, "rank: [new]\n");
      await(closed, "new", 200);
      assertThat(status(closed, "old")).isEqualTo(401);

      replace(file, "rank: new\nnix: 1\n");
      replace(file, "rank: [newest]\n"); // What cannot be read is passed over.
      await(closed, "newest", 200);
      assertThat(status(closed, "fixed")).isEqualTo(200);
    }
  }

  private void replace(Path file, String text) throws Exception {
    Path next = Files.writeString(folder.resolve("next.yaml"), text);
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private static int status(RankingServer server, String token) throws Exception {
    return post(server, BODY, "Authorization", "Bearer " + token).statusCode();
  }

  private static void await(RankingServer server, String token, int status) throws Exception {
    while (status(server, token) != status) {
      Thread.onSpinWait();
    }
  }

  @Test
  void aFileWithoutTokensLetsNobodyInAndIsRefused() throws Exception {
    Path file = Files.writeString(folder.resolve("tokens.yaml"), "rank: []\n");

    assertThatThrownBy(() -> FakeServer.start(bundle, "tokensFile=" + file))
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith("[serve/NO_TOKENS]");
    Files.delete(file);
    assertThatThrownBy(() -> FakeServer.start(bundle, "tokensFile=" + file))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("tokens.yaml");
  }
}
