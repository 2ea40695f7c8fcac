package org.llm4msr.server.log;

import com.google.common.hash.HashFunction;
import com.google.common.hash.Hashing;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.files.FileErrors;
import org.llm4msr.server.config.LogConfig;
import org.llm4msr.server.ranking.RankAnswer;
import org.llm4msr.server.ranking.RankObserver;
import org.llm4msr.serving.ranker.RankingModel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a sample of the requests on a thread of its own. Ranking never waits for it: what does not
 * fit into its queue, or cannot be written, is counted and left out.
 */
public final class RequestLog implements RankObserver, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(RequestLog.class);
  private static final HashFunction HASH = Hashing.murmur3_128();
  private static final long POLL_MILLIS = 100;
  private static final long SECONDS_TO_END = 10;

  /** So long nothing is written after a failure. */
  private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final double NANOS = 1e9;

  private final LogConfig config;
  private final LogFolder folder;
  private final LongSupplier ticker;
  private final BlockingQueue<Entry> queue;
  private final Map<String, LogPart> parts = new HashMap<>();
  private final LongAdder written = new LongAdder();
  private final LongAdder dropped = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final Thread thread = new Thread(this::run, "llm4msr-log");
  private volatile boolean ending;
  private long failure;
  private boolean fails;

  private record Entry(RankAnswer answer, long time) {}

  /**
   * Takes what it is told of, and writes it after {@link #begin}.
   *
   * @param ticker the time in nanoseconds, as {@link System#nanoTime}
   */
  public RequestLog(LogConfig config, LongSupplier ticker) {
    this.ticker = ticker;
    this.config = config;
    folder = new LogFolder(config.folder(), config.keep());
    queue = new ArrayBlockingQueue<>(config.queue());
    thread.setDaemon(true);
  }

  /** Begins to write; called once. */
  public void begin() {
    thread.start();
  }

  @Override
  public void ranked(RankAnswer answer, long begin) {
    if (answer.result().size() > 0 && isWanted(answer.call().id()) && !ending) {
      if (!queue.offer(new Entry(answer, System.currentTimeMillis()))) {
        dropped.increment();
      }
    }
  }

  /** Returns whether a request is in the sample. */
  boolean isWanted(String id) {
    long bits = HASH.hashString(id, StandardCharsets.UTF_8).asLong();
    return (bits >>> 11) * 0x1p-53 < config.sample();
  }

  /** Returns how many requests are in complete parts. */
  public long written() {
    return written.sum();
  }

  /** Returns how many requests found the queue full. */
  public long dropped() {
    return dropped.sum();
  }

  /** Returns how many requests could not be written. */
  public long failed() {
    return failed.sum();
  }

  private void run() {
    boolean interrupted = false;
    while (!interrupted && !(ending && queue.isEmpty())) {
      try {
        poll(POLL_MILLIS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    finishParts(true);
  }

  /** Writes one request, if one comes in time, and completes the parts that are to be. */
  void poll(long millis) throws InterruptedException {
    Entry entry = queue.poll(millis, TimeUnit.MILLISECONDS);
    if (entry != null) {
      write(entry);
    }
    finishParts(false);
  }

  private void write(Entry entry) {
    if (fails && ticker.getAsLong() - failure < RETRY_NANOS) {
      failed.increment();
      return;
    }
    String digest = entry.answer().ranker().digest();
    String key = entry.answer().model() + '/' + digest;
    LogPart part = parts.get(key);
    try {
      if (part == null) {
        Path file = folder.next(entry.answer().model());
        RankingModel ranker = entry.answer().ranker();
        part = new LogPart(file, ranker.values(), ranker.labels(), ticker);
        parts.put(key, part);
      }
      part.add(entry.answer(), entry.time());
    } catch (MsrException e) { // Of this request alone: those before it stay in the part.
      failed.increment();
      LOG.debug("A request is not logged", e);
    } catch (IOException | RuntimeException e) {
      failed.increment();
      parts.remove(key);
      abandon(part, e);
    }
  }

  /** Completes the parts that are large or old enough. */
  private void finishParts(boolean all) {
    boolean any = false;
    for (Iterator<LogPart> open = parts.values().iterator(); open.hasNext(); ) {
      LogPart part = open.next();
      if (all || part.rows() >= config.rows() || part.age() >= config.seconds() * NANOS) {
        open.remove();
        any |= finish(part);
      }
    }
    if (any) {
      shorten();
    }
  }

  private boolean finish(LogPart part) {
    try {
      part.finish();
      written.add(part.requests());
      if (fails) {
        fails = false;
        LOG.info("The log of requests in {} is written again.", config.folder());
      }
      return true;
    } catch (IOException | RuntimeException e) {
      abandon(part, e);
      return false;
    }
  }

  private void shorten() {
    Set<Path> open = new HashSet<>();
    parts.values().forEach(part -> open.add(part.unfinished()));
    try {
      folder.shorten(open);
    } catch (IOException e) {
      say(e);
    }
  }

  private void abandon(@Nullable LogPart part, Exception cause) {
    if (part != null) {
      failed.add(part.requests());
      try {
        part.close();
      } catch (IOException e) {
        cause.addSuppressed(e);
      }
    }
    say(cause);
  }

  private void say(Exception cause) {
    failure = ticker.getAsLong();
    if (!fails) {
      fails = true;
      boolean isKnown = cause instanceof IOException || cause instanceof MsrException;
      LOG.warn(
          "The log of requests in {} cannot be written: {}. Requests are ranked without it, and it is tried again.",
          config.folder(),
          cause instanceof IOException io ? FileErrors.reason(io) : cause.getMessage(),
          isKnown ? null : cause);
    }
  }

  /** Writes what waits, completes the parts, and ends. */
  @Override
  public void close() {
    ending = true;
    try {
      thread.join(TimeUnit.SECONDS.toMillis(SECONDS_TO_END));
      if (thread.isAlive()) {
        LOG.warn("The log of requests is not written to its end.");
        thread.interrupt();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
