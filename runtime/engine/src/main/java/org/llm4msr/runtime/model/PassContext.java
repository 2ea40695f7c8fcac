package org.llm4msr.runtime.model;

import static java.util.Objects.requireNonNull;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.internal.ChainedLayer;
import org.llm4msr.api.internal.Follow;
import org.llm4msr.api.internal.LayerPass;
import org.llm4msr.api.internal.RowProducts.Normalized;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.runtime.batch.BatchShare;
import org.llm4msr.runtime.kernels.DropoutMasks;

/** One forward pass: what models are told of it, and the loss terms they add. */
public final class PassContext implements LayerPass {

  private final NDManager manager;
  private final boolean training;
  private final long step;
  private final Grouping scenarios;
  private final Grouping users;
  private final @Nullable Grouping items;
  private final DropoutMasks masks;
  private final @Nullable Tape tape;
  private final @Nullable DenseLayers layers;
  private int masksDrawn;
  private final List<LossTerm> losses = new ArrayList<>();
  private @Nullable Map<String, NDArray> terms;
  private @Nullable BatchShare share;

  /** A term of the loss by its name in the metrics; a scalar. */
  public record LossTerm(String name, NDArray value) {}

  /** Makes a pass whose layers the engine computes; the caller closes the manager when it ends. */
  public PassContext(
      NDManager manager,
      boolean training,
      long step,
      Grouping scenarios,
      Grouping users,
      DropoutMasks masks) {
    this(manager, training, step, scenarios, users, null, masks, null);
  }

  /**
   * Makes a pass; the caller closes the manager when it ends.
   *
   * @param items null where no part of the model reads items
   * @param tape null where the engine computes all layers
   */
  public PassContext(
      NDManager manager,
      boolean training,
      long step,
      Grouping scenarios,
      Grouping users,
      @Nullable Grouping items,
      DropoutMasks masks,
      @Nullable Tape tape) {
    this.manager = requireNonNull(manager, "manager is null");
    this.training = training;
    this.step = step;
    this.scenarios = requireNonNull(scenarios, "scenarios is null");
    this.users = requireNonNull(users, "users is null");
    this.items = items;
    this.masks = requireNonNull(masks, "masks is null");
    this.tape = tape;
    layers = tape == null || !tape.computesLayers() ? null : new DenseLayers(tape);
  }

  @Override
  public boolean training() {
    return training;
  }

  @Override
  public long step() {
    return step;
  }

  @Override
  public NDManager manager() {
    return manager;
  }

  @Override
  public Grouping scenarios() {
    return scenarios;
  }

  @Override
  public Grouping users() {
    return users;
  }

  @Override
  public Grouping items() {
    if (items == null) {
      throw EmbeddedFeatures.undeclared(ModelInput.ITEM_KNOWLEDGE);
    }
    return items;
  }

  @Override
  public NDArray dropoutMask(Shape shape, double rate) {
    return masks.mask(manager, step, masksDrawn++, shape, rate, share);
  }

  @Override
  public Optional<NDArray> layers(NDArray x, List<ChainedLayer> chain) {
    return layersOf(x, 2).flatMap(own -> own.layers(x, chain));
  }

  @Override
  public Optional<List<NDArray>> sideBySide(NDArray x, List<ChainedLayer> several) {
    return layersOf(x, 2).flatMap(own -> own.sideBySide(x, several));
  }

  @Override
  public Optional<NDArray> layer(NDArray x, NDArray weight, NDArray bias, Follow follow) {
    return layersOf(x, 2).flatMap(own -> own.layer(x, weight, bias, follow));
  }

  @Override
  public NDArray product(NDArray left, NDArray right) {
    return tape == null ? left.matMul(right) : ScriptProduct.of(tape, left, right);
  }

  @Override
  public Optional<Normalized> normalize(
      NDArray x, NDArray scale, NDArray shift, float epsilon, Follow follow) {
    return layersOf(x, 2).map(own -> own.normalize(x, scale, shift, epsilon, follow));
  }

  @Override
  public Optional<NDArray> mix(NDArray weights, NDArray outputs) {
    return layersOf(outputs, 3).map(own -> own.mix(weights, outputs));
  }

  @Override
  public Optional<NDArray> reshape(NDArray x, Shape shape) {
    return layersOf(x, x.getShape().dimension()).map(own -> own.reshape(x, shape));
  }

  /** Returns the layers of the runtime if they take such an array. */
  private Optional<DenseLayers> layersOf(NDArray x, int axes) {
    return Optional.ofNullable(layers)
        .filter(own -> x.getDataType() == DataType.FLOAT32)
        .filter(own -> x.getShape().dimension() == axes && DenseLayers.hasRoom(x.size()));
  }

  @Override
  public void addLoss(String name, NDArray scalar) {
    if (training) {
      losses.add(new LossTerm(name, scalar));
    }
  }

  @Override
  public void term(String name, Supplier<NDArray> values) {
    if (terms != null) {
      terms.put(name, values.get());
    }
  }

  /**
   * Asks for the terms of the logits.
   *
   * @param target gets each by its name, (B)
   */
  public void keepTerms(Map<String, NDArray> target) {
    terms = target;
  }

  /** Says of which larger batch the rows are. */
  public void isOf(@Nullable BatchShare larger) {
    share = larger;
  }

  /** Returns the terms that models added, in order. */
  public List<LossTerm> losses() {
    return List.copyOf(losses);
  }
}
