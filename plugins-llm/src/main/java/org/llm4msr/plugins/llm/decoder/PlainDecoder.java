package org.llm4msr.plugins.llm.decoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.Activation;
import ai.djl.nn.core.Embedding;
import ai.djl.nn.core.Linear;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.plugins.llm.decoder.DecoderWeights.Layer;
import org.llm4msr.plugins.llm.decoder.TokenBatch.Group;

/**
 * The forward pass in float32 and in operations that every engine has. It is the reference for
 * {@link ScriptDecoder}. Temporaries of a layer are freed with it.
 */
final class PlainDecoder implements Decoder {

  private final ModelShape shape;
  private final NDManager manager;
  private final DecoderWeights weights;

  PlainDecoder(ModelShape shape, DecoderWeights weights, NDManager manager) {
    this.shape = shape;
    this.weights = weights;
    this.manager = manager;
  }

  @Override
  public NDManager newManager() {
    return manager.newSubManager();
  }

  @Override
  public Reading read(NDManager step, TokenBatch batch, @Nullable NDList past, boolean keep) {
    Turns turns = Turns.of(shape.rotary(), batch.positions(), step);
    NDArray states = embed(step, batch);
    NDList kept = new NDList();
    for (int layer = 0; layer < shape.layers(); layer++) {
      try (NDManager inner = step.newSubManager()) {
        states.attach(inner);
        Pass pass = new Pass(weights.layers().get(layer), batch, turns, past, layer, inner);
        states = pass.run(states);
        states.attach(step);
        if (keep) {
          pass.kept.attach(step);
          kept.addAll(pass.kept);
        }
      }
    }
    return new Reading(states, norm(states, weights.finalNorm()), kept);
  }

  private NDArray embed(NDManager step, TokenBatch batch) {
    float[] ids = new float[batch.tokens().length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = batch.tokens()[i];
    }
    // MXNet takes numbers of rows as floats, exact up to 2^24.
    boolean floats = step.getEngine().getEngineName().equals("MXNet");
    NDArray rows = floats ? step.create(ids) : step.create(batch.tokens());
    return Embedding.embedding(rows, weights.embedding(), SparseFormat.DENSE).singletonOrThrow();
  }

  @Override
  public NDArray scores(NDArray states) {
    NDArray head = weights.head();
    if (head == null) {
      throw new IllegalStateException("the weights of the output layer were not read");
    }
    return linear(states, head, null);
  }

  private NDArray norm(NDArray states, NDArray weight) {
    NDArray size = states.square().mean(new int[] {1}, true).add(shape.epsilon()).sqrt();
    return states.div(size).mul(weight);
  }

  private static NDArray linear(NDArray input, NDArray weight, @Nullable NDArray bias) {
    return Linear.linear(input, weight, bias).singletonOrThrow();
  }

  /** Cosine and sine of the tokens' angles, (tokens, 1, half a head) each. */
  private record Turns(NDArray cosine, NDArray sine) {

    static Turns of(Rotary rotary, int[] positions, NDManager manager) {
      int half = rotary.frequencies().length;
      float[] cosine = new float[positions.length * half];
      float[] sine = new float[positions.length * half];
      rotary.fill(positions, cosine, sine);
      Shape shape = new Shape(positions.length, 1, half);
      return new Turns(manager.create(cosine, shape), manager.create(sine, shape));
    }

    /** Turns (tokens, heads, head). */
    NDArray turn(NDArray heads) {
      NDList halves = heads.split(2, 2);
      NDArray first = halves.get(0);
      NDArray second = halves.get(1);
      return first
          .mul(cosine)
          .sub(second.mul(sine))
          .concat(second.mul(cosine).add(first.mul(sine)), 2);
    }
  }

  /** One layer of one batch. */
  private final class Pass {
    private final Layer layer;
    private final TokenBatch batch;
    private final Turns turns;
    private final @Nullable NDList past;
    private final int number;
    private final NDManager inner;
    private final NDList kept = new NDList();

    Pass(
        Layer layer,
        TokenBatch batch,
        Turns turns,
        @Nullable NDList past,
        int number,
        NDManager inner) {
      this.layer = layer;
      this.batch = batch;
      this.turns = turns;
      this.past = past;
      this.number = number;
      this.inner = inner;
    }

    NDArray run(NDArray states) {
      NDArray input = norm(states, layer.attentionNorm());
      NDArray all = linear(input, layer.queryKeyValue(), layer.queryKeyValueBias());
      NDArray attended = attention(all);
      // Of the last layer, nobody reads the states of earlier tokens.
      NDArray residual = isLast() ? lastTokens(states) : states;
      NDArray middle = residual.add(linear(attended, layer.output(), layer.outputBias()));
      return middle.add(feedForward(norm(middle, layer.feedForwardNorm())));
    }

    private boolean isLast() {
      return number == shape.layers() - 1;
    }

