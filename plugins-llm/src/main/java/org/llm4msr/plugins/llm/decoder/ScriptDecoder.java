package org.llm4msr.plugins.llm.decoder;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Script;
import org.llm4msr.plugins.llm.decoder.DecoderWeights.Layer;
import org.llm4msr.plugins.llm.decoder.TokenBatch.Group;

/** The forward pass as one call of generated TorchScript, in float32 or bfloat16. */
final class ScriptDecoder implements Decoder {

  /** With fewer rows, PyTorch's attention on the CPU takes smaller and slower blocks of them. */
  private static final int ROWS = 192;

  /** Tokens; shorter tiles are too many calls. */
  private static final int SHORTEST_TILE = 64;

  /** Tokens, so that most texts are one call. */
  private static final int GPU_TILE = 1024;

  private final DecoderShape shape;
  private final int tile;
  private final NDManager manager;
  private final Script script;
  private final NDList weights;
  private final NDList head;

  ScriptDecoder(DecoderShape shape, DecoderWeights weights, Script script, NDManager manager) {
    this.shape = shape;
    this.tile =
        manager.getDevice().isGpu()
            ? GPU_TILE
            : Math.max(SHORTEST_TILE, ROWS / shape.queriesPerKey());
    this.script = script;
    this.manager = manager;
    this.weights = new NDList(weights.embedding(), weights.finalNorm());
    for (Layer layer : weights.layers()) {
      this.weights.addAll(layer.arrays().values());
    }
    this.head = weights.head() == null ? new NDList() : new NDList(weights.head());
  }

  /** Keeps weights as bfloat16. */
  static WeightStore bfloat16(Script script, NDManager manager) {
    return new WeightStore() {
      @Override
      public NDArray make(Shape size) {
        try (NDManager step = manager.newSubManager()) {
          NDList like = new NDList(step.create(0f));
          return script.call(manager, "make", like, host(step, size.getShape())).get(0);
        }
      }

      @Override
      public void put(NDArray weights, long first, NDArray float32) {
        try (NDManager step = manager.newSubManager()) {
          script.call(step, "put", new NDList(weights, float32), host(step, first));
        }
      }
    };
  }

  @Override
  public NDManager newManager() {
    return manager.newSubManager();
  }

  @Override
  public Reading read(NDManager step, TokenBatch batch, @Nullable NDList past, boolean keep) {
    int[] positions = batch.positions();
    NDList inputs = new NDList(step.create(batch.tokens()), step.create(lastTokens(batch)));
    for (Attention kind : shape.kinds()) {
      int half = kind.rotary().frequencies().length;
      float[] cosine = new float[positions.length * half];
      float[] sine = new float[positions.length * half];
      kind.rotary().fill(positions, cosine, sine);
      Shape angles = new Shape(positions.length, 1, half);
      inputs.add(step.create(cosine, angles));
      inputs.add(step.create(sine, angles));
    }
    NDList results =
        script.call(
            step,
            "read",
            weights,
            inputs,
            masks(step, batch),
            past == null ? new NDList() : past,
            plan(step, batch, keep));
    return new Reading(
        results.get(0), results.get(1), new NDList(results.subList(2, results.size())));
  }

  private static long[] lastTokens(TokenBatch batch) {
    long[] last = new long[batch.sequences()];
    long at = 0;
    int i = 0;
    for (Group group : batch.groups()) {
      for (int sequence = 0; sequence < group.count(); sequence++) {
        at += group.length();
        last[i++] = at - 1;
      }
    }
    return last;
  }

  /**
   * One array per kind of attention: what the tokens of a tile do not see, if the tile begins right
   * behind the longest sequence. Other tiles, which begin earlier, need a part of it.
   */
  private NDList masks(NDManager step, TokenBatch batch) {
    int longest = batch.groups().stream().mapToInt(Group::length).max().orElseThrow();
    int queries = Math.min(tile, longest);
    int seen = queries + batch.groups().stream().mapToInt(Group::seen).max().orElseThrow();
    NDList masks = new NDList();
    for (Attention kind : shape.kinds()) {
      // A single token sees all keys that it is given.
      masks.add(
          queries == 1
              ? step.create(new float[0])
              : step.create(Masks.values(queries, seen, kind.window()), new Shape(queries, seen)));
    }
    return masks;
  }

  /**
   * The script's integers: whether to keep keys and values, the tile, and the sizes of the groups.
   */
  private NDList plan(NDManager step, TokenBatch batch, boolean keep) {
    List<Long> numbers = new ArrayList<>();
    numbers.add(keep ? 1L : 0L);
    numbers.add((long) tile);
    for (Group group : batch.groups()) {
      numbers.add((long) group.count());
      numbers.add((long) group.length());
      numbers.add((long) group.past());
    }
    return host(step, numbers.stream().mapToLong(Long::longValue).toArray());
  }

  /** Returns an array of integers for the script, on the CPU. */
  private static NDList host(NDManager step, long... numbers) {
    try (NDManager host = step.newSubManager(Device.cpu())) {
      NDArray array = host.create(numbers);
      array.attach(step);
      return new NDList(array);
    }
  }

  @Override
  public NDArray scores(NDArray states) {
    return script.call(states.getManager(), "scores", head, new NDList(states)).get(0);
  }

  @Override
  public void close() {
    script.close();
    manager.close();
  }
}
