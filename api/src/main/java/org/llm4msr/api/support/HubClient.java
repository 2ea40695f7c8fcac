package org.llm4msr.api.support;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The two requests of the hub that models need: what a commit holds, and a file of it. */
final class HubClient {

  private static final Logger LOG = LoggerFactory.getLogger(HubClient.class);

  private static final int ATTEMPTS = 5;
  private static final int REDIRECTS = 5;
  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration REPORT_EVERY = Duration.ofSeconds(30);
  private static final double MEGABYTE = 1e6;

  private final HubSettings settings;
  private final Duration patience;
  private final HttpClient http;

  HubClient(HubSettings settings) {
    this(settings, Duration.ofSeconds(60));
  }

  /**
   * Makes a client.
   *
   * @param patience how long nothing may arrive
   */
  HubClient(HubSettings settings, Duration patience) {
    this.settings = settings;
    this.patience = patience;
    this.http =
        HttpClient.newBuilder()
            .proxy(settings.proxies())
            .connectTimeout(Duration.ofSeconds(10))
            .build();
  }

  /** Something that may pass: no answer, a broken one, or a status such as 503. */
  private static final class Passing extends IOException {
    private static final long serialVersionUID = 1L;

    final boolean cameFurther;

    Passing(String message) {
      this(message, false);
    }

    Passing(String message, boolean cameFurther) {
      super(message);
      this.cameFurther = cameFurther;
    }
  }

  /** A request that may be repeated. */
  @FunctionalInterface
  private interface Attempt<T> {
    T run() throws IOException, InterruptedException;
  }

  /** Returns the description of a revision, with sizes and checksums of its files, as JSON. */
  String describe(String repository, String revision) {
    String address =
        "%s/api/models/%s/revision/%s?blobs=true"
            .formatted(settings.endpoint(), repository, URLEncoder.encode(revision, UTF_8));
    return repeated(
        address,
        () -> {
          HttpResponse<String> response =
              send(
                  URI.create(address),
                  0,
                  BodyHandlers.ofString(),
                  new AtomicLong(System.nanoTime()));
          requireSuccess(response.statusCode(), address, repository + "@" + revision);
          return response.body();
        });
  }

  /** Loads a file, from where an earlier attempt ended, and gives it its name when it is right. */
  void download(String repository, String commit, HubModels.RemoteFile file, Path target)
      throws IOException {
    String path =
        Arrays.stream(file.path().split("/"))
            .map(part -> URLEncoder.encode(part, UTF_8).replace("+", "%20"))
            .collect(Collectors.joining("/"));
    String address = "%s/%s/resolve/%s/%s".formatted(settings.endpoint(), repository, commit, path);
    Path unfinished = target.resolveSibling(target.getFileName() + ".incomplete");
    LOG.warn("Loading {} of {}, {} MB", file.path(), repository, megabytes(file.size()));
    repeated(
        address,
        () -> {
          append(address, file, unfinished, repository + "@" + commit);
          requireChecksum(file, unfinished);
          return unfinished;
        });
    Files.move(unfinished, target);
  }

  private void append(String address, HubModels.RemoteFile file, Path unfinished, String model)
      throws IOException, InterruptedException {
    try (FileChannel channel = FileChannel.open(unfinished, CREATE, WRITE)) {
      if (channel.size() > file.size()) {
        channel.truncate(0);
      }
      long from = channel.position(channel.size()).position();
      if (from == file.size() && from > 0) {
        return;
      }
      Body body = new Body(channel, file, address);
      try {
        HttpResponse<Void> response =
            send(URI.create(address), from, body.from(from), body.arrived);
        requireSuccess(response.statusCode(), address, model);
      } catch (Passing e) {
        throw new Passing(String.valueOf(e.getMessage()), channel.size() > from);
      }
      if (channel.size() < file.size()) {
        throw new Passing("sent %,d of %,d bytes".formatted(channel.size(), file.size()));
      }
    }
  }

  /** Writes what arrives, and notes when. */
  private static final class Body {
    private final FileChannel channel;
    private final HubModels.RemoteFile file;
    private final String address;
    final AtomicLong arrived = new AtomicLong(System.nanoTime());
    private long reported = System.nanoTime();

    Body(FileChannel channel, HubModels.RemoteFile file, String address) {
      this.channel = channel;
      this.file = file;
      this.address = address;
    }

    BodyHandler<Void> from(long from) {
      return head -> {
        boolean goesOn = head.statusCode() == 206 && start(head.headers()) == from;
        boolean content = goesOn || head.statusCode() == 200;
        return HttpResponse.BodySubscribers.ofByteArrayConsumer(
            bytes -> {
              arrived.set(System.nanoTime());
              if (bytes.isPresent() && content) {
                write(bytes.get(), goesOn);
              }
            });
      };
    }

    private boolean begun;