    private NDArray feedForward(NDArray input) {
      NDList halves = linear(input, layer.gateUp(), layer.gateUpBias()).split(2, 1);
      NDArray gate = halves.get(0);
      NDArray gated = gate.mul(Activation.sigmoid(gate)).mul(halves.get(1));
      return linear(gated, layer.down(), layer.downBias());
    }

    /** Returns what the tokens attend to, of stacked queries, keys and values. */
    private NDArray attention(NDArray all) {
      int queries = shape.queryWidth();
      int keys = shape.keyValueWidth();
      int size = shape.headSize();
      NDArray query = turns.turn(columns(all, 0, queries).reshape(-1, shape.heads(), size));
      NDArray key =
          turns.turn(
              columns(all, queries, queries + keys).reshape(-1, shape.keyValueHeads(), size));
      NDArray value =
          columns(all, queries + keys, queries + 2 * keys).reshape(-1, shape.keyValueHeads(), size);
      NDList parts = new NDList();
      int at = 0;
      for (int g = 0; g < batch.groups().size(); g++) {
        Group group = batch.groups().get(g);
        NDArray groupKey = withPast(byHead(rows(key, at, group), group), group, g, 0);
        NDArray groupValue = withPast(byHead(rows(value, at, group), group), group, g, 1);
        kept.add(groupKey);
        kept.add(groupValue);
        NDArray groupQuery = byHead(rows(query, at, group), group);
        if (isLast()) {
          groupQuery = groupQuery.get(new NDIndex(":, :, {}:", group.length() - 1));
        }
        parts.add(attend(groupQuery, groupKey, groupValue, group));
        at += group.tokens();
      }
      return parts.size() == 1 ? parts.get(0) : NDArrays.concat(parts, 0);
    }

    private NDArray columns(NDArray array, int from, int to) {
      return array.get(new NDIndex(":, {}:{}", from, to));
    }

    private NDArray rows(NDArray array, int from, Group group) {
      return array.get(new NDIndex("{}:{}", from, from + group.tokens()));
    }

    /** Returns (tokens, heads, head) as (sequences, heads, tokens of each, head). */
    private NDArray byHead(NDArray array, Group group) {
      Shape split =
          new Shape(
              group.count(), group.length(), array.getShape().get(1), array.getShape().get(2));
      return array.reshape(split).transpose(0, 2, 1, 3);
    }

    private NDArray withPast(NDArray now, Group group, int number, int which) {
      if (past == null || group.past() == 0) {
        return now;
      }
      int perLayer = past.size() / shape.layers();
      NDArray before = past.get(this.number * perLayer + (2 * number + which) % perLayer);
      NDArray each = before;
      if (before.getShape().get(0) < group.count()) {
        Shape one = before.getShape();
        each = before.broadcast(group.count(), one.get(1), one.get(2), one.get(3));
        each.attach(inner); // A result belongs to the manager of what it is made of.
      }
      NDArray whole = NDArrays.concat(new NDList(each, now), 2);
      whole.attach(inner);
      return whole;
    }

    /** Returns (sequences x queries, heads x head). */
    private NDArray attend(NDArray query, NDArray key, NDArray value, Group group) {
      long queries = query.getShape().get(2);
      long seen = key.getShape().get(2);
      long size = shape.headSize();
      // The query heads of a key head are its rows.
      Shape shared = new Shape(group.count(), shape.keyValueHeads(), -1, size);
      NDArray scores =
          query
              .reshape(shared)
              .matMul(key.transpose(0, 1, 3, 2))
              .mul(1 / Math.sqrt(shape.headSize()))
              .reshape(group.count(), shape.heads(), queries, seen);
      NDArray mask = mask(queries, seen);
      NDArray shares = (mask == null ? scores : scores.add(mask)).softmax(3);
      return shares
          .reshape(group.count(), shape.keyValueHeads(), -1, seen)
          .matMul(value)
          .reshape(group.count(), shape.heads(), queries, size)
          .transpose(0, 2, 1, 3)
          .reshape(group.count() * queries, shape.queryWidth());
    }

    /** Hides from the last {@code queries} of {@code seen} tokens what they may not see. */
    private @Nullable NDArray mask(long queries, long seen) {
      float[] mask = Masks.values((int) queries, (int) seen, shape.window());
      return mask.length == 0 ? null : inner.create(mask, new Shape(queries, seen));
    }

    private NDArray lastTokens(NDArray states) {
      List<NDArray> parts = new ArrayList<>();
      int at = 0;
      for (Group group : batch.groups()) {
        parts.add(
            rows(states, at, group)
                .reshape(group.count(), group.length(), shape.hidden())
                .get(new NDIndex(":, {}", group.length() - 1)));
        at += group.tokens();
      }
      return parts.size() == 1
          ? parts.get(0)
          : NDArrays.concat(new NDList(parts.toArray(NDArray[]::new)), 0);
    }
  }

  @Override
  public void close() {
    manager.close();
  }
}
