package com.example.fm;

import java.util.Set;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.ModelInput;

/** Makes {@link FactorizationMachine}s. */
@Plugin(
    name = "factorization-machine",
    description = "Pairwise products of the fields, a linear term and one bias per scenario",
    source = "Rendle, ICDM 2010")
public final class FactorizationMachineFactory
    implements BackboneFactory<FactorizationMachineConfig> {

  @Override
  public Class<FactorizationMachineConfig> configType() {
    return FactorizationMachineConfig.class;
  }

  @Override
  public Backbone create(FactorizationMachineConfig config, ModelContext context) {
    return new FactorizationMachine(config, context);
  }

  @Override
  public boolean hasHidden(FactorizationMachineConfig config) {
    return false;
  }

  @Override
  public Set<ModelInput> inputs(FactorizationMachineConfig config) {
    return Set.of(ModelInput.FIELDS);
  }
}
