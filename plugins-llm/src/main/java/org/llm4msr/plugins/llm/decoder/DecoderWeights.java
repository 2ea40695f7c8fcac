package org.llm4msr.plugins.llm.decoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a decoder in the layout of the forward pass: queries, keys and values stacked,
 * gate and up stacked, and the elements of a head in the order of {@link Rotary}. Owned by the
 * manager of the store that keeps them.
 *
 * @param embedding (vocabulary, H)
 * @param layers from the bottom
 * @param finalNorm (H)
 * @param head (vocabulary, H), or null if nothing is generated
 */
record DecoderWeights(
    NDArray embedding, List<Layer> layers, NDArray finalNorm, @Nullable NDArray head) {

  private static final int FLOATS_AT_ONCE = 1 << 22;

  /** One layer. */
  record Layer(Map<LayerArray, NDArray> arrays) {

    /** Returns an array that every model has. */
    NDArray get(LayerArray array) {
      return Objects.requireNonNull(arrays.get(array), array::name);
    }

    /** Returns an array, or null if the model has none. */
    @Nullable NDArray find(LayerArray array) {
      return arrays.get(array);
    }
  }

  /** Reads all weights of the computed layers. */
  static DecoderWeights read(
      WeightFiles files,
      Architecture architecture,
      DecoderShape shape,
      boolean head,
      NDManager manager,
      WeightStore store) {
    return read(files, architecture, shape, head, manager, store, FLOATS_AT_ONCE);
  }

  /**
   * Reads all weights of the computed layers.
   *
   * @param atOnce floats that are copied from the files to the engine at once; at least a whole
   *     head or row
   */
  static DecoderWeights read(
      WeightFiles files,
      Architecture architecture,
      DecoderShape shape,
      boolean head,
      NDManager manager,
      WeightStore store,
      int atOnce) {
    return new Reader(files, architecture, shape, manager, store, atOnce).read(head);
  }

  /** Some rows of an array in a file; with {@code headRows}, those of each head are reordered. */
  private record Section(String name, long firstRow, long rows, boolean headRows, float offset) {}

  private static final class Reader {
    private final WeightFiles files;
    private final Architecture.Tensors names;
    private final float normOffset;
    private final DecoderShape shape;
    private final NDManager manager;
    private final WeightStore store;
    private final Chunk chunk;

    Reader(
        WeightFiles files,
        Architecture architecture,
        DecoderShape shape,
        NDManager manager,
        WeightStore store,
        int atOnce) {
      this.files = files;
      Architecture.Tensors names = architecture.tensors();
      Architecture.Tensors ofBase = names.ofBase();
      this.names = files.has(ofBase.embedding() + ".weight") ? ofBase : names;
      this.normOffset = architecture.numerics().normOffset();
      this.shape = shape;
      this.manager = manager;
      this.store = store;
      int wholeHead = Math.multiplyExact(shape.headOrder().length, shape.hidden());
      int longestRow = Math.max(shape.hidden(), shape.feedForward());
      this.chunk = new Chunk(Math.max(atOnce, Math.max(wholeHead, longestRow)));
    }

    DecoderWeights read(boolean head) {
      NDArray embedding = matrix(List.of(names.embedding()), shape.vocabulary(), shape.hidden());
      List<Layer> layers = IntStream.range(0, shape.layers()).mapToObj(this::layer).toList();
      files.requireNone(names.attentionNorm().formatted(shape.modelLayers()) + ".weight");
      NDArray norm = norm(names.finalNorm(), shape.hidden(), false);
      if (!head) {
        return new DecoderWeights(embedding, layers, norm, null);
      }
      NDArray output =
          shape.tied()
              ? embedding
              : matrix(List.of(names.head()), shape.vocabulary(), shape.hidden());
      return new DecoderWeights(embedding, layers, norm, output);
    }

    private Layer layer(int number) {
      Map<LayerArray, NDArray> arrays = new EnumMap<>(LayerArray.class);
      shape.arrays().forEach(array -> arrays.put(array, array(array, number)));
      return new Layer(arrays);
    }

    private NDArray array(LayerArray array, int number) {
      long hidden = shape.hidden();
      long feedForward = shape.feedForward();
      List<String> queryKeyValue = of(names.queryKeyValue(), number);
      List<String> headNorms = of(names.headNorms(), number);
      List<String> gateUp = of(names.gateUp(), number);
      List<String> addedNorms = of(names.addedNorms(), number);
      List<String> output = of(List.of(names.attentionOutput()), number);
      List<String> down = of(List.of(names.down()), number);
      return switch (array) {
        case ATTENTION_NORM -> norm(names.attentionNorm().formatted(number), hidden, false);
        case QUERY_KEY_VALUE ->
            stacked(queryKeyValueSections(queryKeyValue, ".weight", hidden), hidden);
        case QUERY_KEY_VALUE_BIAS -> stacked(queryKeyValueSections(queryKeyValue, ".bias", 1), 1);
        case QUERY_NORM -> norm(headNorms.get(0), shape.headSize(), true);
        case KEY_NORM -> norm(headNorms.get(1), shape.headSize(), true);
        case OUTPUT -> matrix(output, hidden, shape.queryWidth());
        case OUTPUT_BIAS -> bias(output, hidden);
        case OUTPUT_NORM -> norm(addedNorms.get(0), hidden, false);
        case FEED_FORWARD_NORM -> norm(names.feedForwardNorm().formatted(number), hidden, false);
        case GATE_UP -> matrix(gateUp, 2 * feedForward, hidden);
        case GATE_UP_BIAS -> bias(gateUp, 2 * feedForward);
        case DOWN -> matrix(down, hidden, feedForward);
        case DOWN_BIAS -> bias(down, hidden);
        case DOWN_NORM -> norm(addedNorms.get(1), hidden, false);
      };
    }

    private static List<String> of(List<String> templates, int layer) {
      return templates.stream().map(template -> template.formatted(layer)).toList();
    }

    private NDArray norm(String stem, long length, boolean ofHead) {
      String name = stem + ".weight";
      files.require(name, length, 1);
      WeightStore norms = shape.preciseNorms() ? new WeightStore.Float32(manager) : store;
      return stacked(List.of(new Section(name, 0, length, ofHead, normOffset)), 1, norms);
    }

    private NDArray bias(List<String> names, long length) {
      return stacked(sections(names, ".bias", length, 1), 1);
    }

    private NDArray matrix(List<String> names, long rows, long columns) {
      return stacked(sections(names, ".weight", rows, columns), columns);
    }

    /** Returns all rows of some arrays of equal size. */
    private List<Section> sections(List<String> stems, String suffix, long rows, long columns) {
      long each = rows / stems.size();
      stems.forEach(stem -> files.require(stem + suffix, each, columns));
      return stems.stream().map(stem -> new Section(stem + suffix, 0, each, false, 0)).toList();
    }

    /** Returns queries, keys and values, from three arrays or from one. */
    private List<Section> queryKeyValueSections(List<String> stems, String suffix, long columns) {
      long queries = shape.queryWidth();
      long keys = shape.keyValueWidth();
      if (stems.size() == 1) {
        String fused = stems.get(0) + suffix;
        files.require(fused, queries + 2 * keys, columns);
        return List.of(
            new Section(fused, 0, queries, true, 0),
            new Section(fused, queries, keys, true, 0),
            new Section(fused, queries + keys, keys, false, 0));
      }
      files.require(stems.get(0) + suffix, queries, columns);
      files.require(stems.get(1) + suffix, keys, columns);
      files.require(stems.get(2) + suffix, keys, columns);
      return List.of(
          new Section(stems.get(0) + suffix, 0, queries, true, 0),
          new Section(stems.get(1) + suffix, 0, keys, true, 0),
          new Section(stems.get(2) + suffix, 0, keys, false, 0));
    }

    /** Stacks sections; gives a vector if there is one column. */
    private NDArray stacked(List<Section> sections, long columns) {
      return stacked(sections, columns, store);
    }

    private NDArray stacked(List<Section> sections, long columns, WeightStore store) {
      int[] order = shape.headOrder();
      long total = sections.stream().mapToLong(Section::rows).sum();
      NDArray whole = store.make(columns == 1 ? new Shape(total) : new Shape(total, columns));
      chunk.columns = columns;
      long put = 0;
      for (Section section : sections) {
        long least = section.headRows() ? order.length : 1;
        long row = 0;
        while (row < section.rows()) {
          if (chunk.room() < least) {
            put += chunk.put(store, whole, put);
          }
          long most = section.headRows() ? least : chunk.room();
          long rows = Math.min(most, section.rows() - row);
          chunk.read(section, row, rows, order);
          row += rows;
        }
      }
      chunk.put(store, whole, put);
      return whole;
    }

    /** A buffer of rows on their way from the files to the engine, shared by all arrays. */
    private final class Chunk {
      private final ByteBuffer bytes;
      private final FloatBuffer floats;
      private long columns;

      Chunk(int capacity) {
        this.bytes =
            ByteBuffer.allocateDirect(Math.multiplyExact(capacity, Float.BYTES))
                .order(ByteOrder.nativeOrder());
        this.floats = bytes.asFloatBuffer();
      }

      long room() {
        return floats.remaining() / columns;
      }

      void read(Section section, long row, long count, int[] order) {
        int start = floats.position();
        files.read(section.name(), section.firstRow() + row, count, floats);
        if (section.offset() != 0) {
          for (int at = start; at < floats.position(); at++) {
            floats.put(at, floats.get(at) + section.offset());
          }
        }
        if (section.headRows()) {
          reorder(start, order);
        }
      }

      private void reorder(int start, int[] order) {
        int width = Math.toIntExact(columns);
        float[] read = new float[order.length * width];
        floats.get(start, read);
        for (int position = 0; position < order.length; position++) {
          floats.put(start + position * width, read, order[position] * width, width);
        }
      }

      /** Moves its content into rows of an array; returns how many. */
      long put(WeightStore store, NDArray whole, long first) {
        int used = floats.position();
        long rows = used / columns;
        Shape size = columns == 1 ? new Shape(rows) : new Shape(rows, columns);
        ByteBuffer slice = bytes.slice(0, used * Float.BYTES).order(ByteOrder.nativeOrder());
        floats.clear();
        try (NDArray alias = manager.create(slice, size, DataType.FLOAT32)) {
          store.put(whole, first, alias);
        }
        return rows;
      }
    }
  }
}
