package org.llm4msr.plugins.fusion;

import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.MetaNetworkFactory;
import org.llm4msr.tck.FusionHeadConformance;
import org.llm4msr.tck.MetaNetworkConformance;

/**
 * Meta networks and heads of this module keep the rules of the kit, with default and other
 * settings.
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
  @Tag("slow")
  class MlpNetworkOfLowRank extends MlpNetwork {
    @Override
    protected List<String> settings() {
      return List.of("rank=2", "initialShare=0.5");
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
  @Tag("slow")
  class ResidualHierarchical extends Hierarchical {
    @Override
    protected List<String> settings() {
      return List.of("residual=true", "initialAlpha=0.2");
    }
  }

  @Nested
  @Tag("slow")
  class UserLevelAlone extends Hierarchical {
    @Override
    protected List<String> settings() {
      return List.of("scenario=none");
    }
  }

  @Nested
  @Tag("slow")
  class ScenarioLevelAlone extends Hierarchical {
    @Override
    protected List<String> settings() {
      return List.of("user=none");
    }
  }

  @Nested
  @Tag("slow")
  class BothLevelsAtTheBottom extends Hierarchical {
    @Override
    protected List<String> settings() {
      return List.of("scenario=bottom");
    }
  }

  @Nested
  @Tag("slow")
  class BothLevelsInParallel extends Hierarchical {
    @Override
    protected List<String> settings() {
      return List.of("user=parallel");
    }
  }

  @Nested
  @Tag("slow")
  class SwappedLevels extends Hierarchical {
    @Override
    protected List<String> settings() {
      return List.of("user=parallel", "scenario=bottom");
    }
  }

  @Nested
  class EpNet extends FusionHeadConformance {
    @Override
    protected FusionHeadFactory<?> factory() {
      return new EpNetFactory();
    }
  }

  @Nested
  class Concat extends FusionHeadConformance {
    @Override
    protected FusionHeadFactory<?> factory() {
      return new ConcatFactory();
    }
  }

  @Nested
  @Tag("slow")
  class ConcatOfScenarios extends Concat {
    @Override
    protected List<String> settings() {
      return List.of("levels=[scenario]", "width=3");
    }
  }

  @Nested
  class DynamicNetwork extends FusionHeadConformance {
    @Override
    protected FusionHeadFactory<?> factory() {
      return new DynamicNetworkFactory();
    }
  }
}
