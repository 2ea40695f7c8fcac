package org.llm4msr.runtime.training.workers;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.batch.Exchange;

/** Opens what workers share: the first makes what the others then open. All succeed, or none. */
public final class Turns {

  private Turns() {}

  /**
   * Opens something.
   *
   * @throws MsrException what went wrong here, or {@code training/WORKER_FAILED} with what went
   *     wrong in another worker
   */
  public static <T extends AutoCloseable> T open(Exchange exchange, Supplier<T> opened) {
    boolean isFirst = exchange.rank() == 0;
    Attempt<T> first = isFirst ? Attempt.of(opened) : new Attempt<>(null, null);
    agree(exchange, first);
    Attempt<T> own = isFirst ? first : Attempt.of(opened);
    agree(exchange, own);
    if (own.value == null) {
      throw new IllegalStateException("nothing was opened");
    }
    return own.value;
  }

  private record Attempt<T extends AutoCloseable>(
      @Nullable T value, @Nullable RuntimeException failure) {

    static <T extends AutoCloseable> Attempt<T> of(Supplier<T> opened) {
      try {
        return new Attempt<>(opened.get(), null);
      } catch (RuntimeException e) {
        return new Attempt<>(null, e);
      }
    }
  }

  private static <T extends AutoCloseable> void agree(Exchange exchange, Attempt<T> own) {
    String text = own.failure == null ? "" : String.valueOf(own.failure.getMessage());
    List<ByteBuffer> all;
    try {
      all = exchange.gather(ByteBuffer.wrap(text.getBytes(UTF_8)));
    } catch (RuntimeException e) {
      close(own.value); // Else the run stays locked in this process.
      throw e;
    }
    if (own.failure != null) {
      throw own.failure;
    }
    for (int rank = 0; rank < all.size(); rank++) {
      if (all.get(rank).hasRemaining()) {
        close(own.value);
        throw new MsrException(
            ErrorType.USER,
            "training/WORKER_FAILED",
            "Worker %d of %d: %s"
                .formatted(rank + 1, all.size(), UTF_8.decode(all.get(rank)).toString()));
      }
    }
  }

  private static void close(@Nullable AutoCloseable value) {
    if (value != null) {
      try {
        value.close();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
