package org.llm4msr.tck.zoo;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.EnumSet;
import java.util.Set;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.tck.harness.ReferenceHead;

/** Makes sound heads with the flaw of the day. */
@Plugin(name = "zoo", description = "A sound head with one flaw")
public final class ZooHeadFactory implements FusionHeadFactory<ZooConfig> {

  @Override
  public Class<ZooConfig> configType() {
    return ZooConfig.class;
  }

  @Override
  public FusionHead create(ZooConfig config, FusionContext context) {
    Flaw flaw = Flaw.get();
    flaw.create(context.model());
    FusionHead sound = new ReferenceHead(flaw.context(context));
    int size = context.knowledgeSize();
    Parameter ofItem =
        context.model().parameter("item", new Shape(size, 1), Initializer.linear(size), Decay.YES);
    return (pass, features) -> {
      NDArray x = features.flat();
      Features given = flaw.given(features.withFlat(flaw.input(pass, x)));
      NDArray item = pass.items().rowValues(given.itemKnowledge().matMul(ofItem.array()));
      NDArray logits = flaw.output(pass, x, sound.logits(pass, given).add(item.squeeze(-1)));
      return flaw.read(features, logits);
    };
  }

  @Override
  public Set<ModelInput> requires(ZooConfig config) {
    Set<ModelInput> inputs =
        EnumSet.of(
            ModelInput.USER_KNOWLEDGE, ModelInput.SCENARIO_KNOWLEDGE, ModelInput.ITEM_KNOWLEDGE);
    inputs.addAll(Flaw.get().inputs());
    return inputs;
  }

  @Override
  public Set<EngineFeature> engineFeatures(ZooConfig config) {
    return Flaw.get().engineFeatures();
  }
}
