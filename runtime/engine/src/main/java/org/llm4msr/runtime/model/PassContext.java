package org.llm4msr.runtime.model;

import static java.util.Objects.requireNonNull;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.Pass;

/** One forward pass: what models are told of it, and the loss terms they add. */
public final class PassContext implements Pass {

  private final NDManager manager;
  private final boolean training;
  private final long step;
  private final Grouping scenarios;
  private final Grouping users;
  private final DropoutMasks masks;
  private int masksDrawn;
  private final List<LossTerm> losses = new ArrayList<>();

  /** A term of the loss by its name in the metrics; a scalar. */
  public record LossTerm(String name, NDArray value) {}

  /** Makes a pass; the caller closes the manager when it ends. */
  public PassContext(
      NDManager manager,
      boolean training,
      long step,
      Grouping scenarios,
      Grouping users,
      DropoutMasks masks) {
    this.manager = requireNonNull(manager, "manager is null");
    this.training = training;
    this.step = step;
    this.scenarios = requireNonNull(scenarios, "scenarios is null");
    this.users = requireNonNull(users, "users is null");
    this.masks = requireNonNull(masks, "masks is null");
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
  public NDArray dropoutMask(Shape shape, double rate) {
    return masks.mask(manager, step, masksDrawn++, shape, rate);
  }

  @Override
  public void addLoss(String name, NDArray scalar) {
    if (training) {
      losses.add(new LossTerm(name, scalar));
    }
  }

  /** Returns the terms that models added, in order. */
  public List<LossTerm> losses() {
    return List.copyOf(losses);
  }
}
