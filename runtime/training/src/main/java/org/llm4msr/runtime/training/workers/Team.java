package org.llm4msr.runtime.training.workers;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.assembly.TrainableModel;
import org.llm4msr.runtime.assembly.labels.ModelLabels;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.Exchange;
import org.llm4msr.runtime.model.DenseParameter;
import org.llm4msr.runtime.tables.TableParts;
import org.llm4msr.runtime.training.loss.LabelLosses;
import org.llm4msr.runtime.training.loss.LossShares;

/**
 * The workers that train one model together, as one of them sees them: each has a copy of the model
 * and some rows of each batch, and all move their copies by the sums of the gradients. N workers
 * give what one process gives for the same batches, up to rounding; two runs of N give the same
 * bits. Used by the engine's thread.
 *
 * <p>A step sends 2 (N - 1) / N times 4 bytes for each dense parameter, and (N - 1) times 4 + 4 D
 * bytes for each table row that a worker touches. Where tables are partitioned, it sends (N - 1) /
 * N times 4 + 8 D bytes for each such row: {@link TableParts}.
 */
public final class Team {

  /** Larger ones take seconds a step on common networks. */
  static final long MOST_DENSE_BYTES = 128L << 20;

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int LOSS = 0;
  private static final int STOP = 1;
  private static final int SAVE = 2;
  private static final int FIRST_TERM = 3;

  private final Exchange exchange;
  private final WorkerRows rows;
  private final CopyCheck copies;
  private BooleanSupplier stopRequested = () -> false;
  private boolean stops;
  private BooleanSupplier saveDue = () -> false;
  private boolean saves;
  private @Nullable TableParts parts;
  private float[] sums = new float[0];

  /** Makes the team of a worker. */
  public Team(Exchange exchange) {
    this.exchange = exchange;
    rows = new WorkerRows(exchange);
    copies = new CopyCheck(exchange);
  }

  /** Returns how the workers talk. */
  public Exchange exchange() {
    return exchange;
  }

  /** Returns whether this is the worker that evaluates, and writes what is kept. */
  public boolean isFirst() {
    return exchange.rank() == 0;
  }

  /**
   * Refuses a model whose gradients are too large to be sent in each step.
   *
   * @throws MsrException {@code training/TOO_LARGE_TO_SHARE}
   */
  public void requireSmall(TrainableModel model) {
    requireSmall(model, MOST_DENSE_BYTES);
  }

  /** Refuses a model whose gradients take more than some bytes. */
  public static void requireSmall(TrainableModel model, long mostBytes) {
    long all = 0;
    long ofMeta = 0;
    for (DenseParameter parameter : model.parameters().parameters()) {
      all += parameter.size();
      ofMeta += parameter.scope().startsWith("meta/") ? parameter.size() : 0;
    }
    if (all * Float.BYTES > mostBytes) {
      throw new MsrException(
          ErrorType.USER,
          "training/TOO_LARGE_TO_SHARE",
          String.format(
              Locale.ROOT,
              "Each step would send the gradients of %,d dense parameters, %,d MB, to other workers; at most %,d MB are. %,d of them are of meta networks: set generatorHidden or rank there, or knowledge.components; or train it in one process.",
              all,
              all * Float.BYTES / 1_000_000,
              mostBytes / 1_000_000,
              ofMeta));
    }
  }

  /**
   * Refuses batches that are too small for so many workers.
   *
   * @throws MsrException {@code training/FEW_ROWS_A_WORKER}
   */
  public void requireRows(int batchSize) {
    if (batchSize < WorkerRows.FEWEST * exchange.workers()) {
      throw new MsrException(
          ErrorType.USER,
          "training/FEW_ROWS_A_WORKER",
          "training.batchSize is %d, too few for %d workers, each of which trains on a part of every batch. Take fewer workers or larger batches."
              .formatted(batchSize, exchange.workers()));
    }
  }

  /**
   * Requires that all workers train the same.
   *
   * @param key of the model, the settings and the data
   * @throws MsrException {@code training/OTHER_RUN}, in each worker
   */
  public void requireSame(String key) {
    List<ByteBuffer> keys = exchange.gather(ByteBuffer.wrap(key.getBytes(UTF_8)));
    for (int rank = 1; rank < keys.size(); rank++) {
      if (!keys.get(rank).equals(keys.get(0))) {
        throw new MsrException(
            ErrorType.USER,
            "training/OTHER_RUN",
            "Worker %d of %d has other data, settings or code than the first. All nodes must see the same workspace: name a folder that they share."
                .formatted(rank + 1, keys.size()));
      }
    }
  }

  /** Returns the rows of a batch that this worker trains on, valid until the next call. */
  public Batch rowsOf(Batch whole) {
    return rows.of(whole);
  }

