package org.llm4msr.tck.zoo;

import ai.djl.ndarray.NDArray;
import java.util.Set;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.MetaContext;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.MetaNetworkFactory;
import org.llm4msr.api.model.MetaWeights;
import org.llm4msr.api.model.Pass;
import org.llm4msr.tck.harness.ReferenceMetaNetwork;

/** Makes sound meta networks with the flaw of the day. */
@Plugin(name = "zoo", description = "A sound meta network with one flaw")
public final class ZooMetaFactory implements MetaNetworkFactory<ZooConfig> {

  @Override
  public Class<ZooConfig> configType() {
    return ZooConfig.class;
  }

  @Override
  public MetaNetwork create(ZooConfig config, MetaContext context) {
    Flaw flaw = Flaw.get();
    flaw.create(context.model());
    MetaNetwork sound = new ReferenceMetaNetwork(flaw.context(context));
    return flaw.network(new Spoilt(sound, flaw));
  }

  @Override
  public Set<EngineFeature> engineFeatures(ZooConfig config) {
    return Flaw.get().engineFeatures();
  }

  private static final class Spoilt extends SpoiltMetaNetwork {

    private final Flaw flaw;

    Spoilt(MetaNetwork sound, Flaw flaw) {
      super(sound);
      this.flaw = flaw;
    }

    @Override
    public NDArray apply(Pass pass, MetaWeights weights, Grouping grouping, NDArray x) {
      return flaw.output(pass, x, sound.apply(pass, weights, grouping, flaw.input(pass, x)));
    }
  }
}
