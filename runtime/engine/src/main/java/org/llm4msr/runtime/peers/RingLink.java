package org.llm4msr.runtime.peers;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * The connections of a worker to its neighbours in a ring. A worker that fails closes them, so that
 * the others fail at once; one whose machine is gone is noticed by a timeout. Each message says
 * which call it belongs to: workers that do different things are an error.
 */
public final class RingLink implements AutoCloseable {

  /** The length of a message that may have any. */
  static final int ANY = -1;

  private static final int HEADER = 3 * Integer.BYTES;

  /** So little fits into the buffers of a connection, whatever the other side does. */
  private static final int SMALL = 4096;

  /** The kind of a message that tells why a worker goes no further. */
  private static final int FAILED = -1;

  private static final int LONGEST_TEXT = 1 << 16;
  private static final int FAREWELL_MILLIS = 5_000;

  private final String name;
  private final Duration patience;
  private final Socket next;
  private final Socket before;
  private final OutputStream out;
  private final DataInputStream in;
  private final ExecutorService sender =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread thread = new Thread(task, "llm4msr-ring");
            thread.setDaemon(true);
            return thread;
          });

  private byte[] received = new byte[0];
  private byte @Nullable [] told;
  private long sent;

  private RingLink(String name, Duration patience, Socket next, Socket before) throws IOException {
    this.name = name;
    this.patience = patience;
    this.next = next;
    this.before = before;
    out = next.getOutputStream();
    in = new DataInputStream(before.getInputStream());
  }

  /**
   * Joins a ring of at least two workers.
   *
   * @param addresses of all workers, by rank
   * @param own listens at this worker's address; closed when this returns
   * @param secret of these workers, so that nothing else joins
   * @param patience how long to wait for another worker, at most 24 days
   * @throws MsrException {@code training/WORKER_LOST} if the others do not join
   */
  public static RingLink join(
      int rank,
      List<InetSocketAddress> addresses,
      ServerSocket own,
      long secret,
      Duration patience) {
    return join(rank, addresses, own, secret, patience, 1).get(0);
  }

  /**
   * Joins as many rings as there are other workers, as above: in the n-th, each worker sends to the
   * one that comes n ranks after it.
   */
  public static List<RingLink> joinAll(
      int rank,
      List<InetSocketAddress> addresses,
      ServerSocket own,
      long secret,
      Duration patience) {
    return join(rank, addresses, own, secret, patience, addresses.size() - 1);
  }

  private static List<RingLink> join(
      int rank,
      List<InetSocketAddress> addresses,
      ServerSocket own,
      long secret,
      Duration patience,
      int rings) {
    int workers = addresses.size();
    String name = "Worker %d of %d".formatted(rank + 1, workers);
    List<RingLink> links = new ArrayList<>();
    Socket next = null;
    Socket before = null;
    try (Introductions others = new Introductions(rank, addresses, own, secret, patience)) {
      for (int ring = 1; ring <= rings; ring++) {
        next = others.connect((rank + ring) % workers);
        before = others.accept(Math.floorMod(rank - ring, workers));
        links.add(new RingLink(name, patience, next, before));
      }
      return List.copyOf(links);
    } catch (IOException | RuntimeException e) {
      links.forEach(RingLink::close);
      Introductions.close(next);
      Introductions.close(before);
      if (e instanceof IOException lost) {
        throw lost(name + " could not reach the others: " + reason(lost, patience), lost);
      }
      throw (RuntimeException) e;
    }
  }

  /** Returns how many bytes were sent. */
  long sent() {
    return sent;
  }

  /** A message on its way; its bytes must not change before {@link #await}. */
  @FunctionalInterface
  interface Sending {
    void await();
  }

  /** Sends a message to the next worker. */
  Sending send(int kind, int call, ByteBuffer message) {
    int bytes = message.remaining();
    sent += HEADER + bytes;
    ByteBuffer header = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN);
    header.putInt(kind).putInt(call).putInt(bytes);
    if (bytes <= SMALL) {
      byte[] small = new byte[HEADER + bytes];
      System.arraycopy(header.array(), 0, small, 0, HEADER);
      message.duplicate().get(small, HEADER, bytes);
      write(small, 0, small.length);
      return () -> {};
    }
    CompletableFuture<Void> done =
        CompletableFuture.runAsync(
            () -> {
              write(header.array(), 0, HEADER);
              if (message.hasArray()) {
                write(message.array(), message.arrayOffset() + message.position(), bytes);
              } else {
                byte[] copy = new byte[bytes];
                message.duplicate().get(copy);
                write(copy, 0, bytes);
              }
            },
            sender);
    return () -> {
      try {
        done.join();
      } catch (CompletionException e) {
        throw e.getCause() instanceof MsrException known ? known : e;
      }
    };
  }

  private void write(byte[] bytes, int from, int length) {
    try {
      out.write(bytes, from, length);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /**
   * Waits for a message of the worker before.
   *
   * @param bytes its length, or {@link #ANY}
   * @return the message, valid until the next call
   */
  ByteBuffer receive(int kind, int call, int bytes) {
    try {
      ByteBuffer header = ByteBuffer.wrap(read(HEADER), 0, HEADER).order(ByteOrder.LITTLE_ENDIAN);
      int ofKind = header.getInt();
      int ofCall = header.getInt();
      int length = header.getInt();
      if (ofKind == FAILED && length > 0 && length <= LONGEST_TEXT) {
        throw failed(read(length), length);
      }
      if (ofKind != kind || ofCall != call || length < 0 || (bytes != ANY && length != bytes)) {
        throw disagree();
      }
      return ByteBuffer.wrap(read(length), 0, length).order(ByteOrder.LITTLE_ENDIAN);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /**
   * Tells the others that this worker goes no further, and waits until all know: a connection that
   * ends while they send would hide it.
   */
  void fail(ErrorType type, String text) {
    try {
      await(tell(message(type, text)), farewell());
      before.setSoTimeout(FAREWELL_MILLIS);
      while (true) {
        ByteBuffer header = ByteBuffer.wrap(read(HEADER), 0, HEADER).order(ByteOrder.LITTLE_ENDIAN);
        int kind = header.getInt();
        int length = header.getInt(2 * Integer.BYTES);
        in.skipNBytes(Math.max(0, length));
        if (kind == FAILED) {
          return;
        }
      }
    } catch (IOException e) {
      // They are gone, or will see the connection end.
    }
  }

  /** Returns what says that this worker goes no further. */
  static byte[] message(ErrorType type, String text) {
    byte[] all = (type.name() + "\n" + text).getBytes(UTF_8);
    return Arrays.copyOf(all, Math.min(all.length, LONGEST_TEXT));
  }

  /** Returns what another worker said that goes no further; null if none did. */
  byte @Nullable [] told() {
    return told;
  }

  /** Begins to say the same to the next worker, if it is still there. */
  Sending passOn(byte[] message) {
    long end = farewell();
    Future<?> telling = tell(message);
    return () -> {
      try {
        await(telling, end);
      } catch (IOException e) {
        // It is gone, or knows.
      }
    };
  }

  private static long farewell() {
    return System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(FAREWELL_MILLIS);
  }

  /** Passes on why another worker goes no further. */
  private MsrException failed(byte[] message, int length) {
    byte[] own = Arrays.copyOf(message, length);
    told = own;
    passOn(own).await();
    close();
    String[] parts = new String(own, UTF_8).split("\n", 2);
    ErrorType type =
        Arrays.stream(ErrorType.values())
            .filter(each -> each.name().equals(parts[0]))
            .findFirst()
            .orElse(ErrorType.INTERNAL);
    return new MsrException(
        type, "training/WORKER_FAILED", "Another worker: " + parts[parts.length - 1]);
  }

  private Future<?> tell(byte[] text) {
    ByteBuffer message = ByteBuffer.allocate(HEADER + text.length).order(ByteOrder.LITTLE_ENDIAN);
    message.putInt(FAILED).putInt(0).putInt(text.length).put(text);
    try {
      return sender.submit(
          () -> {
            out.write(message.array());
            return null;
          });
    } catch (RejectedExecutionException e) {
      return CompletableFuture.failedFuture(e); // This end is closed.
    }
  }

  private static void await(Future<?> telling, long end) throws IOException {
    try {
      telling.get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  private byte[] read(int bytes) throws IOException {
    if (received.length < bytes) {
      received = new byte[bytes];
    }
    in.readFully(received, 0, bytes);
    return received;
  }

  private MsrException disagree() {
    close();
    return new MsrException(
        ErrorType.PLUGIN,
        "training/WORKERS_DISAGREE",
        name
            + " and the one before it did different things in a step. A part of the model does more or less for some rows than for others; train it in one process.");
  }

  private MsrException failed(IOException e) {
    close();
    return lost(name + " lost another worker: " + reason(e, patience), e);
  }

  private static String reason(IOException e, Duration patience) {
    if (e instanceof SocketTimeoutException) {
      return "no answer for %d s".formatted(patience.toSeconds());
    }
    return e instanceof EOFException ? "it ended" : String.valueOf(e.getMessage());
  }

  private static MsrException lost(String what, IOException cause) {
    return new MsrException(
        ErrorType.EXTERNAL,
        "training/WORKER_LOST",
        what
            + ". Its own log says why. Run it again, without --force: training resumes from the last checkpoint.",
        cause,
        true);
  }

  @Override
  public void close() {
    Introductions.close(next);
    Introductions.close(before);
    sender.shutdown();
  }
}
