package org.llm4msr.plugins.llm.decoder;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.llm4msr.plugins.llm.decoder.DecoderConfig.Precision;

/**
 * Generates the TorchScript of {@link ScriptDecoder}. Numbers of a model become constants in it.
 * The last layer is completed only for the last tokens. Attention is the fused operation, tile by
 * tile of consecutive tokens, so that no scores of keys behind a tile are computed. The query heads
 * of a key head are rows of one product: keys and values need not be repeated for them.
 */
final class DecoderScript {

  /** Arrays before those of the first layer: embedding and final norm. */
  private static final int BEFORE_LAYERS = 2;

  private static final Pattern PLACE = Pattern.compile("\\$\\{(\\w+)}");

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
          return [torch.to(torch.linear(torch.to(x[0], ${TYPE}), w[0]), 6)]
        def turn(self: __torch__.M,
          x: Tensor,
          cosine: Tensor,
          sine: Tensor) -> Tensor:
          a, b, = torch.chunk(x, 2, -1)
          return torch.cat([torch.addcmul(torch.mul(a, cosine), b, sine, value=-1), torch.addcmul(torch.mul(b, cosine), a, sine)], -1)
        def attend(self: __torch__.M,
          query: Tensor,
          key: Tensor,
          value: Tensor,
          hidden: Tensor,
          window: int,
          tile: int,
          result: Tensor) -> Tensor:
          queries = torch.size(result, 1)
          first = 0
          while torch.lt(first, queries):
            position = torch.add(torch.sub(torch.size(key, 2), queries), first)
            next = ops.prim.min(queries, torch.sub(torch.add(first, tile), torch.remainder(position, tile)))
            start = ops.prim.max(0, torch.sub(torch.add(position, 1), window))
            end = torch.sub(torch.add(position, next), first)
            q = torch.slice(query, 2, torch.mul(first, ${EACH}), torch.mul(next, ${EACH}))
            k = torch.slice(key, 2, start, end)
            v = torch.slice(value, 2, start, end)
            if torch.eq(torch.sub(next, first), 1):
              seen = torch.scaled_dot_product_attention(q, k, v, None, 0., False, scale=${SCALE})
            else:
              own = torch.sub(torch.size(hidden, 1), torch.floordiv(torch.size(hidden, 0), ${EACH}))
              shift = torch.sub(own, position)
              mask = torch.slice(hidden, 1, torch.add(start, shift), torch.add(end, shift))
              mask = torch.contiguous(torch.slice(mask, 0, 0, torch.size(q, 2)))
              seen = torch.scaled_dot_product_attention(q, k, v, mask, 0., False, scale=${SCALE})
            seen = torch.view(seen, [-1, ${KEY_HEADS}, torch.sub(next, first), ${EACH}, ${SIZE}])
            _0 = torch.copy_(torch.slice(result, 1, first, next), torch.permute(seen, [0, 2, 1, 3, 4]), False)
            first = next
          return result
        def read(self: __torch__.M,
          w: List[Tensor],
          x: List[Tensor],
          masks: List[Tensor],
          past: List[Tensor],
          plan: List[Tensor]) -> List[Tensor]:
          sizes = annotate(List[int], [])
          for j in range(torch.size(plan[0], 0)):
            _0 = torch.append(sizes, int(torch.item(torch.select(plan[0], 0, j))))
          groups = torch.floordiv(torch.len(sizes), 3)
          tile = sizes[1]
          angles = annotate(List[Tensor], [])
          for j in range(2, torch.len(x)):
            _1 = torch.append(angles, torch.to(x[j], ${TYPE}))
          hidden = annotate(List[Tensor], [])
          for j in range(torch.len(masks)):
            _2 = torch.append(hidden, torch.repeat_interleave(torch.to(masks[j], ${TYPE}), ${EACH}, 0))
          kept = annotate(List[Tensor], [])
          kinds = ${KINDS}
          windows = ${WINDOWS}
          h = torch.embedding(w[0], x[0])
          h = ${SCALED}
          for i in range(${LAYERS}):
            b = torch.add(${FIRST}, torch.mul(i, ${STRIDE}))
            last = torch.eq(i, torch.sub(${LAYERS}, 1))
            kind = kinds[i]
            cosine = angles[torch.mul(2, kind)]
            sine = angles[torch.add(torch.mul(2, kind), 1)]
            a = ${NORMED_INPUT}
            kv = torch.linear(a, torch.slice(${QUERY_KEY_VALUE}, 0, ${QUERIES}), ${KEY_BIAS})
            k, v, = torch.chunk(kv, 2, -1)
            k = torch.view(k, [-1, ${KEY_HEADS}, ${SIZE}])
            k = (self).turn(${NORMED_KEY}, cosine, sine, )
            v = torch.view(v, [-1, ${KEY_HEADS}, ${SIZE}])
            if last:
              a = torch.index_select(a, 0, x[1])
              h = torch.index_select(h, 0, x[1])
              cosine = torch.index_select(cosine, 0, x[1])
              sine = torch.index_select(sine, 0, x[1])
            else:
              pass
            q = torch.linear(a, torch.slice(${QUERY_KEY_VALUE}, 0, 0, ${QUERIES}), ${QUERY_BIAS})
            q = torch.view(q, [-1, ${KEY_HEADS}, ${EACH}, ${SIZE}])
            q = (self).turn(torch.transpose(${NORMED_QUERY}, 0, 1), cosine, sine, )
            attended = torch.new_empty(h, [torch.size(h, 0), ${KEY_HEADS}, ${EACH}, ${SIZE}])
            start = 0
            end = 0
            for j in range(groups):
              count = sizes[torch.add(2, torch.mul(j, 3))]
              length = sizes[torch.add(3, torch.mul(j, 3))]
              before = sizes[torch.add(4, torch.mul(j, 3))]
              tokens = torch.mul(count, length)
              key = torch.transpose(torch.view(torch.slice(k, 0, start, torch.add(start, tokens)), [count, length, ${KEY_HEADS}, ${SIZE}]), 1, 2)
              value = torch.transpose(torch.view(torch.slice(v, 0, start, torch.add(start, tokens)), [count, length, ${KEY_HEADS}, ${SIZE}]), 1, 2)
              start = torch.add(start, tokens)
              if torch.gt(before, 0):
                each = torch.floordiv(torch.len(past), ${LAYERS})
                place = torch.add(torch.mul(i, each), torch.remainder(torch.mul(2, j), each))
                key = torch.cat([torch.expand(past[place], [count, -1, -1, -1]), key], 2)
                value = torch.cat([torch.expand(past[torch.add(place, 1)], [count, -1, -1, -1]), value], 2)
              else:
                pass
              if torch.eq(sizes[0], 1):
                _3 = torch.append(kept, key)
                _4 = torch.append(kept, torch.contiguous(value))
              else:
                pass
              queries = length
              if last:
                queries = 1
              else:
                pass
              rows = torch.mul(count, queries)
              query = torch.transpose(torch.view(torch.slice(q, 1, end, torch.add(end, rows)), [${KEY_HEADS}, count, torch.mul(queries, ${EACH}), ${SIZE}]), 0, 1)
              result = torch.view(torch.slice(attended, 0, end, torch.add(end, rows)), [count, queries, ${KEY_HEADS}, ${EACH}, ${SIZE}])
              _5 = (self).attend(query, key, value, hidden[kind], windows[kind], tile, result, )
              end = torch.add(end, rows)
            o = torch.linear(torch.view(attended, [-1, ${QUERIES}]), ${OUTPUT}, ${OUTPUT_BIAS})
            h = torch.add(h, ${NORMED_OUTPUT})
            f = ${NORMED_MIDDLE}
            gate, up, = torch.chunk(torch.linear(f, ${GATE_UP}, ${GATE_UP_BIAS}), 2, -1)
            d = torch.linear(torch.mul(${ACTIVATED}, up), ${DOWN}, ${DOWN_BIAS})
            h = torch.add(h, ${NORMED_DOWN})
          pre = torch.to(h, 6)
          post = torch.rms_norm(pre, [${HIDDEN}], torch.to(w[1], 6), ${EPSILON})
          return torch.add([pre, post], kept)
      """;

  private final DecoderShape shape;
  private final int type;
  private final Map<String, Object> values = new HashMap<>();

  private DecoderScript(DecoderShape shape, Precision precision) {
    this.shape = shape;
    this.type = precision == Precision.BFLOAT16 ? 15 : 6;
    addNumbers();
    addArrays();
  }

  static String of(DecoderShape shape, Precision precision) {
    Map<String, Object> values = new DecoderScript(shape, precision).values;
    return PLACE
        .matcher(SOURCE)
        .replaceAll(match -> Objects.requireNonNull(values.get(match.group(1))).toString());
  }

  private void addNumbers() {
    values.put("TYPE", type);
    values.put("LAYERS", shape.layers());
    values.put("FIRST", BEFORE_LAYERS);
    values.put("STRIDE", shape.arrays().size());
    values.put("HIDDEN", shape.hidden());
    values.put("EPSILON", number(shape.epsilon()));
    values.put("QUERIES", shape.queryWidth());
    values.put("KEY_HEADS", shape.keyValueHeads());
    values.put("EACH", shape.queriesPerKey());
    values.put("SIZE", shape.headSize());
    values.put("SCALE", number(shape.scoreScale()));
    List<Attention> kinds = shape.kinds();
    values.put("KINDS", shape.attentions().stream().map(kinds::indexOf).toList());
    values.put("WINDOWS", kinds.stream().map(DecoderScript::window).toList());
  }

  /** Adds the places of a layer's arrays, and the computations that only some models have. */
  private void addArrays() {
    int at = 0;
    for (LayerArray array : LayerArray.values()) {
      boolean present = shape.arrays().contains(array);
      values.put(array.name(), present ? "w[torch.add(b, %d)]".formatted(at++) : "None");
    }
    values.put("QUERY_BIAS", bias("0, " + shape.queryWidth()));
    values.put("KEY_BIAS", bias("" + shape.queryWidth()));
    values.put("NORMED_INPUT", normed("h", shape.hidden(), LayerArray.ATTENTION_NORM));
    values.put("NORMED_MIDDLE", normed("h", shape.hidden(), LayerArray.FEED_FORWARD_NORM));
    values.put("NORMED_QUERY", normed("q", shape.headSize(), LayerArray.QUERY_NORM));
    values.put("NORMED_KEY", normed("k", shape.headSize(), LayerArray.KEY_NORM));
    values.put("NORMED_OUTPUT", normed("o", shape.hidden(), LayerArray.OUTPUT_NORM));
    values.put("NORMED_DOWN", normed("d", shape.hidden(), LayerArray.DOWN_NORM));
    String scale = number(shape.embeddingScale());
    values.put("SCALED", shape.embeddingScale() == 1 ? "h" : "torch.mul(h, %s)".formatted(scale));
    String gelu = "torch.gelu(gate, approximate=\"tanh\")";
    values.put("ACTIVATED", shape.gelu() ? gelu : "torch.silu(gate)");
  }

  private String bias(String rows) {
    LayerArray bias = LayerArray.QUERY_KEY_VALUE_BIAS;
    return shape.arrays().contains(bias)
        ? "torch.slice(%s, 0, %s)".formatted(values.get(bias.name()), rows)
        : "None";
  }

  private String normed(String states, int width, LayerArray norm) {
    if (!shape.arrays().contains(norm)) {
      return states;
    }
    String call =
        shape.preciseNorms()
            ? "torch.to(torch.rms_norm(torch.to(%s, 6), [%d], %s, %s), " + type + ")"
            : "torch.rms_norm(%s, [%d], %s, %s)";
    return call.formatted(states, width, values.get(norm.name()), number(shape.epsilon()));
  }

  private static int window(Attention kind) {
    return kind.window() == 0 ? Integer.MAX_VALUE : kind.window();
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.17e", value);
  }
}
