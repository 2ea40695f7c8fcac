package org.llm4msr.runtime.peers;

import static java.util.Objects.requireNonNull;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Makes the connections of a worker to others. Who connects says who it is; nothing joins that does
 * not know the secret of these workers.
 */
final class Introductions implements AutoCloseable {

  /** A worker greets as soon as it is connected. */
  private static final int GREETING_MILLIS = 5_000;

  private static final int MAGIC = 0x6D737231;
  private static final Duration RETRY = Duration.ofMillis(50);

  private final int rank;
  private final List<InetSocketAddress> addresses;
  private final ServerSocket own;
  private final long secret;
  private final int millis;

  /** Workers that connected before they were expected, by rank. */
  private final Map<Integer, Socket> early = new HashMap<>();

  /**
   * Begins.
   *
   * @param addresses of all workers, by rank
   * @param own listens at this worker's address; closed with this
   * @param patience how long to wait for another worker
   */
  Introductions(
      int rank,
      List<InetSocketAddress> addresses,
      ServerSocket own,
      long secret,
      Duration patience) {
    this.rank = rank;
    this.addresses = addresses;
    this.own = own;
    this.secret = secret;
    millis = Math.toIntExact(patience.toMillis());
  }

  /** Connects to a worker, which may not listen yet. */
  Socket connect(int other) throws IOException {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    while (true) {
      Socket socket = new Socket();
      try {
        socket.connect(addresses.get(other), millis);
        socket.setTcpNoDelay(true);
        socket.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        ByteBuffer greeting = ByteBuffer.allocate(Long.BYTES + 2 * Integer.BYTES);
        greeting.putInt(MAGIC).putLong(secret).putInt(rank);
        socket.getOutputStream().write(greeting.array());
        return socket;
      } catch (ConnectException e) {
        socket.close();
        if (System.nanoTime() > end || Thread.currentThread().isInterrupted()) {
          throw e;
        }
        LockSupport.parkNanos(RETRY.toNanos());
      } catch (IOException | RuntimeException e) {
        close(socket);
        throw e;
      }
    }
  }

  /** Waits until a worker connects; what is none of them is sent away. */
  Socket accept(int other) throws IOException {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    while (!early.containsKey(other)) {
      long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      own.setSoTimeout((int) Math.max(1, left)); // 0 would wait for ever.
      Socket socket = own.accept();
      Integer from = greeted(socket);
      if (from == null || early.putIfAbsent(from, socket) != null) {
        close(socket);
      }
    }
    Socket found = requireNonNull(early.remove(other));
    found.setSoTimeout(millis);
    return found;
  }

  /** Returns which worker it is; null if it is none, ended, was reset, or said nothing. */
  private @Nullable Integer greeted(Socket socket) {
    try {
      socket.setSoTimeout(GREETING_MILLIS);
      DataInputStream in = new DataInputStream(socket.getInputStream());
      if (in.readInt() == MAGIC && in.readLong() == secret) {
        int from = in.readInt();
        return from >= 0 && from < addresses.size() ? from : null;
      }
    } catch (IOException e) {
      return null;
    }
    return null;
  }

  static void close(@Nullable Socket socket) {
    if (socket != null) {
      try {
        socket.close();
      } catch (IOException e) {
        // What is left of it ends with the process.
      }
    }
  }

  @Override
  public void close() throws IOException {
    early.values().forEach(Introductions::close);
    own.close();
  }
}
