package org.llm4msr.checking;

import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.llm4msr.api.data.DatasetGeneratorFactory;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.api.features.FeatureSourceFactory;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.api.knowledge.PromptBuilderFactory;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.MetaNetworkFactory;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.tck.BackboneConformance;
import org.llm4msr.tck.DatasetGeneratorConformance;
import org.llm4msr.tck.DatasetReaderConformance;
import org.llm4msr.tck.FeatureSourceConformance;
import org.llm4msr.tck.FusionHeadConformance;
import org.llm4msr.tck.KnowledgeEncoderConformance;
import org.llm4msr.tck.MalformedRow;
import org.llm4msr.tck.MetaNetworkConformance;
import org.llm4msr.tck.PluginConformance;
import org.llm4msr.tck.PromptBuilderConformance;

/** The kit of each kind, for the plugin that is checked; JUnit makes their instances. */
final class Kits {

  private static volatile @Nullable Subject current;

  private Kits() {}

  /** Sets the plugin that the kits test. */
  static void test(Subject subject) {
    current = subject;
  }

  private static Subject tested() {
    return Objects.requireNonNull(current, "no plugin is tested");
  }

  private static <F> F factory(Class<F> type) {
    return type.cast(tested().factory());
  }

  static Class<? extends PluginConformance<?>> of(PluginKind kind) {
    return switch (kind) {
      case BACKBONE -> Backbones.class;
      case FUSION_HEAD -> FusionHeads.class;
      case META_NETWORK -> MetaNetworks.class;
      case PROMPT_BUILDER -> PromptBuilders.class;
      case KNOWLEDGE_ENCODER -> KnowledgeEncoders.class;
      case DATASET_READER -> DatasetReaders.class;
      case DATASET_GENERATOR -> DatasetGenerators.class;
      case FEATURE_SOURCE -> FeatureSources.class;
    };
  }

  /**
   * Runs each rule with the plugin's class loader as the thread's, as in a run; what a plugin
   * leaves in its place stays for the guard to find.
   */
  static final class InPluginsContext implements InvocationInterceptor {
    @Override
    public void interceptTestMethod(
        Invocation<Void> rule, ReflectiveInvocationContext<Method> method, ExtensionContext context)
        throws Throwable {
      Thread thread = Thread.currentThread();
      ClassLoader before = thread.getContextClassLoader();
      ClassLoader own = tested().factory().getClass().getClassLoader();
      thread.setContextClassLoader(own);
      try {
        rule.proceed();
      } finally {
        if (thread.getContextClassLoader() == own) {
          thread.setContextClassLoader(before);
        }
      }
    }
  }

  @ExtendWith(InPluginsContext.class)
  static final class Backbones extends BackboneConformance {
    @Override
    protected BackboneFactory<?> factory() {
      return Kits.factory(BackboneFactory.class);
    }

    @Override
    protected List<String> settings() {
      return tested().settings();
    }
  }

  @ExtendWith(InPluginsContext.class)
  static final class FusionHeads extends FusionHeadConformance {
    @Override
    protected FusionHeadFactory<?> factory() {
      return Kits.factory(FusionHeadFactory.class);
    }

    @Override
    protected List<String> settings() {
      return tested().settings();
    }
  }

  @ExtendWith(InPluginsContext.class)
  static final class MetaNetworks extends MetaNetworkConformance {
    @Override
    protected MetaNetworkFactory<?> factory() {
      return Kits.factory(MetaNetworkFactory.class);
    }

    @Override
    protected List<String> settings() {
      return tested().settings();
    }
  }

  @ExtendWith(InPluginsContext.class)
  static final class PromptBuilders extends PromptBuilderConformance {
    @Override
    protected PromptBuilderFactory<?> factory() {
      return Kits.factory(PromptBuilderFactory.class);
    }

    @Override
    protected List<String> settings() {
      return tested().settings();
    }

    @Override
    protected Path base() {
      return tested().base();
    }
  }

  @ExtendWith(InPluginsContext.class)
  static final class KnowledgeEncoders extends KnowledgeEncoderConformance {
    @Override
    protected KnowledgeEncoderFactory<?> factory() {
      return Kits.factory(KnowledgeEncoderFactory.class);
    }

    @Override
    protected List<String> settings() {
      return tested().settings();
    }

    @Override
    protected Path base() {
      return tested().base();
    }
  }

  @ExtendWith(InPluginsContext.class)
  static final class FeatureSources extends FeatureSourceConformance {
    @Override
    protected FeatureSourceFactory<?> factory() {
      return Kits.factory(FeatureSourceFactory.class);
    }

    @Override
    protected List<String> settings() {
      return tested().settings();
    }
  }

  /** For the rules of packaging alone: only a test knows the format. */
  @ExtendWith(InPluginsContext.class)
  static final class DatasetReaders extends DatasetReaderConformance {
    @Override
    protected DatasetReaderFactory<?> factory() {
      return Kits.factory(DatasetReaderFactory.class);
    }

    @Override
    protected List<String> settings() {
      return tested().settings();
    }

    @Override
    protected void write(Path folder, long interactions) {
      throw new UnsupportedOperationException();
    }

    @Override
    protected MalformedRow spoil(Path folder) {
      throw new UnsupportedOperationException();
    }
  }

  /** For the rules of packaging alone: only a test knows what makes a log large. */
  @ExtendWith(InPluginsContext.class)
  static final class DatasetGenerators extends DatasetGeneratorConformance {
    @Override
    protected DatasetGeneratorFactory<?> factory() {
      return Kits.factory(DatasetGeneratorFactory.class);
    }

    @Override
    protected List<String> settings() {
      return tested().settings();
    }

    @Override
    protected List<String> sized(long interactions, long seed) {
      throw new UnsupportedOperationException();
    }

    @Override
    protected DatasetReaderFactory<?> reader() {
      throw new UnsupportedOperationException();
    }
  }
}
