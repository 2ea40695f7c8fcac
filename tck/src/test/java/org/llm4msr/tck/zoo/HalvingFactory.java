package org.llm4msr.tck.zoo;

import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.tck.harness.ReferenceBackbone;

/** Makes sound backbones whose logit is halved in a class that the factory uses. */
@Plugin(name = "zoo-halving", description = "Multiplies by a number as DJL does")
public final class HalvingFactory implements BackboneFactory<ZooConfig> {

  @Override
  public Class<ZooConfig> configType() {
    return ZooConfig.class;
  }

  @Override
  public Backbone create(ZooConfig config, ModelContext context) {
    return new Halving(new ReferenceBackbone(context));
  }

  @Override
  public boolean hasHidden(ZooConfig config) {
    return true;
  }

  private record Halving(Backbone sound) implements Backbone {
    @Override
    public BackboneOutput forward(Pass pass, Features features) {
      BackboneOutput output = sound.forward(pass, features);
      return new BackboneOutput(output.hidden(), output.logit().mul(0.5f));
    }

    @Override
    public int hiddenSize() {
      return sound.hiddenSize();
    }
  }
}
