package org.llm4msr.tck.zoo;

import ai.djl.ndarray.NDArray;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.MetaWeights;
import org.llm4msr.api.model.Pass;

/** A sound meta network; each flaw overrides one of its methods. */
class SpoiltMetaNetwork implements MetaNetwork {

  final MetaNetwork sound;

  SpoiltMetaNetwork(MetaNetwork sound) {
    this.sound = sound;
  }

  @Override
  public MetaWeights generate(Pass pass, NDArray knowledge) {
    return sound.generate(pass, knowledge);
  }

  @Override
  public NDArray apply(Pass pass, MetaWeights weights, Grouping grouping, NDArray x) {
    return sound.apply(pass, weights, grouping, x);
  }

  @Override
  public long bytesPerGroup() {
    return sound.bytesPerGroup();
  }

  @Override
  public boolean cacheable() {
    return sound.cacheable();
  }
}
