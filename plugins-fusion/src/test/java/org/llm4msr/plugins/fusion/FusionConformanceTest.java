package org.llm4msr.plugins.fusion;

import java.util.List;
import org.junit.jupiter.api.Nested;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.MetaNetworkFactory;
import org.llm4msr.tck.FusionHeadConformance;
import org.llm4msr.tck.MetaNetworkConformance;

/**
 * Meta networks and heads of this module keep the rules of the kit, with their defaults and
 * without.
 */
class FusionConformanceTest {

  @Nested
  class MlpNetwork extends MetaNetworkConformance {
    @Override
    protected MetaNetworkFactory<?> factory() {
      return new MlpMetaFactory();
    }
  }

  @Nested
  class MlpNetworkWithABottleneck extends MlpNetwork {
    @Override
    protected List<String> settings() {
      return List.of("generatorHidden=5", "initialShare=0.5");
    }
  }

  @Nested
  class None extends FusionHeadConformance {
    @Override
    protected FusionHeadFactory<?> factory() {
      return new NoneFactory();
    }
  }

  @Nested
  class Hierarchical extends FusionHeadConformance {
    @Override
    protected FusionHeadFactory<?> factory() {
      return new HierarchicalFactory();
    }
  }

  @Nested
  class ResidualHierarchical extends Hierarchical {
    @Override
    protected List<String> settings() {
      return List.of("residual=true", "initialAlpha=0.2");
    }
  }
}
