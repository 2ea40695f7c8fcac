package org.llm4msr.api.support;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.Stability;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;

/**
 * Partitioned normalisation (STAR, CIKM 2021): batch and running statistics a scenario, scale =
 * shared * the scenario's, shift = shared + the scenario's.
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class PartitionedNorm {

  private final Parameter scale;
  private final Parameter shift;
  private final List<Partition> partitions = new ArrayList<>();

  private record Partition(Parameter scale, Parameter shift, BatchNorm.Statistics statistics) {

    Partition(ModelContext context, Shape units) {
      this(
          context.parameter("scale", units, Initializer.ones(), Decay.NO),
          context.parameter("shift", units, Initializer.zeros(), Decay.NO),
          new BatchNorm.Statistics(context, Math.toIntExact(units.size())));
    }
  }

  /** Makes a normalisation of the columns of (B, width). */
  public PartitionedNorm(ModelContext context, int width) {
    Shape units = new Shape(width);
    scale = context.parameter("shared/scale", units, Initializer.ones(), Decay.NO);
    shift = context.parameter("shared/shift", units, Initializer.zeros(), Decay.NO);
    for (int rank = 0; rank < context.scenarios().size(); rank++) {
      partitions.add(new Partition(context.scope("scenario." + rank), units));
    }
  }

  /** Normalises (B, width) within each scenario. */
  public NDArray forward(Pass pass, NDArray x) {
    return forward(pass, GroupedRows.of(pass.scenarios(), x)).toRows();
  }

  /** Normalises rows that are laid out by scenario. */
  public GroupedRows forward(Pass pass, GroupedRows rows) {
    return rows.normalizeBy(
        pass,
        rank -> {
          Partition partition = partitions.get(rank);
          NDArray factor = scale.array().mul(partition.scale.array());
          NDArray offset = shift.array().add(partition.shift.array());
          return new BatchNorm.Parts(partition.statistics, factor, offset);
        });
  }
}
