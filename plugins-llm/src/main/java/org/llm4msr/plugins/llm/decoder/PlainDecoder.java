package org.llm4msr.plugins.llm.decoder;

import static org.llm4msr.plugins.llm.decoder.LayerArray.ATTENTION_NORM;
import static org.llm4msr.plugins.llm.decoder.LayerArray.DOWN;
import static org.llm4msr.plugins.llm.decoder.LayerArray.DOWN_BIAS;
import static org.llm4msr.plugins.llm.decoder.LayerArray.DOWN_NORM;
import static org.llm4msr.plugins.llm.decoder.LayerArray.FEED_FORWARD_NORM;
import static org.llm4msr.plugins.llm.decoder.LayerArray.GATE_UP;
import static org.llm4msr.plugins.llm.decoder.LayerArray.GATE_UP_BIAS;
import static org.llm4msr.plugins.llm.decoder.LayerArray.KEY_NORM;
import static org.llm4msr.plugins.llm.decoder.LayerArray.OUTPUT;
import static org.llm4msr.plugins.llm.decoder.LayerArray.OUTPUT_BIAS;
import static org.llm4msr.plugins.llm.decoder.LayerArray.OUTPUT_NORM;
import static org.llm4msr.plugins.llm.decoder.LayerArray.QUERY_KEY_VALUE;
import static org.llm4msr.plugins.llm.decoder.LayerArray.QUERY_KEY_VALUE_BIAS;
import static org.llm4msr.plugins.llm.decoder.LayerArray.QUERY_NORM;

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
 * The forward pass in float32, with operations that every engine has. It is the reference for
 * {@link ScriptDecoder}. Temporaries of a layer are freed with it.
 */
final class PlainDecoder implements Decoder {

  private final DecoderShape shape;
  private final NDManager manager;
  private final DecoderWeights weights;

  PlainDecoder(DecoderShape shape, DecoderWeights weights, NDManager manager) {
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
    List<Attention> kinds = shape.kinds();
    List<Turns> turns =
        kinds.stream().map(kind -> Turns.of(kind.rotary(), batch.positions(), step)).toList();
    NDArray states = embed(step, batch);
    NDList kept = new NDList();
    for (int layer = 0; layer < shape.layers(); layer++) {
      try (NDManager inner = step.newSubManager()) {
        states.attach(inner);
        Attention kind = shape.attentions().get(layer);
        Pass pass =
            new Pass(
                weights.layers().get(layer),
                batch,
                kind,
                turns.get(kinds.indexOf(kind)),
                past,
                layer,
                inner);
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
    NDArray rows = step.create(batch.tokens());
    return Embedding.embedding(rows, weights.embedding(), SparseFormat.DENSE)
        .singletonOrThrow()
        .mul(shape.embeddingScale());
  }

  @Override
  public NDArray scores(NDArray states) {
    NDArray head = weights.head();
    if (head == null) {
      throw new IllegalStateException("the weights of the output layer were not read");
    }
    return linear(states, head, null);
  }

  /** Normalises along the last axis. */
  private NDArray norm(NDArray states, NDArray weight) {
    int last = states.getShape().dimension() - 1;
    NDArray size = states.square().mean(new int[] {last}, true).add(shape.epsilon()).sqrt();
    return states.div(size).mul(weight);
  }

  private NDArray normIfAny(NDArray states, @Nullable NDArray weight) {
    return weight == null ? states : norm(states, weight);
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

    /** Rotates (tokens, heads, head). */
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
    private final Attention kind;
    private final Turns turns;
    private final @Nullable NDList past;
    private final int number;
    private final NDManager inner;
    private final NDList kept = new NDList();

    Pass(
        Layer layer,
        TokenBatch batch,
        Attention kind,
        Turns turns,
        @Nullable NDList past,
        int number,
        NDManager inner) {
      this.layer = layer;
      this.batch = batch;
      this.kind = kind;
      this.turns = turns;
      this.past = past;
      this.number = number;
      this.inner = inner;
    }

    NDArray run(NDArray states) {
      NDArray input = norm(states, layer.get(ATTENTION_NORM));
      NDArray all = linear(input, layer.get(QUERY_KEY_VALUE), layer.find(QUERY_KEY_VALUE_BIAS));
      NDArray attended = linear(attention(all), layer.get(OUTPUT), layer.find(OUTPUT_BIAS));
      // In the last layer, the states of earlier tokens are not needed.
      NDArray residual = isLast() ? lastTokens(states) : states;
      NDArray middle = residual.add(normIfAny(attended, layer.find(OUTPUT_NORM)));
      NDArray fed = feedForward(norm(middle, layer.get(FEED_FORWARD_NORM)));
      return middle.add(normIfAny(fed, layer.find(DOWN_NORM)));
    }

    private boolean isLast() {
      return number == shape.layers() - 1;
    }

    private NDArray feedForward(NDArray input) {
      NDList halves = linear(input, layer.get(GATE_UP), layer.find(GATE_UP_BIAS)).split(2, 1);
      NDArray gate = halves.get(0);
      NDArray gated = gate.mul(Activation.sigmoid(opening(gate))).mul(halves.get(1));
      return linear(gated, layer.get(DOWN), layer.find(DOWN_BIAS));
    }

    /**
     * Returns the argument of a gate's sigmoid: GELU by tanh is x sigmoid(2 sqrt(2/pi) (x + .044715
     * x^3)).
     */
    private NDArray opening(NDArray gate) {
      return shape.gelu()
          ? gate.add(gate.pow(3).mul(0.044715)).mul(2 * Math.sqrt(2 / Math.PI))
          : gate;
    }

    /** Returns the attention output of the tokens, from stacked queries, keys and values. */
    private NDArray attention(NDArray all) {
      int queries = shape.queryWidth();
      int keys = shape.keyValueWidth();
      int size = shape.headSize();
      NDArray query = columns(all, 0, queries).reshape(-1, shape.heads(), size);
      query = turns.turn(normIfAny(query, layer.find(QUERY_NORM)));
      NDArray key = columns(all, queries, queries + keys).reshape(-1, shape.keyValueHeads(), size);
      key = turns.turn(normIfAny(key, layer.find(KEY_NORM)));
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
        Shape lengths = before.getShape();
        each = before.broadcast(group.count(), lengths.get(1), lengths.get(2), lengths.get(3));
        each.attach(inner); // A result belongs to the manager of its operands.
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
      // The query heads of a key head become its rows.
      Shape shared = new Shape(group.count(), shape.keyValueHeads(), -1, size);
      NDArray scores =
          query
              .reshape(shared)
              .matMul(key.transpose(0, 1, 3, 2))
              .mul(shape.scoreScale())
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

    /** Hides from the last {@code queries} of {@code seen} tokens what they must not see. */
    private @Nullable NDArray mask(long queries, long seen) {
      float[] mask = Masks.values((int) queries, (int) seen, kind.window());
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
