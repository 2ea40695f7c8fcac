package org.llm4msr.toolkit.hub;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.Stability;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Texts and files from the web. Transient failures are retried; a file resumes where an earlier
 * attempt or process ended, and gets its name only when it is complete and correct.
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class Downloads {

  private static final Logger LOG = LoggerFactory.getLogger(Downloads.class);

  private static final int RETRIES = 4;
  private static final int REDIRECTS = 5;
  private static final int LARGEST_TEXT = 64 << 20;

  private final Server server;
  private final Duration patience;
  private final HttpClient http;

  /**
   * Makes a client.
   *
   * @param proxies see {@link EnvironmentProxies}
   * @param patience the longest time in which nothing arrives
   */
  public Downloads(ProxySelector proxies, Duration patience, Server server) {
    this.server = server;
    this.patience = patience;
    this.http =
        HttpClient.newBuilder().proxy(proxies).connectTimeout(Duration.ofSeconds(10)).build();
  }

  /** What differs between servers. */
  public interface Server {

    /** Returns the headers of a request to an address, which may be that of a redirection. */
    default Map<String, String> headers(URI address) {
      return Map.of();
    }

    /** Returns the error for a server that refuses to answer. */
    MsrException refused(URI address, int status);

    /**
     * Returns the error for a failure that retries did not resolve.
     *
     * @param retryable whether it may pass later
     */
    MsrException failed(URI address, IOException cause, boolean retryable);
  }

  /** Checks a complete file. */
  @FunctionalInterface
  public interface Verifier {

    /**
     * Returns what is wrong with the file, or an empty text. A wrong file is deleted and requested
     * again.
     */
    String problem(Path file) throws IOException;
  }

  /** A failure of a server; any other {@link IOException} is one of this machine's files. */
  private static final class ServerFailure extends IOException {
    private static final long serialVersionUID = 1L;
    final boolean passing;
    final @Nullable String retryAfter;

    private ServerFailure(String message, boolean passing, @Nullable String retryAfter) {
      super(message);
      this.passing = passing;
      this.retryAfter = retryAfter;
    }

    /** A failure that may pass: no answer, a broken one, or a status such as 503. */
    static ServerFailure passing(String message) {
      return new ServerFailure(message, true, null);
    }

    /** A status that may pass, after the time that the server asks for. */
    static ServerFailure passing(HttpResponse<?> response) {
      String retryAfter = response.headers().firstValue("Retry-After").orElse(null);
      return new ServerFailure(
          "answered with status "
              + response.statusCode()
              + (retryAfter == null ? "" : " and Retry-After: " + retryAfter),
          true,
          retryAfter);
    }

    static ServerFailure lasting(String message) {
      return new ServerFailure(message, false, null);
    }
  }

  /** A request that may be repeated. */
  @FunctionalInterface
  private interface Attempt<T> {
    T run() throws IOException, InterruptedException;
  }

  /** Returns a text of at most 64 MiB. */
  public String text(URI address) {
    return text(address, Map.of(), LARGEST_TEXT, "more than 64 MiB arrived");
  }

  /**
   * Returns the first bytes of a text, whose last character may be cut, or all if it has fewer.
   *
   * @param bytes at most 64 MiB
   * @throws MsrException as {@link Server} makes it, also where the server sends more than these
   */
  public String start(URI address, int bytes) {
    return text(
        address,
        Map.of("Range", "bytes=0-" + (bytes - 1)),
        bytes,
        "more than the %,d bytes arrived that were asked for".formatted(bytes));
  }

  private String text(URI address, Map<String, String> range, int most, String more) {
    try {
      return repeated(
          address,
          () -> {
            AtomicLong arrived = new AtomicLong();
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            BodyHandler<Void> handler =
                head -> {
                  bytes.reset(); // A redirection has a body of its own.
                  return BodySubscribers.ofByteArrayConsumer(
                      part -> {
                        arrived.set(System.nanoTime());
                        part.ifPresent(
                            some -> {
                              if (bytes.size() + some.length > most) {
                                throw new UncheckedIOException(ServerFailure.lasting(more));
                              }
                              bytes.writeBytes(some);
                            });
                      });
                };
            requireSuccess(address, send(address, range, handler, arrived));
            return bytes.toString(UTF_8);
          },
          () -> 0);
    } catch (IOException e) {
      throw new UncheckedIOException("a text comes through no file", e);
    }
  }

  /**
   * Downloads a file to a path where no file exists. Until it is complete, the part that has
   * arrived and the name of its version are kept next to it.
   *
   * @param size bytes, or -1 if only the server knows
   * @param progress counts bytes
   * @throws MsrException as {@link Server} makes it
   * @throws IOException if the file cannot be written
   */
  public void file(URI address, long size, Verifier verifier, Path target, Progress progress)
      throws IOException {
    Path unfinished = unfinished(target);
    Path version = target.resolveSibling(target.getFileName() + ".version");
    repeated(
        address,
        () -> {
          append(address, size, unfinished, version, progress);
          String problem = verifier.problem(unfinished);
          if (!problem.isEmpty()) {
            Files.delete(unfinished);
            throw ServerFailure.passing("sent a wrong file: " + problem);
          }
          return unfinished;
        },
        () -> unfinished.toFile().length());
    Files.move(unfinished, target);
    Files.deleteIfExists(version);
  }

  /** Returns the path where {@link #file} keeps the part of a file that has arrived. */
  public static Path unfinished(Path target) {
    return target.resolveSibling(target.getFileName() + ".incomplete");
  }

  private void append(URI address, long size, Path unfinished, Path version, Progress progress)
      throws IOException, InterruptedException {
    try (FileChannel channel = FileChannel.open(unfinished, CREATE, WRITE)) {
      if (size >= 0 && channel.size() > size) {
        channel.truncate(0);
      }
      long from = channel.position(channel.size()).position();
      if (from == size) {
        return;
      }
      String known = Files.exists(version) ? Files.readString(version) : "";
      Map<String, String> range =
          from == 0
              ? Map.of()
              : known.isEmpty()
                  ? Map.of("Range", "bytes=" + from + "-")
                  : Map.of("Range", "bytes=" + from + "-", "If-Range", known);
      Body body = new Body(channel, size, version, progress);
      HttpResponse<Void> response = send(address, range, body::subscriber, body.arrived);
      if (response.statusCode() == 416) {
        channel.truncate(0); // It does not have that many bytes.
      }
      requireSuccess(address, response);
      if (channel.size() < body.size) {
        throw ServerFailure.passing("sent %,d of %,d bytes".formatted(channel.size(), body.size));
      }
    }
  }

  /** Writes arriving bytes and records when they came. */
  private static final class Body {
    final AtomicLong arrived = new AtomicLong();
    long size;
    private final FileChannel channel;
    private final Path version;
    private final Progress progress;

    Body(FileChannel channel, long size, Path version, Progress progress) {
      this.channel = channel;
      this.size = size;
      this.version = version;
      this.progress = progress;
    }

    HttpResponse.BodySubscriber<Void> subscriber(HttpResponse.ResponseInfo head) {
      try {
        boolean content = begin(head.statusCode(), head.headers());
        return BodySubscribers.ofByteArrayConsumer(
            part -> {
              arrived.set(System.nanoTime());
              if (content && part.isPresent()) {
                write(part.get());
              }
            });
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** Goes to the position where the answer begins; returns whether the answer is the file. */
    private boolean begin(int status, HttpHeaders headers) throws IOException {
      String range = headers.firstValue("Content-Range").orElse("");
      boolean goesOn = status == 206 && range.startsWith("bytes " + channel.position() + "-");
      if (!goesOn && status != 200) {
        return false;
      }
      if (!goesOn) {
        channel.truncate(0).position(0);
      }
      if (size < 0) {
        long length = headers.firstValueAsLong("Content-Length").orElse(-1);
        size = length < 0 ? -1 : channel.position() + length;
      }
      String tag = headers.firstValue("ETag").filter(value -> !value.startsWith("W/")).orElse("");
      Files.writeString(
          version, tag.isEmpty() ? headers.firstValue("Last-Modified").orElse("") : tag);
      return true;
    }

    private void write(byte[] bytes) {
      try {
        if (size >= 0 && channel.position() + bytes.length > size) {
          throw ServerFailure.lasting("more than %,d bytes arrived".formatted(size));
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
        progress.update(channel.position(), size);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private void requireSuccess(URI address, HttpResponse<?> response) throws IOException {
    int status = response.statusCode();
    if (status == 408 || status == 416 || status == 429 || status >= 500) {
      throw ServerFailure.passing(response);
    }
    if (status != 200 && status != 206) {
      throw server.refused(address, status);
    }
  }

  private <T> HttpResponse<T> send(
      URI address, Map<String, String> range, BodyHandler<T> handler, AtomicLong arrived)
      throws IOException, InterruptedException {
    URI next = address;
    for (int i = 0; i <= REDIRECTS; i++) {
      HttpRequest.Builder request = HttpRequest.newBuilder(next).header("User-Agent", "llm4msr");
      range.forEach(request::header);
      server.headers(next).forEach(request::header);
      HttpResponse<T> response = await(http.sendAsync(request.build(), handler), arrived);
      String location = response.headers().firstValue("Location").orElse(null);
      if (response.statusCode() / 100 != 3 || location == null) {
        return response;
      }
      next = redirected(next, location);
    }
    throw ServerFailure.lasting("it redirects more than " + REDIRECTS + " times");
  }

  private static URI redirected(URI from, String location) throws IOException {
    try {
      URI to = from.resolve(location);
      boolean safe = "https".equals(to.getScheme()) || "http".equals(from.getScheme());
      if (safe && String.valueOf(to.getScheme()).matches("https?")) {
        return to;
      }
    } catch (IllegalArgumentException e) {
      // Refused below.
    }
    throw ServerFailure.lasting("it redirects to '" + location + "'");
  }

  /** Waits as long as bytes keep arriving. */
  private <T> T await(CompletableFuture<T> answer, AtomicLong arrived)
      throws IOException, InterruptedException {
    arrived.set(System.nanoTime());
    try {
      while (true) {
        try {
          return answer.get(100, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
          if (System.nanoTime() - arrived.get() > patience.toNanos()) {
            throw ServerFailure.passing("sent nothing for " + patience.toSeconds() + " s");
          }
        }
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UncheckedIOException wrapped) {
        IOException cause = wrapped.getCause();
        throw cause == null ? new IOException(wrapped) : cause;
      }
      throw ServerFailure.passing("gave no complete answer (" + e.getCause() + ")");
    } finally {
      answer.cancel(true);
    }
  }

  /**
   * Repeats attempts whose failure may pass. One that got further than those before does not count.
   */
  private <T> T repeated(URI address, Attempt<T> attempt, LongSupplier reached) throws IOException {
    long furthest = reached.getAsLong();
    Backoff backoff = new Backoff(RETRIES);
    while (true) {
      try {
        return attempt.run();
      } catch (ServerFailure e) {
        if (!e.passing) {
          throw server.failed(address, e, false);
        }
        if (reached.getAsLong() > furthest) {
          furthest = reached.getAsLong();
          backoff = new Backoff(RETRIES);
        }
        if (!backoff.again(e.retryAfter)) {
          throw server.failed(address, e, true);
        }
        LOG.atLevel(backoff.level())
            .log(
                "{} {}; retrying in {} s",
                address,
                e.getMessage(),
                backoff.pause().toMillis() / 1000.0);
        pause(address, backoff.pause());
      } catch (InterruptedException e) {
        throw interrupted(address, e);
      }
    }
  }

  private void pause(URI address, Duration time) {
    try {
      Thread.sleep(time.toMillis());
    } catch (InterruptedException e) {
      throw interrupted(address, e);
    }
  }

  private MsrException interrupted(URI address, InterruptedException cause) {
    Thread.currentThread().interrupt();
    return server.failed(address, new IOException("was interrupted", cause), true);
  }
}
