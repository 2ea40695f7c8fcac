package org.llm4msr.serving.recording;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Optional;
import org.llm4msr.api.internal.RowBlocks;
import org.llm4msr.api.internal.RowPlan;
import org.llm4msr.api.internal.RowProducts;
import org.llm4msr.api.model.Grouping;

/**
 * Rows that are all of one group, as those of a request are of one user and one scenario. Its
 * operations are some of the engine's, and can be recorded.
 *
 * @param rows B
 * @param groups G
 * @param group the one that has rows
 */
record OneGroup(int rows, int groups, int group) implements RowPlan {

  @Override
  public List<Segment> segments() {
    return List.of(new Segment(group, 0, rows));
  }

  @Override
  public NDArray order(NDArray x) {
    return x;
  }

  @Override
  public NDArray restore(NDArray ordered) {
    return ordered;
  }

  @Override
  public NDArray rowValues(NDArray perGroup) {
    Shape rest = perGroup.getShape().slice(1);
    return own(perGroup).broadcast(new Shape(rows).addAll(rest));
  }

  NDArray own(NDArray perGroup) {
    return groups == 1 ? perGroup : perGroup.get(group + ":" + (group + 1));
  }

  @Override
  public Grouping repeated(int k) {
    return new OneGroup(rows * k, groups, group);
  }

  @Override
  public List<Part> parts(int maxGroups) {
    return List.of(new Part(new OneGroup(rows, 1, 0), 0, rows, group));
  }

  @Override
  public boolean isOrdered() {
    return true;
  }

  @Override
  public RowBlocks blocks() {
    return new OneBlock();
  }

  @Override
  public Optional<RowProducts> products() {
    return Optional.empty();
  }

  @Override
  public NDArray product(NDArray left, NDArray right) {
    return left.matMul(right);
  }

  @Override
  public NDArray join(NDArray x) {
    return x;
  }

  /** All rows in one block. */
  private final class OneBlock implements RowBlocks {

    private static final String RUNNING =
        "Outside training, take running statistics, as toolkit.model.BatchNorm does.";

    @Override
    public List<Block> blocks() {
      return List.of(new Block(List.of(rows), rows));
    }

    @Override
    public NDList ofRows(NDArray x) {
      return new NDList(x.expandDims(0));
    }

    @Override
    public NDArray toRows(NDList blocks) {
      return blocks.get(0).squeeze(0);
    }

    @Override
    public NDList ofGroups(NDArray perGroup) {
      return new NDList(own(perGroup));
    }

    @Override
    public NDArray toGroups(NDList perBlock) {
      throw Refusal.of("computes values of groups from their rows.", RUNNING);
    }

    @Override
    public NDList shares() {
      throw Refusal.of("computes means over the rows of a group.", RUNNING);
    }
  }
}
