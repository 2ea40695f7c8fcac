package org.llm4msr.tck.zoo;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Pass;
import org.llm4msr.tck.harness.ReferenceBackbone;
import org.llm4msr.tck.harness.TestEngines;

/** Makes backbones with arrays of managers of their own, and of the default engine. */
@Plugin(name = "zoo-default-engine", description = "Makes arrays outside the pass")
public final class DefaultEngineFactory implements BackboneFactory<ZooConfig> {

  @Override
  public Class<ZooConfig> configType() {
    return ZooConfig.class;
  }

  @Override
  public Backbone create(ZooConfig config, ModelContext context) {
    NDManager manager = NDManager.newBaseManager(Device.cpu(), TestEngines.name());
    return new Stray(new ReferenceBackbone(context), manager.create(0.5f));
  }

  @Override
  public boolean hasHidden(ZooConfig config) {
    return true;
  }

  private record Stray(Backbone sound, NDArray half) implements Backbone {
    @Override
    public BackboneOutput forward(Pass pass, Features features) {
      BackboneOutput output = sound.forward(pass, features);
      NDArray twice = Engine.getInstance().newBaseManager().create(2f);
      return new BackboneOutput(output.hidden(), output.logit().mul(half).mul(twice));
    }

    @Override
    public int hiddenSize() {
      return sound.hiddenSize();
    }
  }
}
