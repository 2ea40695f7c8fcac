package org.llm4msr.benchmarks.cluster;

import static java.util.Objects.requireNonNull;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.llm4msr.api.ErrorType;
import org.llm4msr.runtime.batch.Exchange;

/**
 * N workers in one thread: the steps of each are made in turn and what they would send is kept;
 * then the first makes its steps again, with what the others have sent. So it computes as one of N
 * workers does, and waits for nobody. Sums are left as they are: they take time on networks alone.
 */
public final class StandIn implements Exchange {

  private final int workers;
  private final Map<List<Integer>, List<ByteBuffer>> kept = new HashMap<>();
  private int rank;
  private int batch;
  private int call;
  private boolean records;
  private long sent;

  /** Makes N workers. */
  public StandIn(int workers) {
    this.workers = workers;
  }

  /** Makes the next step that of a worker, and keeps what it sends. */
  public void record(int ofRank, int ofBatch) {
    records = true;
    begin(ofRank, ofBatch);
    kept.put(List.of(ofBatch, ofRank), new ArrayList<>());
  }

  /** Makes the next step that of the first worker, with what the others have sent. */
  public void replay(int ofBatch) {
    records = false;
    begin(0, ofBatch);
  }

  private void begin(int ofRank, int ofBatch) {
    rank = ofRank;
    batch = ofBatch;
    call = 0;
    sent = 0;
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
  public void sum(float[] values, int count) {}

  @Override
  public List<ByteBuffer> gather(ByteBuffer own) {
    sent += own.remaining();
    List<ByteBuffer> all = new ArrayList<>();
    for (int r = 0; r < workers; r++) {
      ByteBuffer of = records || r == rank ? own : kept(r).get(call);
      all.add(of.slice().order(ByteOrder.LITTLE_ENDIAN));
    }
    if (records) {
      ByteBuffer copy = ByteBuffer.allocate(own.remaining());
      kept(rank).add(copy.put(own.duplicate()).flip());
    }
    call++;
    return all;
  }

  /** Is for parts of tables, whose rows one worker would get from another. */
  @Override
  public List<ByteBuffer> swap(List<ByteBuffer> toEach) {
    throw new IllegalStateException("these workers have copies of the tables");
  }

  private List<ByteBuffer> kept(int ofRank) {
    return requireNonNull(kept.get(List.of(batch, ofRank)), "a recorded step");
  }

  @Override
  public void fail(ErrorType type, String text) {
    throw new IllegalStateException(text);
  }

  /** Returns the bytes that the worker gave in its last step. */
  @Override
  public long sent() {
    return sent;
  }

  @Override
  public void close() {}
}
