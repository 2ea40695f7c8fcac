package org.llm4msr.runtime.training;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.tables.UpdateRule;
import org.llm4msr.runtime.tables.Workers;

/**
 * Moves the dense parameters by the same rules as the tables, on all cores, and owns the
 * optimiser's state. If all elements of a gradient are zero, no row of the batch used the
 * parameter: neither it nor its state changes. Results do not depend on the number of threads.
 */
final class DenseOptimizer {

  private static final int BLOCK = 1 << 12;

  /** How many blocks a thread takes at a time while nothing else waits. */
  private static final int GRAIN = 16;

  /** Of so many elements of a gradient one is looked at; a prime, to fall into many columns. */
  static final int SAMPLED = 1009;

  /** Elements below which it costs more to begin with a parameter than pauses save. */
  private static final int MANY = 1 << 14;

  private final List<Slot> slots;
  private final UpdateRule rule;
  private final UpdateRule ruleWithoutL2;
  private final @Nullable Double clipNorm;
  private final Workers workers;
  private final List<Block> blocks = new ArrayList<>();
  private final double[] squares;
  private final float[][][] scratch;

  /** The first block of each parameter, and the end. */
  private final int[] firstBlocks;

  /** What has begun in this step, by parameter. */
  private final Map<Integer, Workers.Pending> begun = new LinkedHashMap<>();

  /**
   * One parameter.
   *
   * @param values its elements, read and written in place
   * @param decays whether L2 applies
   * @param rateFactor on the learning rate
   * @param changed hears of what was written
   */
  record Slot(
      String name, FloatBuffer values, boolean decays, double rateFactor, Changed changed) {}

  /** Hears that some values of a parameter were written. */
  @FunctionalInterface
  interface Changed {

    /** Some thread wrote the values {@code from} to {@code to - 1}. */
    void range(int from, int to);
  }

  /** What one thread updates at a time, and its state, which is updated in place. */
  private static final class Block {

    final int slot;
    final int from;
    final int to;
    final float[] first;
    final float[] second;

    Block(int slot, int from, int to, int stateSlots) {
      this.slot = slot;
      this.from = from;
      this.to = to;
      first = new float[stateSlots > 0 ? size() : 0];
      second = new float[stateSlots > 1 ? size() : 0];
    }

    int size() {
      return to - from;
    }
  }

  DenseOptimizer(List<Slot> slots, UpdateRule rule, @Nullable Double clipNorm, Workers workers) {
    this.slots = List.copyOf(slots);
    this.rule = rule;
    this.ruleWithoutL2 = rule.withoutL2();
    this.clipNorm = clipNorm;
    this.workers = workers;
    firstBlocks = new int[slots.size() + 1];
    for (int s = 0; s < slots.size(); s++) {
      int size = slots.get(s).values().limit();
      for (int from = 0; from < size; from += BLOCK) {
        blocks.add(new Block(s, from, Math.min(from + BLOCK, size), rule.stateSlots()));
      }
      firstBlocks[s + 1] = blocks.size();
    }
    this.squares = new double[blocks.size()];
    this.scratch = new float[workers.threads()][2][BLOCK];
  }

  List<Slot> slots() {
    return slots;
  }

  /**
   * Returns views of one part of a parameter's state, in consecutive pieces.
   *
   * @param part 0 to stateSlots - 1
   */
  List<FloatBuffer> state(int slot, int part) {
    return blocks.subList(firstBlocks[slot], firstBlocks[slot + 1]).stream()
        .map(block -> FloatBuffer.wrap(part == 0 ? block.first : block.second))
        .toList();
  }

  /** Takes one part of a parameter's state, all its elements, as it was saved. */
  void restore(int slot, int part, FloatBuffer saved) {
    int from = 0;
    for (FloatBuffer piece : state(slot, part)) {
      piece.put(0, saved, from, piece.limit());
      from += piece.limit();
    }
  }

  int stateSlots() {
    return rule.stateSlots();
  }

  /**
   * Returns whether {@link #begin} pays for a parameter of so many elements, and whether no norm of
   * all gradients is needed first.
   */
  boolean mayBegin(int size) {
    return clipNorm == null && size >= MANY;
  }