    private void write(byte[] bytes, boolean goesOn) {
      try {
        if (!begun && !goesOn) {
          channel.truncate(0).position(0);
        }
        begun = true;
        if (channel.position() + bytes.length > file.size()) {
          throw new IOException("more than %,d bytes arrived".formatted(file.size()));
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
        if (System.nanoTime() - reported > REPORT_EVERY.toNanos()) {
          reported = System.nanoTime();
          LOG.warn(
              "{}: {} of {} MB", address, megabytes(channel.position()), megabytes(file.size()));
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** Returns the first byte that a {@code Content-Range: bytes 5-9/10} names, or -1. */
    private static long start(HttpHeaders headers) {
      String range = headers.firstValue("Content-Range").orElse("");
      return range.matches("bytes \\d{1,18}-.*")
          ? Long.parseLong(range.substring("bytes ".length(), range.indexOf('-')))
          : -1;
    }
  }

  private static void requireChecksum(HubModels.RemoteFile file, Path unfinished)
      throws IOException {
    String actual = file.isLarge() ? Sha.sha256(unfinished) : Sha.gitBlob(unfinished);
    if (!actual.equals(file.checksum())) {
      Files.delete(unfinished);
      throw new Passing(
          "sent a file with the checksum %s, not %s".formatted(actual, file.checksum()));
    }
  }

  /** Sends a request and follows redirections; the token goes to the hub itself alone. */
  private <T> HttpResponse<T> send(
      URI address, long from, BodyHandler<T> handler, AtomicLong arrived)
      throws IOException, InterruptedException {
    URI hub = URI.create(settings.endpoint());
    URI next = address;
    for (int i = 0; i <= REDIRECTS; i++) {
      HttpRequest.Builder request = HttpRequest.newBuilder(next).header("User-Agent", "llm4msr");
      if (from > 0) {
        request.header("Range", "bytes=" + from + "-");
      }
      if (settings.token() != null
          && hub.getScheme().equals(next.getScheme())
          && hub.getAuthority().equals(next.getAuthority())) {
        request.header("Authorization", "Bearer " + settings.token());
      }
      HttpResponse<T> response = await(http.sendAsync(request.build(), handler), arrived);
      String location = response.headers().firstValue("Location").orElse(null);
      if (response.statusCode() / 100 != 3 || location == null) {
        return response;
      }
      next = redirected(next, location);
    }
    throw new IOException("it redirects more than " + REDIRECTS + " times");
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
    throw new IOException("it redirects to '" + location + "'");
  }

  /** Waits as long as something arrives now and then. */
  private <T> T await(CompletableFuture<T> answer, AtomicLong arrived)
      throws IOException, InterruptedException {
    arrived.set(System.nanoTime());
    try {
      while (true) {
        try {
          return answer.get(100, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
          if (System.nanoTime() - arrived.get() > patience.toNanos()) {
            throw new Passing("sent nothing for " + patience.toSeconds() + " s");
          }
        }
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UncheckedIOException wrapped) {
        throw new IOException(wrapped.getMessage(), wrapped.getCause());
      }
      throw new Passing("gave no whole answer (" + e.getCause() + ")");
    } finally {
      answer.cancel(true);
    }
  }

  /** Repeats what may pass; failures are counted from the last attempt that came further. */
  private <T> T repeated(String address, Attempt<T> attempt) {
    int failures = 0;
    while (true) {
      try {
        return attempt.run();
      } catch (Passing e) {
        failures = e.cameFurther ? 1 : failures + 1;
        if (failures == ATTEMPTS) {
          throw failed(address, e, true);
        }
        LOG.info("{} {}; asking again", address, e.getMessage());
        pause(address, FIRST_PAUSE.multipliedBy(1L << (failures - 1)));
      } catch (IOException e) {
        throw failed(address, e, false);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw failed(address, new IOException("was interrupted", e), true);
      }
    }
  }

  private void pause(String address, Duration time) {
    try {
      Thread.sleep(time.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failed(address, new IOException("was interrupted", e), true);
    }
  }

  private void requireSuccess(int status, String address, String model) throws IOException {
    if (status == 200 || status == 206) {
      return;
    }
    if (status == 408 || status == 416 || status == 429 || status >= 500) {
      throw new Passing("answered with status " + status);
    }
    String why =
        switch (status) {
          case 401, 403 ->
              settings.token() == null
                  ? "it does not exist, or needs a token: set HF_TOKEN"
                  : "the token in HF_TOKEN may not read it: accept its licence on its page, or use another token";
          case 404 -> "there is no such model, revision or file";
          default -> "the hub refuses it";
        };
    throw new MsrException(
        ErrorType.USER,
        "model/NOT_FOUND",
        "the model %s cannot be loaded: %s. %s answered with status %d."
            .formatted(model, why, address, status));
  }

  private static MsrException failed(String address, @Nullable Exception cause, boolean retryable) {
    return new MsrException(
        ErrorType.EXTERNAL,
        "model/HUB_FAILED",
        "%s %s. Check the network, HF_ENDPOINT and the proxy; run it again to go on where it stopped."
            .formatted(address, cause == null ? "failed" : cause.getMessage()),
        cause,
        retryable);
  }

  private static String megabytes(long bytes) {
    return String.format(Locale.ROOT, "%,.1f", bytes / MEGABYTE);
  }
}
