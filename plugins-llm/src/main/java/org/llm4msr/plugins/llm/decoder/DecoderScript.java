package org.llm4msr.plugins.llm.decoder;

import java.util.Locale;
import org.llm4msr.plugins.llm.decoder.DecoderConfig.Precision;

/**
 * Generates the TorchScript of {@link ScriptDecoder}. Numbers of a model stand in it as constants.
 * Attention is the fused operation, and of the last layer only the last tokens are finished.
 */
final class DecoderScript {

  /** Arrays before those of the first layer: embedding and final norm. */
  private static final int BEFORE_LAYERS = 2;

  private static final String SOURCE =
      """
        def make(self: __torch__.M,
          like: List[Tensor],
          size: List[Tensor]) -> List[Tensor]:
          sizes = annotate(List[int], [])
          for j in range(torch.size(size[0], 0)):
            _0 = torch.append(sizes, int(torch.item(torch.select(size[0], 0, j))))
          return [torch.new_empty(like[0], sizes, dtype=15, layout=None, device=None, pin_memory=None)]
        def put(self: __torch__.M,
          x: List[Tensor],
          first: List[Tensor]) -> List[Tensor]:
          start = int(torch.item(first[0]))
          rows = torch.slice(x[0], 0, start, torch.add(start, torch.size(x[1], 0)))
          _0 = torch.copy_(rows, x[1], False)
          return annotate(List[Tensor], [])
        def scores(self: __torch__.M,
          w: List[Tensor],
          x: List[Tensor]) -> List[Tensor]:
          return [torch.to(torch.linear(torch.to(x[0], $TYPE), w[0]), 6)]
        def read(self: __torch__.M,
          w: List[Tensor],
          x: List[Tensor],
          masks: List[Tensor],
          past: List[Tensor],
          plan: List[Tensor]) -> List[Tensor]:
          sizes = annotate(List[int], [])
          for j in range(torch.size(plan[0], 0)):
            _0 = torch.append(sizes, int(torch.item(torch.select(plan[0], 0, j))))
          cosine = torch.to(x[1], $TYPE)
          sine = torch.to(x[2], $TYPE)
          hidden = annotate(List[Tensor], [])
          for j in range(torch.len(masks)):
            _1 = torch.append(hidden, torch.to(masks[j], $TYPE))
          kept = annotate(List[Tensor], [])
          h = torch.embedding(w[0], x[0])
          for i in range($LAYERS):
            b = torch.add($FIRST, torch.mul(i, $STRIDE))
            last = torch.eq(i, torch.sub($LAYERS, 1))
            a = torch.rms_norm(h, [$HIDDEN], w[b], $EPSILON)
            kv = torch.linear(a, torch.slice(w[torch.add(b, 1)], 0, $QUERIES), $KEY_BIAS)
            k, v, = torch.chunk(kv, 2, -1)
            k = torch.view(k, [-1, $KEY_HEADS, $SIZE])
            k1, k2, = torch.chunk(k, 2, -1)
            k = torch.cat([torch.sub(torch.mul(k1, cosine), torch.mul(k2, sine)), torch.add(torch.mul(k2, cosine), torch.mul(k1, sine))], -1)
            v = torch.view(v, [-1, $KEY_HEADS, $SIZE])
            if last:
              a = torch.index_select(a, 0, x[3])
              h = torch.index_select(h, 0, x[3])
              cosine = torch.index_select(cosine, 0, x[3])
              sine = torch.index_select(sine, 0, x[3])
            else:
              pass
            q = torch.linear(a, torch.slice(w[torch.add(b, 1)], 0, 0, $QUERIES), $QUERY_BIAS)
            q = torch.view(q, [-1, $HEADS, $SIZE])
            q1, q2, = torch.chunk(q, 2, -1)
            q = torch.cat([torch.sub(torch.mul(q1, cosine), torch.mul(q2, sine)), torch.add(torch.mul(q2, cosine), torch.mul(q1, sine))], -1)
            parts = annotate(List[Tensor], [])
            start = 0
            end = 0
            for j in range(torch.len(masks)):
              count = sizes[torch.add(1, torch.mul(j, 3))]
              length = sizes[torch.add(2, torch.mul(j, 3))]
              before = sizes[torch.add(3, torch.mul(j, 3))]
              tokens = torch.mul(count, length)
              key = torch.transpose(torch.view(torch.slice(k, 0, start, torch.add(start, tokens)), [count, length, $KEY_HEADS, $SIZE]), 1, 2)
              value = torch.transpose(torch.view(torch.slice(v, 0, start, torch.add(start, tokens)), [count, length, $KEY_HEADS, $SIZE]), 1, 2)
              start = torch.add(start, tokens)
              if torch.gt(before, 0):
                each = torch.floordiv(torch.len(past), $LAYERS)
                place = torch.add(torch.mul(i, each), torch.remainder(torch.mul(2, j), each))
                key = torch.cat([torch.expand(past[place], [count, -1, -1, -1]), key], 2)
                value = torch.cat([torch.expand(past[torch.add(place, 1)], [count, -1, -1, -1]), value], 2)
              else:
                pass
              if torch.eq(sizes[0], 1):
                _2 = torch.append(kept, key)
                _3 = torch.append(kept, torch.contiguous(value))
              else:
                pass
              queries = length
              if last:
                queries = 1
              else:
                pass
              query = torch.transpose(torch.view(torch.slice(q, 0, end, torch.add(end, torch.mul(count, queries))), [count, queries, $HEADS, $SIZE]), 1, 2)
              end = torch.add(end, torch.mul(count, queries))
              if torch.eq(queries, 1):
                key = torch.slice(key, 2, $WINDOW)
                value = torch.slice(value, 2, $WINDOW)
              else:
                pass
              key = $SHARED_KEY
              value = $SHARED_VALUE
              if torch.eq(queries, 1):
                seen = torch.scaled_dot_product_attention(query, key, value, None, 0., False)
              else:
                if torch.eq(torch.numel(hidden[j]), 0):
                  seen = torch.scaled_dot_product_attention(query, key, value, None, 0., True)
                else:
                  seen = torch.scaled_dot_product_attention(query, key, value, hidden[j], 0., False)
              _4 = torch.append(parts, torch.reshape(torch.transpose(seen, 1, 2), [torch.mul(count, queries), $QUERIES]))
            h = torch.add(h, torch.linear(torch.cat(parts, 0), w[torch.add(b, $OUTPUT)], $O_BIAS))
            f = torch.rms_norm(h, [$HIDDEN], w[torch.add(b, $NORM)], $EPSILON)
            gate, up, = torch.chunk(torch.linear(f, w[torch.add(b, $GATE)], $GATE_BIAS), 2, -1)
            h = torch.add(h, torch.linear(torch.mul(torch.silu(gate), up), w[torch.add(b, $DOWN)], $DOWN_BIAS))
          pre = torch.to(h, 6)
          post = torch.rms_norm(pre, [$HIDDEN], torch.to(w[1], 6), $EPSILON)
          return torch.add([pre, post], kept)
      """;

