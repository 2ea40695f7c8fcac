package org.llm4msr.benchmarks;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.ToIntFunction;
import org.llm4msr.api.Script;
import org.llm4msr.api.TensorService;

/**
 * The forward pass of a Llama in bfloat16 in the most obvious form: prompts in the given order,
 * padded to the longest of their batch, all tokens through all layers. Its weights are random; its
 * sizes are those of a model.
 */
final class PlainForward implements AutoCloseable {

  private static final String SOURCE =
      """
        def narrow(self: __torch__.M,
          x: List[Tensor]) -> List[Tensor]:
          return [torch.to(x[0], 15)]
        def turn(self: __torch__.M,
          x: Tensor,
          c: Tensor,
          s: Tensor) -> Tensor:
          a, b, = torch.chunk(x, 2, -1)
          return torch.cat([torch.sub(torch.mul(a, c), torch.mul(b, s)), torch.add(torch.mul(b, c), torch.mul(a, s))], -1)
        def read(self: __torch__.M,
          w: List[Tensor],
          x: List[Tensor]) -> List[Tensor]:
          h = torch.embedding(w[0], x[0])
          n = torch.size(h, 1)
          t = torch.unsqueeze(torch.arange(n, dtype=6), 1)
          f = torch.exp(torch.mul(torch.arange($HALF, dtype=6), -0.28))
          c = torch.to(torch.cos(torch.mul(t, f)), 15)
          s = torch.to(torch.sin(torch.mul(t, f)), 15)
          for i in range($LAYERS):
            b = torch.add(2, torch.mul(i, 9))
            a = torch.rms_norm(h, [$HIDDEN], w[b], 1.0000000000000001e-05)
            q = torch.transpose(torch.view(torch.linear(a, w[torch.add(b, 1)]), [-1, n, $HEADS, $SIZE]), 1, 2)
            k = torch.transpose(torch.view(torch.linear(a, w[torch.add(b, 2)]), [-1, n, $KEYS, $SIZE]), 1, 2)
            v = torch.transpose(torch.view(torch.linear(a, w[torch.add(b, 3)]), [-1, n, $KEYS, $SIZE]), 1, 2)
            q = (self).turn(q, c, s, )
            k = torch.repeat_interleave((self).turn(k, c, s, ), $EACH, 1)
            v = torch.repeat_interleave(v, $EACH, 1)
            o = torch.scaled_dot_product_attention(q, k, v, None, 0., True)
            o = torch.reshape(torch.transpose(o, 1, 2), [-1, n, $QUERIES])
            h = torch.add(h, torch.linear(o, w[torch.add(b, 4)]))
            a = torch.rms_norm(h, [$HIDDEN], w[torch.add(b, 5)], 1.0000000000000001e-05)
            g = torch.silu(torch.linear(a, w[torch.add(b, 6)]))
            u = torch.linear(a, w[torch.add(b, 7)])
            h = torch.add(h, torch.linear(torch.mul(g, u), w[torch.add(b, 8)]))
          h = torch.rms_norm(h, [$HIDDEN], w[1], 1.0000000000000001e-05)
          return [torch.to(torch.select(h, 1, -1), 6)]
      """;

  private final NDManager manager;
  private final Script script;
  private final NDList weights = new NDList();
  private final int vocabulary;
  private final double operations;
  private final ToIntFunction<String> count;

  /**
   * Makes the weights.
   *
   * @param model folder whose {@code config.json} gives the sizes
   * @param count counts the tokens of a prompt
   */
  PlainForward(Path model, TensorService tensors, ToIntFunction<String> count) throws IOException {
    JsonNode config = new ObjectMapper().readTree(model.resolve("config.json").toFile());
    int hidden = config.get("hidden_size").asInt();
    int heads = config.get("num_attention_heads").asInt();
    int keys = config.path("num_key_value_heads").asInt(heads);
    int size = config.path("head_dim").asInt(hidden / heads);
    int layers = config.get("num_hidden_layers").asInt();
    int middle = config.get("intermediate_size").asInt();
    this.vocabulary = config.get("vocab_size").asInt();
    this.count = count;
    this.manager = tensors.newManager();
    this.script =
        tensors.script(
            SOURCE
                .replace("$HALF", "" + size / 2)
                .replace("$LAYERS", "" + layers)
                .replace("$HIDDEN", "" + hidden)
                .replace("$HEADS", "" + heads)
                .replace("$KEYS", "" + keys)
                .replace("$EACH", "" + heads / keys)
                .replace("$QUERIES", "" + heads * size)
                .replace("$SIZE", "" + size));
    double each = (2.0 * heads + 2 * keys) * size * hidden + 3.0 * middle * hidden;
    this.operations = 2 * (layers - 1) * each;
    add(vocabulary, hidden);
    add(hidden);
    for (int layer = 0; layer < layers; layer++) {
      add(hidden);
      add((long) heads * size, hidden);
      add((long) keys * size, hidden);
      add((long) keys * size, hidden);
      add(hidden, (long) heads * size);
      add(hidden);
      add(middle, hidden);
      add(middle, hidden);
      add(hidden, middle);
    }
  }

  private void add(long... shape) {
    try (NDArray wide = manager.randomNormal(0, 0.03f, new Shape(shape), DataType.FLOAT32)) {
      weights.add(script.call(manager, "narrow", new NDList(wide)).get(0));
    }
  }

  /** Reads prompts; only their lengths matter. */
  void read(List<String> prompts, int batchSize) {
    for (int from = 0; from < prompts.size(); from += batchSize) {
      List<String> batch = prompts.subList(from, Math.min(prompts.size(), from + batchSize));
      int longest = batch.stream().mapToInt(count).max().orElseThrow();
      long[] ids = new long[batch.size() * longest];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = (i * 7919L) % vocabulary;
      }
      try (NDManager step = manager.newSubManager()) {
        NDArray tokens = step.create(ids, new Shape(batch.size(), longest));
        script.call(step, "read", weights, new NDList(tokens)).get(0).toFloatArray();
      }
    }
  }

  /** Returns the operations of a token's products in all layers but the last. */
  double operations() {
    return operations;
  }

  /** Returns the share of padding in the computed tokens. */
  double padding(List<String> prompts, int batchSize) {
    long computed = 0;
    for (int from = 0; from < prompts.size(); from += batchSize) {
      List<String> batch = prompts.subList(from, Math.min(prompts.size(), from + batchSize));
      computed += (long) batch.size() * batch.stream().mapToInt(count).max().orElseThrow();
    }
    return 1 - (double) prompts.stream().mapToLong(count::applyAsInt).sum() / computed;
  }

  @Override
  public void close() {
    script.close();
    manager.close();
  }
}
