package org.llm4msr.plugins.datasets.generator;

import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.llm4msr.api.data.DatasetGeneratorFactory;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.plugins.datasets.generator.kuaisar.KuaiSarGeneratorFactory;
import org.llm4msr.plugins.datasets.published.AliCcpFactory;
import org.llm4msr.plugins.datasets.published.AmazonFactory;
import org.llm4msr.plugins.datasets.published.DoubanFactory;
import org.llm4msr.plugins.datasets.published.KuaiRandFactory;
import org.llm4msr.plugins.datasets.published.KuaiSarFactory;
import org.llm4msr.plugins.datasets.published.MindFactory;
import org.llm4msr.plugins.datasets.published.MovieLensFactory;
import org.llm4msr.plugins.datasets.table.TableFactory;
import org.llm4msr.tck.DatasetGeneratorConformance;

/** The generators of this module keep the rules of the kit. */
class GeneratorConformanceTest {

  private abstract static class OfSize extends DatasetGeneratorConformance {
    private final DatasetGeneratorFactory<?> factory;
    private final DatasetReaderFactory<?> reader;
    private final List<String> settings;

    OfSize(DatasetGeneratorFactory<?> factory, DatasetReaderFactory<?> reader, String... settings) {
      this.factory = factory;
      this.reader = reader;
      this.settings = List.of(settings);
    }

    @Override
    protected DatasetGeneratorFactory<?> factory() {
      return factory;
    }

    @Override
    protected DatasetReaderFactory<?> reader() {
      return reader;
    }

    @Override
    protected List<String> settings() {
      return settings;
    }

    /** These generators write in one thread, which has no blocks to fill. */
    @Override
    protected long several() {
      return 10_000;
    }

    @Override
    protected long large() {
      return 1_000_000;
    }

    @Override
    protected List<String> sized(long interactions, long seed) {
      return List.of("users=100", "items=400", "interactions=" + interactions, "seed=" + seed);
    }
  }

  @Nested
  @Tag("slow")
  class AliCcp extends OfSize {
    AliCcp() {
      super(new AliCcpGeneratorFactory(), new AliCcpFactory());
    }
  }

  @Nested
  class Amazon2014 extends OfSize {
    Amazon2014() {
      super(new AmazonGeneratorFactory(), new AmazonFactory(), "release=2014");
    }
  }

  @Nested
  @Tag("slow")
  class Amazon2018 extends OfSize {
    Amazon2018() {
      super(new AmazonGeneratorFactory(), new AmazonFactory(), "release=2018");
    }
  }

  @Nested
  @Tag("slow")
  class Amazon2023 extends OfSize {
    Amazon2023() {
      super(new AmazonGeneratorFactory(), new AmazonFactory(), "release=2023");
    }
  }

  @Nested
  @Tag("slow")
  class AmazonInParts extends OfSize {
    AmazonInParts() {
      super(new AmazonGeneratorFactory(), new AmazonFactory(), "parts=true", "history=true");
    }

    @Override
    protected List<String> readerSettings() {
      return List.of("parts=true", "history=true");
    }
  }

  @Nested
  @Tag("slow")
  class Douban extends OfSize {
    Douban() {
      super(new DoubanGeneratorFactory(), new DoubanFactory());
    }
  }

  @Nested
  @Tag("slow")
  class KuaiRand extends OfSize {
    KuaiRand() {
      super(new KuaiRandGeneratorFactory(), new KuaiRandFactory());
    }
  }

  @Nested
  @Tag("slow")
  class KuaiRand27K extends OfSize {
    KuaiRand27K() {
      super(new KuaiRandGeneratorFactory(), new KuaiRandFactory(), "release=27k", "captions=true");
    }
  }

  @Nested
  class KuaiSar extends OfSize {
    KuaiSar() {
      super(new KuaiSarGeneratorFactory(), new KuaiSarFactory());
    }
  }

  @Nested
  @Tag("slow")
  class KuaiSarSmall extends OfSize {
    KuaiSarSmall() {
      super(new KuaiSarGeneratorFactory(), new KuaiSarFactory(), "release=small");
    }
  }

  @Nested
  @Tag("slow")
  class Mind extends OfSize {
    Mind() {
      super(new MindGeneratorFactory(), new MindFactory());
    }
  }

  @Nested
  @Tag("slow")
  class MovieLensLatest extends OfSize {
    MovieLensLatest() {
      super(new MovieLensGeneratorFactory(), new MovieLensFactory());
    }
  }

  @Nested
  @Tag("slow")
  class MovieLens10M extends OfSize {
    MovieLens10M() {
      super(new MovieLensGeneratorFactory(), new MovieLensFactory(), "release=10m");
    }
  }

  @Nested
  @Tag("slow")
  class MovieLens1M extends OfSize {
    MovieLens1M() {
      super(new MovieLensGeneratorFactory(), new MovieLensFactory(), "release=1m");
    }
  }

  @Nested
  @Tag("slow")
  class MovieLens100K extends OfSize {
    MovieLens100K() {
      super(new MovieLensGeneratorFactory(), new MovieLensFactory(), "release=100k");
    }
  }

  @Nested
  class Table extends OfSize {
    Table() {
      super(new TableGeneratorFactory(), new TableFactory());
    }

    @Override
    protected List<String> readerSettings() {
      return List.of("files=[interactions.csv]", "scenario=page", "time=time");
    }
  }
}
