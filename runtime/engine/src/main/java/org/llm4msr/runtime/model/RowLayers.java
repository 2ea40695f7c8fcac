package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.internal.Follow;
import org.llm4msr.api.model.Grouping.Segment;
import org.llm4msr.runtime.engine.Mkl;
import org.llm4msr.runtime.kernels.Epilogue;
import org.llm4msr.runtime.kernels.FloatMemory;
import org.llm4msr.runtime.kernels.RowChunks;
import org.llm4msr.runtime.kernels.RowChunks.Piece;

/**
 * Layers over rows, one after the other. A chunk of rows passes through all of them while it is in
 * a core's cache, forward and backward, one thread a chunk.
 */
final class RowLayers {

  private final Tape tape;
  private final List<Segment> segments;
  private final int groups;
  private final Tape.Leaf x;
  private final List<RowLayer> layers = new ArrayList<>();
  private final RowChunks chunks;

  private RowLayers(
      Tape tape,
      List<Segment> segments,
      int groups,
      NDArray x,
      List<RowLayer.Parts> parts,
      RowChunks chunks) {
    this.tape = tape;
    this.segments = segments;
    this.groups = groups;
    this.chunks = chunks;
    this.x = tape.take(x);
    int rows = rows(segments);
    FloatMemory read = this.x.values();
    for (RowLayer.Parts layer : parts) {
      layers.add(new RowLayer(tape, layer, rows, read));
      read = last().results();
    }
  }

  /**
   * Passes rows through layers, and records how the gradient goes on.
   *
   * @param x (B, n)
   * @param parts of the layers; activations that {@link Epilogue} lacks are left to the engine
   * @param behind what runs once the gradients of the weights are complete
   * @return (B, m)
   */
  static NDArray apply(
      Tape tape,
      List<Segment> segments,
      int groups,
      NDArray x,
      List<RowLayer.Parts> parts,
      Runnable behind) {
    Tape.Leaf rows = tape.take(x);
    if (parts.stream().anyMatch(layer -> layer.areOf(rows))) {
      // Gradients of rows, weights and biases are written at once, each to a place of its own.
      return apply(tape, segments, groups, tape.join(x), parts, behind);
    }
    int columns =
        parts.get(0).sizes().rowIn() + parts.stream().mapToInt(p -> p.sizes().rowOut()).sum();
    RowChunks chunks = new RowChunks(segments, columns, tape.workers());
    int threads = tape.workers().threads();
    int last = parts.size() - 1;
    boolean together =
        haveOwnWeights(parts)
            && parts.stream()
                .allMatch(
                    p ->
                        Epilogue.has(p.follow().activation())
                            && !WideLayers.pays(
                                p.sizes(), rows(segments), groups, chunks.rows(), threads));
    if (last > 0 && !together) {
      NDArray h = x;
      for (RowLayer.Parts layer : parts.subList(0, last)) {
        h = apply(tape, segments, groups, h, List.of(layer), () -> {});
      }
      return apply(tape, segments, groups, h, List.of(parts.get(last)), behind);
    }
    Follow follow = parts.get(last).follow();
    if (!Epilogue.has(follow.activation())) {
      List<RowLayer.Parts> product = List.of(parts.get(last).withoutFollow());
      return follow.applyTo(apply(tape, segments, groups, x, product, behind));
    }
    if (!together) {
      return new WideLayers(tape, segments, groups, x, List.of(parts.get(last)))
          .apply(behind)
          .get(0);
    }
    return new RowLayers(tape, segments, groups, x, parts, chunks).apply(behind);
  }

  /** Threads compute the gradients of all weights at once; each must have a place of its own. */
  private static boolean haveOwnWeights(List<RowLayer.Parts> parts) {
    return parts.stream().map(RowLayer.Parts::weight).distinct().count() == parts.size();
  }

  private static int rows(List<Segment> segments) {
    return segments.isEmpty() ? 0 : segments.get(segments.size() - 1).to();
  }

  private RowLayer last() {
    return layers.get(layers.size() - 1);
  }

  private NDArray apply(Runnable behind) {
    forward();
    return tape.give(
        last().y(),
        gradient -> {
          backward(gradient);
          behind.run();
        });
  }

  private void chunks(Consumer<List<Piece>> chunk) {
    chunks.run(pieces -> Mkl.onThisThreadAlone(() -> chunk.accept(pieces)));
  }

  private void forward() {
    chunks(
        pieces -> {
          for (RowLayer layer : layers) {
            layer.multiply(pieces);
            layer.finish(pieces);
          }
        });
  }

  /**
   * Adds the gradients of what the layers took.
   *
   * @param gradient of the results; overwritten and kept
   */
  private void backward(NDArray gradient) {
    float beta = x.hasGradient() ? 1 : 0; // Before its place is asked for.
    FloatMemory dx = x.isWanted() ? FloatMemory.of(x.gradient()) : null;
    List<NDArray> gradients = new ArrayList<>();
    for (RowLayer layer : layers.subList(0, layers.size() - 1)) {
      gradients.add(tape.manager().create(layer.y().getShape(), DataType.FLOAT32));
    }
    gradients.add(gradient);
    List<FloatMemory> dy = gradients.stream().map(FloatMemory::of).toList();
    for (RowLayer layer : dx == null ? layers.subList(1, layers.size()) : layers) {
      layer.prepareTransposed(groups);
    }
    List<@Nullable BiasGradient> ofBiases = new ArrayList<>();
    layers.forEach(layer -> ofBiases.add(layer.biasGradient(chunks.pieces())));
    chunks(
        pieces -> {
          for (int i = layers.size() - 1; i >= 0; i--) {
            RowLayer layer = layers.get(i);
            layer.backward(pieces, dy.get(i), ofBiases.get(i));
            if (i > 0) {
              layer.multiplyTransposed(pieces, dy.get(i), dy.get(i - 1), 0);
            } else if (dx != null) {
              layer.multiplyTransposed(pieces, dy.get(i), dx, beta);
            }
          }
        });
    layers.forEach(RowLayer::endTransposed);
    for (BiasGradient ofBias : ofBiases) {
      if (ofBias != null) {
        ofBias.finish();
      }
    }
    toWeights(dy);
    for (int i = 0; i < layers.size(); i++) {
      layers.get(i).end(gradients.get(i));
    }
  }

  private void toWeights(List<FloatMemory> dy) {
    List<Runnable> tasks = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      tasks.addAll(layers.get(i).toWeights(segments, groups, dy.get(i)));
    }
    if (tasks.size() == 1) {
      tasks.get(0).run(); // The engine's threads share a single product.
      return;
    }
    tape.workers()
        .range(
            tasks.size(),
            1,
            (worker, from, to) -> tasks.subList(from, to).forEach(Mkl::onThisThreadAlone));
  }
}
