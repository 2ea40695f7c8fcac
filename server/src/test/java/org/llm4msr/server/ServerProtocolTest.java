package org.llm4msr.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Clients that break the protocol itself: their faults, and none of the server. */
class ServerProtocolTest {

  private static final int SECONDS = 20;
  private static final int MOST_ASKED = 1000;
  private static final int DATA = 0;
  private static final int HEADERS = 1;
  private static final int SETTINGS = 4;
  private static final int END_HEADERS = 4;

  @TempDir Path folder;

  private final Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
  private final Logger access = (Logger) LoggerFactory.getLogger("llm4msr.access");
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private RankingServer server;

  @BeforeEach
  void begin() throws IOException {
    log.start();
    access.setLevel(Level.INFO);
    root.addAppender(log);
    server =
        FakeServer.start(
            new FakeBundle(1).write(folder), "accessLog=plain", "limits.timeoutMillis=700");
  }

  @AfterEach
  void end() {
    server.close();
    root.detachAppender(log);
    access.setLevel(null);
  }

  /** Sends bytes, and returns what comes until the server ends the connection. */
  private byte[] send(byte[] bytes) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", server.port())) {
      socket.setSoTimeout(SECONDS * 1000);
      socket.getOutputStream().write(bytes);
      return socket.getInputStream().readAllBytes();
    }
  }

  @Test
  void anExpectationThatIsNotKnownIsRefused() throws Exception {
    String answer =
        new String(
            send(
                "POST /v1/rank HTTP/1.1\r\nHost: test\r\nExpect: nonsense\r\nContent-Length: 0\r\n\r\n"
                    .getBytes(UTF_8)),
            UTF_8);

    assertThat(answer).startsWith("HTTP/1.1 417 ").contains("\"serve/HTTP_417\"");
    assertNoFault("protocol=\"http\",reason=\"serve/HTTP_417\"");
  }

  @Test
  void aStreamOfEmptyFramesIsCancelled() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(UTF_8));
    frame(out, SETTINGS, 0, 0, new byte[0]);
    frame(out, HEADERS, END_HEADERS, 1, headers());
    for (int i = 0; i < 5000; i++) {
      frame(out, DATA, 0, 1, new byte[0]);
    }

    send(out.toByteArray());

    assertNoFault("protocol=\"http\",reason=\"serve/CANCELLED\"");
  }

  private static void frame(
      ByteArrayOutputStream out, int type, int flags, int stream, byte[] payload)
      throws IOException {
    out.write(new byte[] {0, (byte) (payload.length >> 8), (byte) payload.length});
    out.write(new byte[] {(byte) type, (byte) flags, 0, 0, 0, (byte) stream});
    out.write(payload);
  }

  /** RFC 7541: names are numbers of the static table, values as they are. */
  private static byte[] headers() throws IOException {
    ByteArrayOutputStream headers = new ByteArrayOutputStream();
    headers.write(0x83); // :method POST
    headers.write(0x86); // :scheme http
    headers.write(0x04); // :path
    text(headers, "/v1/rank");
    headers.write(0x01); // :authority
    text(headers, "localhost");
    headers.write(new byte[] {0x0f, 0x10}); // content-type
    text(headers, "application/json");
    return headers.toByteArray();
  }

  private static void text(ByteArrayOutputStream out, String text) throws IOException {
    out.write(text.length());
    out.write(text.getBytes(UTF_8));
  }

  /** The server counts a moment after it has ended the connection. */
  private void assertNoFault(String refusal) throws Exception {
    String line = "llm4msr_refused_requests_total{" + refusal + "}";
    double counted = 0;
    for (int asked = 0; asked < MOST_ASKED && counted == 0; asked++) {
      counted = FakeServer.metric(server, line);
    }
    assertThat(counted).isEqualTo(1);
    assertThat(log.list)
        .extracting(ILoggingEvent::getFormattedMessage)
        .noneMatch(text -> text.contains(" 500 ") || text.contains("Unexpected"));
  }
}
