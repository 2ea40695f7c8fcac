package org.llm4msr.tck.zoo;

import ai.djl.ndarray.NDArray;
import java.util.Set;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.BackboneOutput;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.api.model.Pass;
import org.llm4msr.tck.harness.ReferenceBackbone;

/** Makes sound backbones with the flaw of the day. */
@Plugin(name = "zoo", description = "A sound backbone with one flaw")
public final class ZooBackboneFactory implements BackboneFactory<ZooConfig> {

  @Override
  public Class<ZooConfig> configType() {
    return ZooConfig.class;
  }

  @Override
  public Backbone create(ZooConfig config, ModelContext context) {
    Flaw flaw = Flaw.get();
    flaw.create(context);
    return new Flawed(new ReferenceBackbone(context), flaw);
  }

  @Override
  public boolean hasHidden(ZooConfig config) {
    return Flaw.get().hasHidden();
  }

  @Override
  public Set<ModelInput> inputs(ZooConfig config) {
    return Flaw.get().inputs();
  }

  @Override
  public Set<EngineFeature> engineFeatures(ZooConfig config) {
    return Flaw.get().engineFeatures();
  }

  private record Flawed(Backbone sound, Flaw flaw) implements Backbone {

    @Override
    public BackboneOutput forward(Pass pass, Features features) {
      Features read = features.withFlat(flaw.input(pass, features.flat()));
      BackboneOutput output = sound.forward(pass, read);
      NDArray logit = flaw.output(pass, features.flat(), output.logit());
      return new BackboneOutput(output.hidden(), flaw.read(features, logit));
    }

    @Override
    public int hiddenSize() {
      return sound.hiddenSize();
    }
  }
}
