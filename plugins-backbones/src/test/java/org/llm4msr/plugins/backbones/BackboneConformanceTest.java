package org.llm4msr.plugins.backbones;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.plugins.backbones.adaptive.AdaSparseFactory;
import org.llm4msr.plugins.backbones.adaptive.AdaptDhmFactory;
import org.llm4msr.plugins.backbones.adaptive.AitmFactory;
import org.llm4msr.plugins.backbones.adaptive.HamurFactory;
import org.llm4msr.plugins.backbones.adaptive.M3oeFactory;
import org.llm4msr.plugins.backbones.adaptive.PpNetFactory;
import org.llm4msr.plugins.backbones.adaptive.StarFactory;
import org.llm4msr.plugins.backbones.experts.HiNetFactory;
import org.llm4msr.plugins.backbones.experts.M2mFactory;
import org.llm4msr.plugins.backbones.experts.MmoeFactory;
import org.llm4msr.plugins.backbones.experts.OmoeFactory;
import org.llm4msr.plugins.backbones.experts.PleFactory;
import org.llm4msr.plugins.backbones.experts.SarNetFactory;
import org.llm4msr.plugins.backbones.experts.SharedBottomFactory;
import org.llm4msr.tck.BackboneConformance;

/** The backbones of this module keep the rules of the kit, with default and other settings. */
class BackboneConformanceTest {

  @Nested
  class SharedBottom extends BackboneConformance {
    @Override
    protected BackboneFactory<?> factory() {
      return new SharedBottomFactory();
    }
  }

  @Nested
  @Tag("slow")
  class SharedBottomWithoutNorm extends SharedBottom {
    @Override
    protected List<String> settings() {
      return List.of("bottom=[8, 6]", "tower=[]", "batchNorm=false", "dropout=0");
    }
  }

  @Nested
  class Mmoe extends BackboneConformance {
    @Override
    protected BackboneFactory<?> factory() {
      return new MmoeFactory();
    }
  }

  @Nested
  @Tag("slow")
  class MmoeWithNormalisedGates extends Mmoe {
    @Override
    protected List<String> settings() {
      return List.of("experts=3", "expert=[8, 6]", "gateBatchNorm=true", "activation=leaky_relu");
    }
  }

  @Nested
  @Tag("slow")
  class Omoe extends BackboneConformance {
    @Override
    protected BackboneFactory<?> factory() {
      return new OmoeFactory();
    }
  }

  @Nested
  class Ple extends BackboneConformance {
    @Override
    protected BackboneFactory<?> factory() {
      return new PleFactory();
    }
  }

  @Nested
  @Tag("slow")
  class PleOfTwoLevels extends Ple {
    @Override
    protected List<String> settings() {
      return List.of("levels=2", "expert=[6]", "batchNorm=false", "dropout=0");
    }
  }

  @Nested
  class Star extends BackboneConformance {
    @Override
    protected BackboneFactory<?> factory() {
      return new StarFactory();
    }
  }

  @Nested
  class Aitm extends BackboneConformance {
    @Override
    protected BackboneFactory<?> factory() {
      return new AitmFactory();
    }
  }

  @Nested
  @Tag("slow")
  class AitmByRank extends Aitm {
    @Override
    protected List<String> settings() {
      return List.of("order=rank", "tower=[]", "batchNorm=false");
    }
  }

  @Nested
  @Tag("slow")
  class SarNet extends BackboneConformance {
    @Override
    protected BackboneFactory<?> factory() {
      return new SarNetFactory();
    }
  }

  @Nested
  @Tag("slow")
  class M2m extends BackboneConformance {
    @Override
    protected BackboneFactory<?> factory() {
      return new M2mFactory();
    }
  }

  @Nested
  @Tag("slow")
  class AdaSparse extends BackboneConformance {
    @Override
    protected BackboneFactory<?> factory() {
      return new AdaSparseFactory();
    }
  }

  @Nested
  class AdaptDhm extends BackboneConformance {
    @Override
    protected BackboneFactory<?> factory() {
      return new AdaptDhmFactory();
    }
  }

  @Nested
  @Tag("slow")
  class PpNet extends BackboneConformance {
    @Override
    protected BackboneFactory<?> factory() {
      return new PpNetFactory();
    }
  }

  @Nested
  class Hamur extends BackboneConformance {
    @Override
    protected BackboneFactory<?> factory() {
      return new HamurFactory();
    }
  }

  @Nested
  @Tag("slow")
  class M3oe extends BackboneConformance {
    @Override
    protected BackboneFactory<?> factory() {
      return new M3oeFactory();
    }

    @Override
    protected Map<String, String> waived() {
      return Map.of("MODEL-24", "no gradient goes from the gates to what they read, as published");
    }
  }

  @Nested
  @Tag("slow")
  class HiNet extends BackboneConformance {
    @Override
    protected BackboneFactory<?> factory() {
      return new HiNetFactory();
    }
  }
}