  /** Returns how much of the loss of a batch is this worker's. */
  public LossShares shares(Batch own, Batch whole, ModelLabels labels) {
    return own.share == null ? LossShares.of(isFirst(), labels) : LossShares.of(own, whole, labels);
  }

  /**
   * Adds up what the workers found.
   *
   * @param gradients of this worker, by parameter
   * @param terms of its loss
   * @throws MsrException {@code training/TERM_OF_BATCH} where a term is no sum over rows
   */
  public Joint join(
      List<FloatBuffer> gradients, float loss, Map<String, Float> terms, ModelLabels labels) {
    List<String> names = labels.names().stream().map(LabelLosses::term).toList();
    requireKnown(terms, names);
    int first = FIRST_TERM + names.size();
    int count = first + gradients.stream().mapToInt(FloatBuffer::limit).sum();
    if (sums.length < count) {
      sums = new float[count];
    }
    sums[LOSS] = loss;
    sums[STOP] = stopRequested.getAsBoolean() ? 1 : 0;
    sums[SAVE] = isFirst() && saveDue.getAsBoolean() ? 1 : 0;
    for (int t = 0; t < names.size(); t++) {
      sums[FIRST_TERM + t] = terms.getOrDefault(names.get(t), 0f);
    }
    int at = first;
    for (FloatBuffer gradient : gradients) {
      gradient.get(0, sums, at, gradient.limit());
      at += gradient.limit();
    }
    exchange.sum(sums, count);
    stops = sums[STOP] > 0;
    saves = sums[SAVE] > 0;
    Map<String, Float> ofAll = new TreeMap<>();
    for (int t = 0; t < names.size(); t++) {
      ofAll.put(names.get(t), sums[FIRST_TERM + t]);
    }
    List<FloatBuffer> summed = new ArrayList<>(gradients.size());
    at = first;
    for (FloatBuffer gradient : gradients) {
      summed.add(FloatBuffer.wrap(sums, at, gradient.limit()).slice());
      at += gradient.limit();
    }
    return new Joint(sums[LOSS], ofAll, summed);
  }

  private static void requireKnown(Map<String, Float> terms, List<String> known) {
    for (String term : terms.keySet()) {
      if (!known.contains(term)) {
        throw new MsrException(
            ErrorType.USER,
            "training/TERM_OF_BATCH",
            "The model adds the term '%s' to the loss, which depends on a batch as a whole; workers have parts of it. Choose another backbone or head, or train in one process."
                .formatted(term));
      }
    }
  }

  /**
   * Checks after a step, where that is due, that the copies of the model are equal.
   *
   * @throws MsrException {@code training/COPIES_DIFFER}
   */
  public void check(TrainableModel model, long step) {
    copies.check(model.parameters(), step);
  }

  /** Has all workers stop after a step before which one of them is asked to. */
  public void stopWith(BooleanSupplier requested) {
    stopRequested = requested;
  }

  /** Returns whether all stop after the last step. */
  public boolean stops() {
    return stops;
  }

  /** Has all workers save after a step before which the first one finds that it is time to. */
  public void saveWith(BooleanSupplier due) {
    saveDue = due;
  }

  /** Returns, once a step, whether all save after it. */
  public boolean takeSave() {
    boolean due = saves;
    saves = false;
    return due;
  }

  /**
   * Has workers give each other the rows of partitioned tables.
   *
   * @param partitioned null where none is
   */
  public void share(@Nullable TableParts partitioned) {
    parts = partitioned;
  }

  /** Returns whether each worker has a part of the tables. */
  public boolean isPartitioned() {
    return parts != null;
  }

  /**
   * Does what the first worker alone does with the model. Where tables are partitioned, all call
   * it, and the others give their rows.
   *
   * @param ofOthers what these get
   */
  public <T> T alone(Supplier<T> work, T ofOthers) {
    if (!isFirst()) {
      serve();
      return ofOthers;
    }
    T own = work.get();
    endService();
    return own;
  }

  /** Has the first worker do something with the model, as above. */
  public void alone(Runnable work) {
    if (isFirst()) {
      work.run();
      endService();
    } else {
      serve();
    }
  }

  private void serve() {
    if (parts != null) {
      parts.serve();
    }
  }

  private void endService() {
    if (parts != null) {
      parts.done();
    }
  }

  /** Returns what the first worker computes; the others wait for it. */
  public <T> T ofFirst(Supplier<T> value, Class<T> type) {
    try {
      if (isFirst()) {
        T own = value.get();
        endService();
        exchange.gather(ByteBuffer.wrap(JSON.writeValueAsBytes(own)));
        return own;
      }
      serve();
      ByteBuffer given = exchange.gather(ByteBuffer.allocate(0)).get(0);
      byte[] bytes = new byte[given.remaining()];
      given.get(bytes);
      return JSON.readValue(bytes, type);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
