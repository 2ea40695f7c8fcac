package org.llm4msr.plugins.datasets.generator;

import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.llm4msr.api.data.DatasetGeneratorFactory;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.plugins.datasets.AliCcpFactory;
import org.llm4msr.plugins.datasets.AmazonFactory;
import org.llm4msr.plugins.datasets.DoubanFactory;
import org.llm4msr.plugins.datasets.KuaiRandFactory;
import org.llm4msr.plugins.datasets.KuaiSarFactory;
import org.llm4msr.plugins.datasets.MindFactory;
import org.llm4msr.plugins.datasets.MovieLensFactory;
import org.llm4msr.plugins.datasets.TableFactory;
import org.llm4msr.tck.DatasetGeneratorConformance;

/** The generators of this module keep the rules of the kit. */
class GeneratorConformanceTest {

  private abstract static class OfSize extends DatasetGeneratorConformance {
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
  class AliCcp extends OfSize {
    @Override
    protected DatasetGeneratorFactory<?> factory() {
      return new AliCcpGeneratorFactory();
    }

    @Override
    protected DatasetReaderFactory<?> reader() {
      return new AliCcpFactory();
    }
  }

  @Nested
  class Amazon2014 extends OfSize {
    @Override
    protected DatasetGeneratorFactory<?> factory() {
      return new AmazonGeneratorFactory();
    }

    @Override
    protected DatasetReaderFactory<?> reader() {
      return new AmazonFactory();
    }

    @Override
    protected List<String> settings() {
      return List.of("release=2014");
    }
  }

  @Nested
  @Tag("slow")
  class Amazon2018 extends OfSize {
    @Override
    protected DatasetGeneratorFactory<?> factory() {
      return new AmazonGeneratorFactory();
    }

    @Override
    protected DatasetReaderFactory<?> reader() {
      return new AmazonFactory();
    }

    @Override
    protected List<String> settings() {
      return List.of("release=2018");
    }
  }

  @Nested
  @Tag("slow")
  class Amazon2023 extends OfSize {
    @Override
    protected DatasetGeneratorFactory<?> factory() {
      return new AmazonGeneratorFactory();
    }

    @Override
    protected DatasetReaderFactory<?> reader() {
      return new AmazonFactory();
    }

    @Override
    protected List<String> settings() {
      return List.of("release=2023");
    }
  }

  @Nested
  class Douban extends OfSize {
    @Override
    protected DatasetGeneratorFactory<?> factory() {
      return new DoubanGeneratorFactory();
    }

    @Override
    protected DatasetReaderFactory<?> reader() {
      return new DoubanFactory();
    }
  }

  @Nested
  @Tag("slow")
  class KuaiRand extends OfSize {
    @Override
    protected DatasetGeneratorFactory<?> factory() {
      return new KuaiRandGeneratorFactory();
    }

    @Override
    protected DatasetReaderFactory<?> reader() {
      return new KuaiRandFactory();
    }
  }

  @Nested
  class KuaiRand27K extends OfSize {
    @Override
    protected DatasetGeneratorFactory<?> factory() {
      return new KuaiRandGeneratorFactory();
    }

    @Override
    protected DatasetReaderFactory<?> reader() {
      return new KuaiRandFactory();
    }

    @Override
    protected List<String> settings() {
      return List.of("release=27k");
    }
  }

  @Nested
  class KuaiSar extends OfSize {
    @Override
    protected DatasetGeneratorFactory<?> factory() {
      return new KuaiSarGeneratorFactory();
    }

    @Override
    protected DatasetReaderFactory<?> reader() {
      return new KuaiSarFactory();
    }
  }

  @Nested
  class Mind extends OfSize {
    @Override
    protected DatasetGeneratorFactory<?> factory() {
      return new MindGeneratorFactory();
    }

    @Override
    protected DatasetReaderFactory<?> reader() {
      return new MindFactory();
    }
  }

  @Nested
  class MovieLensLatest extends OfSize {
    @Override
    protected DatasetGeneratorFactory<?> factory() {
      return new MovieLensGeneratorFactory();
    }

    @Override
    protected DatasetReaderFactory<?> reader() {
      return new MovieLensFactory();
    }
  }

  @Nested
  @Tag("slow")
  class MovieLens1M extends OfSize {
    @Override
    protected DatasetGeneratorFactory<?> factory() {
      return new MovieLensGeneratorFactory();
    }

    @Override
    protected DatasetReaderFactory<?> reader() {
      return new MovieLensFactory();
    }

    @Override
    protected List<String> settings() {
      return List.of("release=1m");
    }
  }

  @Nested
  class Table extends OfSize {
    @Override
    protected DatasetGeneratorFactory<?> factory() {
      return new TableGeneratorFactory();
    }

    @Override
    protected DatasetReaderFactory<?> reader() {
      return new TableFactory();
    }

    @Override
    protected List<String> readerSettings() {
      return List.of("files=[interactions.csv]", "scenario=page", "time=time");
    }
  }
}