  private DecoderScript() {}

  static String of(ModelShape shape, Precision precision) {
    int output = shape.attentionBias() ? 3 : 2;
    int norm = output + (shape.outputBias() ? 2 : 1);
    int gate = norm + 1;
    int down = gate + (shape.feedForwardBias() ? 2 : 1);
    int stride = down + (shape.feedForwardBias() ? 2 : 1);
    String queryBias = "torch.slice(w[torch.add(b, 2)], 0, 0, $QUERIES)";
    String keyBias = "torch.slice(w[torch.add(b, 2)], 0, $QUERIES)";
    return SOURCE
        .replace("$QUERY_BIAS", shape.attentionBias() ? queryBias : "None")
        .replace("$KEY_BIAS", shape.attentionBias() ? keyBias : "None")
        .replace("$O_BIAS", bias(shape.outputBias(), output))
        .replace("$GATE_BIAS", bias(shape.feedForwardBias(), gate))
        .replace("$DOWN_BIAS", bias(shape.feedForwardBias(), down))
        .replace("$SHARED_KEY", shared("key", shape))
        .replace("$SHARED_VALUE", shared("value", shape))
        .replace("$TYPE", precision == Precision.BFLOAT16 ? "15" : "6")
        .replace("$LAYERS", "" + shape.layers())
        .replace("$FIRST", "" + BEFORE_LAYERS)
        .replace("$STRIDE", "" + stride)
        .replace("$HIDDEN", "" + shape.hidden())
        .replace("$EPSILON", String.format(Locale.ROOT, "%.9e", shape.epsilon()))
        .replace("$QUERIES", "" + shape.queryWidth())
        .replace("$KEY_HEADS", "" + shape.keyValueHeads())
        .replace("$HEADS", "" + shape.heads())
        .replace("$SIZE", "" + shape.headSize())
        .replace("$WINDOW", shape.window() == 0 ? "0" : "-" + shape.window())
        .replace("$OUTPUT", "" + output)
        .replace("$NORM", "" + norm)
        .replace("$GATE", "" + gate)
        .replace("$DOWN", "" + down);
  }

  private static String bias(boolean present, int weight) {
    return present ? "w[torch.add(b, %s)]".formatted(weight + 1) : "None";
  }

  /** A key or value for each query head: the fused operation would not be used otherwise. */
  private static String shared(String array, ModelShape shape) {
    int each = shape.heads() / shape.keyValueHeads();
    return each == 1 ? array : "torch.repeat_interleave(%s, %s, 1)".formatted(array, each);
  }
}
