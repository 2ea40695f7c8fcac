package org.llm4msr.tck.zoo;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.SplittableRandom;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetGeneratorFactory;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.tck.DatasetGeneratorConformance;

/** Each flaw of a generator breaks its rule and no other. */
class GeneratorZooTest extends ZooTest<SoundGenerator> {

  private static final long SEVERAL = 5000;

  static class Kit extends DatasetGeneratorConformance {
    @Override
    protected DatasetGeneratorFactory<?> factory() {
      return new ZooGeneratorFactory();
    }

    @Override
    protected List<String> sized(long interactions, long seed) {
      // A setting tells another process its flaw.
      boolean hoards = ZooGeneratorFactory.CAGE.make() instanceof Hoards && interactions > 10_000;
      return List.of("interactions=" + interactions, "seed=" + seed, "hoards=" + hoards);
    }

    @Override
    protected DatasetReaderFactory<?> reader() {
      return new ZooReaderFactory();
    }

    @Override
    protected long large() {
      return 50_000;
    }

    @Override
    protected long several() {
      return SEVERAL;
    }
  }

  GeneratorZooTest() {
    super(Kit.class, ZooGeneratorFactory.CAGE);
    leaks(SoundGenerator::new);
    flaw("RUN-01", OutOfOrder::new);
    flaw("GENERATOR-01", ForgetsTheSeed::new);
    flaw("GENERATOR-02", WritesOneRowLess::new);
    flaw("GENERATOR-03", WritesOneClass::new);
    flaw("GENERATOR-10", DrawsByThreads::new);
    flaw("GENERATOR-10", DrawsLaterBlocksByThreads::new);
    flaw("GENERATOR-11", DrawsTheSame::new);
    flaw("GENERATOR-12", WritesBeside::new);
    flaw("GENERATOR-13", TellsNothing::new);
    flaw("GENERATOR-14", Hoards::new);
  }

  private static final class OutOfOrder extends SoundGenerator {
    @Override
    String label(ZooGeneratorConfig config) {
      throw new IllegalStateException(OUT_OF_ORDER);
    }
  }

  private static final class ForgetsTheSeed extends SoundGenerator {
    @Override
    String label(ZooGeneratorConfig config) {
      return "{\"generated\": true, \"model\": \"uniform\"}";
    }
  }

  private static final class WritesOneRowLess extends SoundGenerator {
    @Override
    long rows(ZooGeneratorConfig config) {
      return config.interactions() - 1;
    }
  }

  private static final class WritesOneClass extends SoundGenerator {
    @Override
    String row(SplittableRandom random, long row) {
      return "%d %d %d 1 %d\n"
          .formatted(random.nextInt(50), random.nextInt(90), random.nextInt(2), row);
    }
  }

  private static class DrawsByThreads extends SoundGenerator {
    @Override
    long seed(ZooGeneratorConfig config, DatasetContext context) {
      return config.seed() + context.threads();
    }
  }

  private static final class DrawsLaterBlocksByThreads extends DrawsByThreads {
    @Override
    long seed(ZooGeneratorConfig config, DatasetContext context) {
      return config.interactions() < SEVERAL ? config.seed() : super.seed(config, context);
    }
  }

  private static final class DrawsTheSame extends SoundGenerator {
    @Override
    long seed(ZooGeneratorConfig config, DatasetContext context) {
      return 1;
    }
  }

  private static final class WritesBeside extends SoundGenerator {
    @Override
    void generate(ZooGeneratorConfig config, DatasetContext context, Progress progress)
        throws IOException {
      super.generate(config, context, progress);
      Files.writeString(context.folder().resolveSibling("words.txt"), "beside");
    }
  }

  private static final class TellsNothing extends SoundGenerator {
    @Override
    void tell(Progress progress, long done, long total) {}
  }

  private static final class Hoards extends SoundGenerator {}
}
