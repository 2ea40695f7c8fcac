package org.llm4msr.runtime.assembly.labels;

import ai.djl.ndarray.NDArray;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a model shares between its labels: the hidden state of its backbone, or the embedded input
 * of a backbone without one, as in ESMM. The model's parts offer it during a pass, whatever calls
 * them; a pass is on one thread.
 */
public final class SharedState {

  private static final class Slot {
    private @Nullable NDArray value;
  }

  private final Map<Thread, Slot> passes = new ConcurrentHashMap<>();
  private final int width;
  private final boolean ofBackbone;

  /**
   * Makes one.
   *
   * @param hidden width of the backbone's hidden state, 0 if it has none
   * @param input width of the embedded input
   */
  public SharedState(int hidden, int input) {
    ofBackbone = hidden > 0;
    width = ofBackbone ? hidden : input;
  }

  /** Returns the number of columns. */
  int width() {
    return width;
  }

  /** Offers the hidden state of the backbone, (B, H). */
  public void hidden(@Nullable NDArray hidden) {
    if (ofBackbone) {
      offer(hidden);
    }
  }

  /** Offers the embedded input, (B, W). */
  public void input(NDArray input) {
    if (!ofBackbone) {
      offer(input);
    }
  }

  private void offer(@Nullable NDArray value) {
    Slot slot = passes.get(Thread.currentThread());
    if (slot != null) {
      slot.value = value;
    }
  }

  /** The result of a pass, and what it shared, null if nothing was offered. */
  record Seen(NDArray logits, @Nullable NDArray shared) {}

  /** Runs a pass and keeps what is offered last. */
  Seen during(Supplier<NDArray> pass) {
    Slot slot = new Slot();
    passes.put(Thread.currentThread(), slot);
    try {
      return new Seen(pass.get(), slot.value);
    } finally {
      passes.remove(Thread.currentThread());
    }
  }
}
