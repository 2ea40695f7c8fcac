package org.llm4msr.plugins.features;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.metrics.CommandLatencyRecorder;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one connection, and makes a new one when it is gone or silent. Nobody waits for it: without
 * a connection there is none for now.
 */
final class Connecting implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Connecting.class);

  private static final Duration TIME_TO_CONNECT = Duration.ofSeconds(2);
  private static final long NANOS_BETWEEN_ATTEMPTS = TimeUnit.SECONDS.toNanos(1);

  /** The other machine may be gone without a word. */
  private static final long NANOS_OF_SILENCE = TimeUnit.SECONDS.toNanos(5);

  /** Commands that wait for their answers; more fail. */
  private static final int MOST_COMMANDS = 200_000;

  private static final int THREADS = 2;
  private static final long SECONDS_TO_END = 2;

  private final ClientResources resources;
  private final RedisClient client;
  private final RedisURI uri;
  private @Nullable StatefulRedisConnection<String, String> connection;
  private boolean attempting;
  private boolean closed;
  private long lastAttempt;
  private long silentSince;
  private boolean silent;
  private String failure = "";

  /** Begins to connect. */
  Connecting(RedisURI uri) {
    this.uri = uri;
    resources =
        DefaultClientResources.builder()
            .ioThreadPoolSize(THREADS)
            .computationThreadPoolSize(THREADS)
            .commandLatencyRecorder(CommandLatencyRecorder.disabled())
            .build();
    client = RedisClient.create(resources);
    client.setOptions(
        ClientOptions.builder()
            .autoReconnect(false)
            .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
            .protocolVersion(ProtocolVersion.RESP2)
            .requestQueueSize(MOST_COMMANDS)
            .timeoutOptions(TimeoutOptions.builder().timeoutCommands(false).build())
            .socketOptions(
                SocketOptions.builder().connectTimeout(TIME_TO_CONNECT).keepAlive(true).build())
            .build());
    lastAttempt = System.nanoTime() - NANOS_BETWEEN_ATTEMPTS;
    StatefulRedisConnection<String, String> unused = connection();
  }

  /** Returns the connection; null if there is none now. */
  synchronized @Nullable StatefulRedisConnection<String, String> connection() {
    long now = System.nanoTime();
    if (connection != null && connection.isOpen() && !isTooSilent(now)) {
      return connection;
    }
    if (connection != null) {
      LOG.info("The connection to {} is lost.", name());
      CompletableFuture<Void> unused = connection.closeAsync();
      connection = null;
    }
    if (!closed && !attempting && now - lastAttempt >= NANOS_BETWEEN_ATTEMPTS) {
      attempting = true;
      lastAttempt = now;
      CompletionStage<?> unused =
          client.connectAsync(StringCodec.UTF8, uri).whenComplete(this::connected);
    }
    return null;
  }

  private boolean isTooSilent(long now) {
    return silent && now - silentSince > NANOS_OF_SILENCE;
  }

  private synchronized void connected(
      @Nullable StatefulRedisConnection<String, String> made, @Nullable Throwable error) {
    attempting = false;
    silent = false;
    if (error != null) {
      failed(error);
    } else if (made != null && closed) {
      CompletableFuture<Void> unused = made.closeAsync();
    } else {
      LOG.info("Connected to {}.", name());
      failure = "";
      connection = made;
    }
  }

  /** Attempts go on, and are told as often as they fail in another way. */
  private void failed(Throwable error) {
    Throwable cause = error;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    String reason = String.valueOf(cause.getMessage());
    if (!reason.equals(failure)) {
      LOG.warn("No connection to {}: {}", name(), reason);
      failure = reason;
    }
  }

  /** Returns why there is no connection. */
  synchronized MsrException missing() {
    return new MsrException(
        ErrorType.EXTERNAL,
        "redis/NOT_CONNECTED",
        "There is no connection to %s now%s. Start Redis, or fix uri."
            .formatted(name(), failure.isEmpty() ? "" : ": " + failure),
        null,
        true);
  }

  private String name() {
    return uri.getHost() + ":" + uri.getPort();
  }

  /** Notes that something was asked. */
  synchronized void asked() {
    if (!silent) {
      silent = true;
      silentSince = System.nanoTime();
    }
  }

  /** Notes that something was answered. */
  synchronized void answered() {
    silent = false;
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    client.shutdown(0, SECONDS_TO_END, TimeUnit.SECONDS);
    resources.shutdown(0, SECONDS_TO_END, TimeUnit.SECONDS).awaitUninterruptibly();
  }
}
