package org.llm4msr.server.knowledge;

import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.engine.LoadedEncoder;
import org.llm4msr.server.models.LowPriority;
import org.llm4msr.server.refusal.KnowledgeRefusals;
import org.llm4msr.server.refusal.Refusals;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns texts into vectors, one at a time and in their order, on a thread that gives way to those
 * that rank.
 */
public final class TextEncoder implements AutoCloseable {

  /** So many texts wait; more are refused. */
  static final int WAITING = 64;

  private static final Logger LOG = LoggerFactory.getLogger(TextEncoder.class);

  private final String name;
  private final ThreadPoolExecutor thread =
      new ThreadPoolExecutor(
          1,
          1,
          0,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(WAITING),
          work -> LowPriority.thread(work, "llm4msr-encode"));
  private final LoadedEncoder loaded;
  private volatile boolean closed;

  /**
   * Loads the model of an encoder.
   *
   * @param loader gives the settings of the engine, if the encoder asks for one
   * @throws MsrException of the plugin
   */
  public TextEncoder(
      PluginChoice<KnowledgeEncoderFactory<Record>, Record> choice, ConfigLoader loader) {
    name = choice.name();
    RuntimeConfig runtime = loader.bind(RuntimeConfig.class, List.of(), "the encoder");
    try {
      // Threads that the engine begins have the priority of the one that loads it.
      loaded = submit(() -> LoadedEncoder.load(choice, runtime)).join();
    } catch (CompletionException e) {
      thread.shutdown();
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      if (e.getCause() instanceof Error cause) {
        throw cause;
      }
      throw e;
    }
  }

  /** Returns what the encoder says of itself. */
  EncoderInfo info() {
    return loaded.encoder().info();
  }

  /**
   * Encodes a text, and does something with its vector before the next text is encoded.
   *
   * @param awaited whether somebody waits for the result; otherwise nothing is done any more
   * @return what that gives; fails with {@code serve/NO_ENCODER} if the encoder reads no texts,
   *     {@code serve/NOT_READY} where the server ends before, {@code rank/DEADLINE} where nobody
   *     waits, and {@code knowledge/PROMPT_TOO_LONG}
   * @throws MsrException {@code serve/BUSY} where too many wait, {@code serve/NOT_READY}
   */
  <T> CompletableFuture<T> encode(String text, BooleanSupplier awaited, Function<float[], T> use) {
    return submit(
        () -> {
          requireAwaited(awaited);
          float[] vector = encode(text);
          requireAwaited(awaited);
          return use.apply(vector);
        });
  }

  private void requireAwaited(BooleanSupplier awaited) {
    if (closed) {
      throw Refusals.notReady();
    }
    if (!awaited.getAsBoolean()) {
      throw Refusals.tooLate("Nobody waits for the vector of the text any more.");
    }
  }

  private float[] encode(String text) {
    KnowledgeEncoder encoder = loaded.encoder();
    if (encoder.readsKeys()) {
      throw KnowledgeRefusals.readsKeys(name);
    }
    return encoder.encode(List.of(text)).get(0).vector();
  }

  private <T> CompletableFuture<T> submit(Supplier<T> work) {
    try {
      return CompletableFuture.supplyAsync(work, thread);
    } catch (RejectedExecutionException e) {
      throw closed ? Refusals.notReady() : Refusals.busy(thread.getQueue().size());
    }
  }

  /** Waits for the text that is encoded; those that wait are refused. */
  @Override
  public void close() {
    closed = true;
    loaded.encoder().stopWaiting();
    thread.shutdown();
    try {
      if (thread.awaitTermination(1, TimeUnit.MINUTES)) {
        loaded.close();
      } else {
        LOG.warn("A text is encoded still, although the server ends; its model stays in memory.");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
