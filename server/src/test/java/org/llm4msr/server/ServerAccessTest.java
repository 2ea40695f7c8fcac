package org.llm4msr.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.llm4msr.server.FakeServer.CLIENT;
import static org.llm4msr.server.FakeServer.post;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.slf4j.LoggerFactory;

/** Who may ask a server, over which connections, and what is logged of it. */
class ServerAccessTest {

  @TempDir Path folder;

  private Path bundle;

  @BeforeEach
  void write() throws Exception {
    bundle = new FakeBundle(1).write(folder.resolve("compiled"));
  }

  @Test
  @Timeout(60)
  void withACertificateConnectionsAreEncrypted() throws Exception {
    KeyStore keys = certificate("first");
    String[] settings = {
      "tls.certificate=" + folder.resolve("certificate.pem"),
      "tls.key=" + folder.resolve("key.pem"),
      "reloadSeconds=0.01"
    };
    try (RankingServer encrypted = FakeServer.start(bundle, settings)) {
      assertThat(status(encrypted, keys)).isEqualTo(200);
      assertThatThrownBy(() -> CLIENT.send(ranking(encrypted), BodyHandlers.ofString()))
          .isInstanceOf(SSLException.class);

      KeyStore next = certificate("next"); // First its certificate, then its key.
      while (!serves(encrypted, next)) {
        assertThat(serves(encrypted, keys) || serves(encrypted, next)).isTrue();
      }
      assertThat(serves(encrypted, keys)).isFalse();
    }
  }

  private static HttpRequest ranking(RankingServer server) {
    return HttpRequest.newBuilder(
            URI.create("https://localhost:%d/v1/rank".formatted(server.port())))
        .header("Content-Type", "application/json")
        .POST(BodyPublishers.ofString(FakeShop.json(17, 3, "")))
        .build();
  }

  /** Asks over a new connection. */
  private static int status(RankingServer server, KeyStore trusted) throws Exception {
    HttpClient client = HttpClient.newBuilder().sslContext(trusting(trusted)).build();
    return client.send(ranking(server), BodyHandlers.ofString()).statusCode();
  }

  private static boolean serves(RankingServer server, KeyStore trusted) throws Exception {
    try {
      return status(server, trusted) == 200;
    } catch (SSLException e) {
      return false;
    }
  }

  /** Writes a certificate and its key. */
  private KeyStore certificate(String name) throws Exception {
    Path store = folder.resolve(name + ".p12");
    keytool("-genkeypair", "-keystore", store, "-storepass", "secret", "-keyalg", "EC");
    KeyStore keys = KeyStore.getInstance(store.toFile(), "secret".toCharArray());
    Files.writeString(
        folder.resolve("certificate.pem"),
        pem("CERTIFICATE", keys.getCertificate("mykey").getEncoded()));
    byte[] secret = keys.getKey("mykey", "secret".toCharArray()).getEncoded();
    Files.writeString(folder.resolve("key.pem"), pem("PRIVATE KEY", secret));
    return keys;
  }

  @Test
  void aKeyThatIsNoneOrOfAnotherCertificateIsRefused() throws Exception {
    certificate("first");
    Path certificate = folder.resolve("certificate.pem");
    String first = Files.readString(certificate);
    certificate("other");
    Files.writeString(certificate, first);
    Path key = folder.resolve("key.pem");
    for (String wrong : List.of(Files.readString(key), "no key")) {
      Files.writeString(key, wrong);
      assertThatThrownBy(
              () -> FakeServer.start(bundle, "tls.certificate=" + certificate, "tls.key=" + key))
          .isInstanceOf(MsrException.class)
          .hasMessageStartingWith("[serve/CERTIFICATE]")
          .hasMessageContaining("key.pem");
    }
  }

  private static void keytool(Object... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    Arrays.stream(arguments).map(String::valueOf).forEach(command::add);
    command.addAll(List.of("-dname", "CN=localhost", "-ext", "SAN=dns:localhost"));
    assertThat(new ProcessBuilder(command).redirectErrorStream(true).start().waitFor()).isZero();
  }

  private static String pem(String type, byte[] content) {
    String text = Base64.getMimeEncoder(64, "\n".getBytes(UTF_8)).encodeToString(content);
    return "-----BEGIN %1$s-----%n%2$s%n-----END %1$s-----%n".formatted(type, text);
  }

  private static SSLContext trusting(KeyStore keys) throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("test", keys.getCertificate("mykey"));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  @Test
  void accessesAreLoggedWithoutIdsUnlessAsked() throws Exception {
    Logger logger = (Logger) LoggerFactory.getLogger("llm4msr.access");
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.setLevel(Level.INFO);
    logger.addAppender(lines);
    try {
      for (String with : List.of("off", "plain", "ids")) {
        try (RankingServer logged = FakeServer.start(bundle, "accessLog=" + with)) {
          post(logged, FakeShop.json(17, 3, ", \"id\": \"a b\\n\""));
          post(logged, "{}");
          ManagedChannel channel =
              ManagedChannelBuilder.forAddress("127.0.0.1", logged.port()).usePlaintext().build();
          RawCalls.rank(channel, new byte[] {1});
          RawCalls.exchange(channel, List.of(new byte[] {1}));
          channel.shutdownNow();
        }
      }
    } finally {
      logger.detachAppender(lines);
    }
    assertThat(lines.list)
        .extracting(line -> line.getFormattedMessage().replaceAll("\\d+\\.\\d+ ms", "N ms"))
        .containsExactly(
            "POST /v1/rank 200 N ms scenario=feed items=3",
            "POST /v1/rank 400 N ms code=serve/BAD_REQUEST",
            "POST /llm4msr.v1.Ranking/Rank INVALID_ARGUMENT N ms code=serve/BAD_REQUEST",
            "POST /arrow.flight.protocol.FlightService/DoExchange INVALID_ARGUMENT N ms code=serve/BAD_REQUEST",
            "POST /v1/rank 200 N ms scenario=feed items=3 from=127.0.0.1 id=a?b? user=17",
            "POST /v1/rank 400 N ms code=serve/BAD_REQUEST from=127.0.0.1",
            "POST /llm4msr.v1.Ranking/Rank INVALID_ARGUMENT N ms code=serve/BAD_REQUEST from=127.0.0.1",
            "POST /arrow.flight.protocol.FlightService/DoExchange INVALID_ARGUMENT N ms code=serve/BAD_REQUEST from=127.0.0.1");
  }
}
