package org.llm4msr.runtime.peers;

import static java.util.Objects.requireNonNull;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.llm4msr.api.ErrorType;
import org.llm4msr.runtime.batch.Exchange;

/**
 * Workers in a ring: each sends to the next and receives from the one before. Sums are a
 * reduce-scatter and an all-gather (Patarasuk and Yuan, 2009), in which a worker sends 2 (N - 1) /
 * N times the values. What is gathered passes all around: a worker sends all but the next one's.
 * Workers that {@link #swap} are in N - 1 rings, in which each other one is the next once.
 */
public final class Ring implements Exchange {

  private static final int SUM = 1;
  private static final int GATHER = 2;
  private static final int SWAP = 3;
  private static final int BLOCK = 1 << 16;

  private final int rank;
  private final int workers;
  private final RingLink link;
  private final List<RingLink> links;
  private final float[] block = new float[BLOCK];
  private ByteBuffer outgoing = ByteBuffer.allocate(0);
  private int call;

  /**
   * Makes the rings of a worker. In one alone, more than two workers cannot swap.
   *
   * @param links to its neighbours, in the n-th to those n ranks away; closed with the rings
   */
  public Ring(int rank, int workers, List<RingLink> links) {
    this.rank = rank;
    this.workers = workers;
    this.links = List.copyOf(links);
    link = links.get(0);
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public int workers() {
    return workers;
  }

  @Override
  public long sent() {
    return links.stream().mapToLong(RingLink::sent).sum();
  }

  @Override
  public void sum(float[] values, int count) {
    telling(() -> sumAround(values, count));
  }

  private void sumAround(float[] values, int count) {
    call++;
    for (int s = 0; s < workers - 1; s++) {
      pass(values, count, rank - s, rank - s - 1, true);
    }
    for (int s = 0; s < workers - 1; s++) {
      pass(values, count, rank + 1 - s, rank - s, false);
    }
  }

  /** Sends one of the N pieces of the values, and takes or adds another. */
  private void pass(float[] values, int count, int give, int take, boolean adds) {
    int from = start(give, count);
    int length = end(give, count) - from;
    ByteBuffer message = outgoing(length * Float.BYTES);
    message.asFloatBuffer().put(values, from, length);
    RingLink.Sending sending = link.send(SUM, call, message);
    int to = start(take, count);
    int expected = end(take, count) - to;
    ByteBuffer received = link.receive(SUM, call, expected * Float.BYTES);
    for (int done = 0; done < expected; done += BLOCK) {
      int n = Math.min(BLOCK, expected - done);
      received
          .slice(done * Float.BYTES, n * Float.BYTES)
          .order(ByteOrder.LITTLE_ENDIAN)
          .asFloatBuffer()
          .get(block, 0, n);
      for (int i = 0, at = to + done; i < n; i++, at++) {
        values[at] = adds ? block[i] + values[at] : block[i];
      }
    }
    sending.await();
  }

  private ByteBuffer outgoing(int bytes) {
    if (outgoing.capacity() < bytes) {
      outgoing = ByteBuffer.allocate(bytes);
    }
    return outgoing.slice(0, bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private int start(int piece, int count) {
    return (int) ((long) count * Math.floorMod(piece, workers) / workers);
  }

  private int end(int piece, int count) {
    return (int) ((long) count * (Math.floorMod(piece, workers) + 1) / workers);
  }

  @Override
  public List<ByteBuffer> gather(ByteBuffer own) {
    ByteBuffer[] all = new ByteBuffer[workers];
    telling(() -> gatherAround(own, all));
    return littleEndian(all);
  }

  private void gatherAround(ByteBuffer own, ByteBuffer[] all) {
    call++;
    all[rank] = own.slice();
    for (int s = 0; s < workers - 1; s++) {
      RingLink.Sending sending =
          link.send(GATHER, call, requireNonNull(all[Math.floorMod(rank - s, workers)]));
      ByteBuffer received = link.receive(GATHER, call, RingLink.ANY);
      ByteBuffer kept = ByteBuffer.allocate(received.remaining()).put(received).flip();
      all[Math.floorMod(rank - s - 1, workers)] = kept;
      sending.await();
    }
  }

  private static List<ByteBuffer> littleEndian(ByteBuffer[] all) {
    List<ByteBuffer> ordered = new ArrayList<>(all.length);
    for (ByteBuffer each : all) {
      ordered.add(each.slice().order(ByteOrder.LITTLE_ENDIAN));
    }
    return ordered;
  }

  @Override
  public List<ByteBuffer> swap(List<ByteBuffer> toEach) {
    if (links.size() < workers - 1) {
      throw new IllegalStateException("these workers are in one ring");
    }
    ByteBuffer[] all = new ByteBuffer[workers];
    all[rank] = toEach.get(rank);
    telling(() -> swapWithAll(toEach, all));
    return littleEndian(all);
  }

  private void swapWithAll(List<ByteBuffer> toEach, ByteBuffer[] all) {
    call++;
    List<RingLink.Sending> sendings = new ArrayList<>(workers);
    for (int away = 1; away < workers; away++) {
      ByteBuffer message = toEach.get((rank + away) % workers);
      sendings.add(links.get(away - 1).send(SWAP, call, message));
    }
    for (int away = 1; away < workers; away++) {
      all[Math.floorMod(rank - away, workers)] =
          links.get(away - 1).receive(SWAP, call, RingLink.ANY);
    }
    sendings.forEach(RingLink.Sending::await);
  }

  /** Does something; those who wait for this worker in another ring learn what it learns. */
  private void telling(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException e) {
      for (RingLink from : links) {
        byte[] told = from.told();
        if (told != null) {
          awaitAll(links.stream().filter(each -> each != from).map(each -> each.passOn(told)));
        }
      }
      throw e;
    }
  }

  /** Waits for what is on its way, all of which has begun. */
  private static void awaitAll(Stream<RingLink.Sending> sendings) {
    sendings.toList().forEach(RingLink.Sending::await);
  }

  @Override
  public void fail(ErrorType type, String text) {
    byte[] message = RingLink.message(type, text);
    awaitAll(links.stream().skip(1).map(each -> each.passOn(message)));
    link.fail(type, text);
  }

  @Override
  public void close() {
    links.forEach(RingLink::close);
  }
}
