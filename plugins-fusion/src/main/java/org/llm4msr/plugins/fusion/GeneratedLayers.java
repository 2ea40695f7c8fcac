package org.llm4msr.plugins.fusion;

import ai.djl.ndarray.NDArray;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.Level;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.Pass;
import org.llm4msr.toolkit.model.MetaNetworks;

/** The layers of one level, whose weights come from the knowledge of each row's group. */
record GeneratedLayers(Level level, MetaNetwork network) {

  /** Requests layers that read the columns of the data. */
  static GeneratedLayers of(Level level, int outputWidth, FusionContext context) {
    int width = context.model().layout().width();
    return new GeneratedLayers(level, context.metaNetwork(level, width, outputWidth));
  }

  /** Computes (B, W) to (B, outputWidth). */
  NDArray apply(Pass pass, Features features, NDArray x) {
    LevelKnowledge known = LevelKnowledge.of(level, pass, features);
    return MetaNetworks.apply(pass, network, known.grouping(), known.values(), x);
  }
}