  /**
   * Begins a step with a parameter whose gradient is there before others, in pauses of the other
   * threads. Its gradient stays as it is and nobody reads its values until {@link #finish}. One
   * that is zero where it is sampled is left to {@link #update}.
   */
  void begin(int slot, FloatBuffer gradient, long step, double learningRate) {
    if (!hasNonZero(gradient, 0, gradient.limit(), SAMPLED)) {
      return;
    }
    UpdateRule.Kernel kernel = kernel(slots.get(slot), step, learningRate);
    int first = firstBlocks[slot];
    begun.put(
        slot,
        workers.beginInPauses(
            firstBlocks[slot + 1] - first,
            1,
            (worker, from, to) ->
                update(blocks.get(first + from), gradient, 1, kernel, scratch[worker])));
  }

  /** Completes all that has begun, even where some of it fails. */
  void finish() {
    Iterator<Workers.Pending> pending = begun.values().iterator();
    if (pending.hasNext()) {
      Workers.Pending first = pending.next();
      pending.remove();
      try {
        first.finish();
      } finally {
        finish();
      }
    }
  }

  /**
   * Does one step, but for what has begun.
   *
   * @param gradients one per slot
   * @param step from 1
   * @return the global norm of the gradients before clipping, or NaN where nothing clips
   */
  double update(List<FloatBuffer> gradients, long step, double learningRate) {
    boolean[] used = used(gradients);
    double norm = clipNorm == null ? Double.NaN : norm(gradients);
    float scale = clipNorm != null && norm > clipNorm ? (float) (clipNorm / norm) : 1f;
    List<UpdateRule.Kernel> kernels = kernels(step, learningRate);
    workers.range(
        blocks.size(),
        GRAIN,
        (worker, from, to) -> {
          for (int i = from; i < to; i++) {
            Block block = blocks.get(i);
            if (used[block.slot]) {
              update(
                  block,
                  gradients.get(block.slot),
                  scale,
                  kernels.get(block.slot),
                  scratch[worker]);
            }
          }
        });
    return norm;
  }

  private List<UpdateRule.Kernel> kernels(long step, double learningRate) {
    List<UpdateRule.Kernel> kernels = new ArrayList<>(slots.size());
    for (Slot slot : slots) {
      kernels.add(kernel(slot, step, learningRate));
    }
    return kernels;
  }

  private UpdateRule.Kernel kernel(Slot slot, long step, double learningRate) {
    UpdateRule chosen = slot.decays() ? rule : ruleWithoutL2;
    return chosen.kernel(step, learningRate * slot.rateFactor());
  }

  /** Returns which parameters have a gradient other than zero, but for those that have begun. */
  private boolean[] used(List<FloatBuffer> gradients) {
    boolean[] used = new boolean[slots.size()];
    workers.range(
        blocks.size(),
        GRAIN,
        (worker, from, to) -> {
          for (Block block : blocks.subList(from, to)) {
            int s = block.slot;
            if (!used[s]
                && !begun.containsKey(s)
                && hasNonZero(gradients.get(s), block.from, block.to, 1)) {
              used[s] = true; // As any other thread would; who sees it late only searches on.
            }
          }
        });
    return used;
  }

  private static boolean hasNonZero(FloatBuffer gradient, int from, int to, int stride) {
    for (int i = from; i < to; i += stride) {
      if (gradient.get(i) != 0) {
        return true;
      }
    }
    return false;
  }

  /** Sums block by block, then the blocks in order, so that threads do not change the result. */
  private double norm(List<FloatBuffer> gradients) {
    workers.range(
        blocks.size(),
        GRAIN,
        (worker, from, to) -> {
          for (int i = from; i < to; i++) {
            Block block = blocks.get(i);
            FloatBuffer gradient = gradients.get(block.slot);
            double sum = 0;
            for (int j = block.from; j < block.to; j++) {
              double g = gradient.get(j);
              sum += g * g;
            }
            squares[i] = sum;
          }
        });
    return Math.sqrt(Arrays.stream(squares).sum());
  }

  private void update(
      Block block, FloatBuffer gradient, float scale, UpdateRule.Kernel kernel, float[][] own) {
    int n = block.size();
    FloatBuffer values = slots.get(block.slot).values();
    float[] w = own[0];
    float[] g = own[1];
    values.get(block.from, w, 0, n);
    gradient.get(block.from, g, 0, n);
    if (scale != 1f) {
      for (int i = 0; i < n; i++) {
        g[i] *= scale;
      }
    }
    kernel.apply(w, block.first, block.second, g, n);
    values.put(block.from, w, 0, n);
    slots.get(block.slot).changed().range(block.from, block.to);
  }
}
