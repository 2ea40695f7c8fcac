package org.llm4msr.runtime.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves the page on a run while it is trained, to browsers on this machine only. */
public final class ReportServer implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(ReportServer.class);
  private static final String HOST = "127.0.0.1";
  private static final byte[] LOOPBACK = {127, 0, 0, 1};

  private final RunReport report;
  private final HttpServer server;
  private final ExecutorService threads;

  private ReportServer(RunReport report, HttpServer server) {
    this.report = report;
    this.server = server;
    this.threads =
        Executors.newSingleThreadExecutor(
            work -> {
              Thread thread = new Thread(work, "llm4msr-watch");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Begins to serve.
   *
   * @param port 0 for any that is free
   * @throws MsrException {@code report/PORT} if the port is taken or not allowed
   */
  public static ReportServer start(RunReport report, int port) {
    HttpServer server;
    try {
      server =
          HttpServer.create(new InetSocketAddress(InetAddress.getByAddress(LOOPBACK), port), 0);
    } catch (IOException | IllegalArgumentException e) {
      throw new MsrException(
          ErrorType.USER,
          "report/PORT",
          "Port %d of %s cannot be used: %s. Choose another with --watch PORT, or give no port to use any free one."
              .formatted(port, HOST, e.getMessage()),
          e);
    }
    ReportServer page = new ReportServer(report, server);
    server.createContext("/", page::answer);
    server.setExecutor(page.threads);
    server.start();
    return page;
  }

  /** Returns the address of the page. */
  public String address() {
    return "http://" + HOST + ":" + server.getAddress().getPort() + "/";
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      if (!isOurs(exchange.getRequestHeaders().getFirst("Host"))) {
        send(exchange, 403, "This page is for browsers on this machine only.");
      } else if (!exchange.getRequestMethod().equals("GET")) {
        send(exchange, 405, "Only GET.");
      } else if (path.equals("/")) {
        page(exchange, () -> report.soFar().liveHtml());
      } else if (path.equals("/body")) {
        page(exchange, () -> report.soFar().body());
      } else {
        send(exchange, 404, "Only / and /body exist.");
      }
    }
  }

  /** Another site could let its own name point to this machine, and read the page. */
  private boolean isOurs(@Nullable String host) {
    int port = server.getAddress().getPort();
    return (HOST + ":" + port).equals(host) || ("localhost:" + port).equals(host);
  }

  private static void page(HttpExchange exchange, Supplier<String> html) throws IOException {
    String text;
    try {
      text = html.get();
    } catch (RuntimeException e) {
      LOG.warn("The page of the run could not be made", e);
      send(exchange, 500, "The page could not be made; the log of the run says why.");
      return;
    }
    exchange.getResponseHeaders().set("Content-Type", "text/html; charset=utf-8");
    send(exchange, 200, text);
  }

  private static void send(HttpExchange exchange, int status, String text) throws IOException {
    byte[] bytes = text.getBytes(UTF_8);
    exchange.getResponseHeaders().set("Cache-Control", "no-store");
    exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  /** Stops the server; the browser keeps the figures that it has. */
  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
