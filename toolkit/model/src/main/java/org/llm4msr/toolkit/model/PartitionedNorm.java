package org.llm4msr.toolkit.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import org.llm4msr.api.Stability;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;

/**
 * Partitioned normalisation (STAR, CIKM 2021): batch and running statistics per scenario; scale =
 * shared scale * the scenario's, shift = shared shift + the scenario's.
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class PartitionedNorm {

  private final Parameter scale;
  private final Parameter shift;
  private final BatchNorm partitions;

  /** Makes a normalisation of {@code width} columns. */
  public PartitionedNorm(ModelContext context, int width) {
    Shape units = new Shape(width);
    scale = context.parameter("shared/scale", units, Initializer.ones(), Decay.NO);
    shift = context.parameter("shared/shift", units, Initializer.zeros(), Decay.NO);
    partitions = new BatchNorm(context.each("scenario", context.scenarios().size()), width);
  }

  /** Normalises (B, width) within each scenario. */
  public NDArray forward(Pass pass, NDArray x) {
    return forward(pass, GroupedRows.of(pass.scenarios(), x)).toRows();
  }

  /** Normalises rows that are laid out by scenario. */
  public GroupedRows forward(Pass pass, GroupedRows rows) {
    BatchNorm.Parts own = partitions.now();
    NDArray factor = own.scale().mul(scale.array());
    NDArray offset = own.shift().add(shift.array());
    return rows.normalize(pass, new BatchNorm.Parts(own.statistics(), factor, offset));
  }
}
