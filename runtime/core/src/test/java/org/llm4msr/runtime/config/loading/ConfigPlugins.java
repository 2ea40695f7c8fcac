package org.llm4msr.runtime.config.loading;

import jakarta.validation.Constraint;
import jakarta.validation.ConstraintValidator;
import jakarta.validation.ConstraintValidatorContext;
import jakarta.validation.Payload;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Positive;
import jakarta.validation.constraints.Size;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.Setting;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.api.knowledge.Prompt;
import org.llm4msr.api.knowledge.PromptBuilderFactory;
import org.llm4msr.api.knowledge.PromptContext;
import org.llm4msr.api.knowledge.ScenarioPromptBuilder;
import org.llm4msr.api.knowledge.ScenarioStatistics;
import org.llm4msr.api.knowledge.UserHistory;
import org.llm4msr.api.model.Backbone;
import org.llm4msr.api.model.BackboneFactory;
import org.llm4msr.api.model.FusionContext;
import org.llm4msr.api.model.FusionHead;
import org.llm4msr.api.model.FusionHeadFactory;
import org.llm4msr.api.model.MetaContext;
import org.llm4msr.api.model.MetaNetwork;
import org.llm4msr.api.model.MetaNetworkFactory;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.runtime.plugins.TestPlugins;

/** A plugin of every kind that a configuration names; none ever does anything. */
public final class ConfigPlugins {

  private ConfigPlugins() {}

  /** Returns a registry of them all. */
  public static PluginRegistry registry(Path folder) {
    return TestPlugins.registry(
        folder,
        Reader.class,
        Prompts.class,
        Encoder.class,
        Meta.class,
        Mmoe.class,
        Flat.class,
        None.class,
        Hierarchical.class,
        Attention.class);
  }

  private static UnsupportedOperationException never() {
    return new UnsupportedOperationException("a configuration test creates nothing");
  }

  /** A constraint of a plugin's own: an even number. */
  @Target({ElementType.FIELD, ElementType.PARAMETER, ElementType.TYPE_USE})
  @Retention(RetentionPolicy.RUNTIME)
  @Constraint(validatedBy = Even.Check.class)
  public @interface Even {
    String message() default "must be even";

    Class<?>[] groups() default {};

    Class<? extends Payload>[] payload() default {};

    /** The check. */
    final class Check implements ConstraintValidator<Even, Integer> {
      @Override
      public boolean isValid(Integer value, ConstraintValidatorContext context) {
        return value == null || value % 2 == 0;
      }
    }
  }

  public record MmoeConfig(
      @Setting(value = "Experts", defaultValue = "4", formerly = "numExperts") @Min(1) @Max(64)
          int experts,
      @Setting(value = "Widths of an expert", defaultValue = "[128, 64]") @Size(min = 1)
          List<@Positive Integer> expertLayers,
      @Setting(value = "Heads", defaultValue = "2") @Even int heads,
      @Setting("A seed of its own") @Nullable Long seed,
      @Setting("A note") Optional<String> note) {}

  @Plugin(name = "mmoe", description = "Test MMoE")
  public static final class Mmoe implements BackboneFactory<MmoeConfig> {
    @Override
    public Class<MmoeConfig> configType() {
      return MmoeConfig.class;
    }

    @Override
    public Backbone create(MmoeConfig config, ModelContext context) {
      throw never();
    }

    @Override
    public boolean hasHidden(MmoeConfig config) {
      return true;
    }

    @Override
    public Set<EngineFeature> engineFeatures(MmoeConfig config) {
      return config.heads() > 2 ? Set.of(EngineFeature.TOP_K) : Set.of();
    }
  }

  public record NoSettings() {}

  @Plugin(name = "flat", description = "A backbone without hidden")
  public static final class Flat implements BackboneFactory<NoSettings> {
    @Override
    public Class<NoSettings> configType() {
      return NoSettings.class;
    }

    @Override
    public Backbone create(NoSettings config, ModelContext context) {
      throw never();
    }

    @Override
    public boolean hasHidden(NoSettings config) {
      return false;
    }
  }

  /** What the heads have in common. */
  abstract static class Head implements FusionHeadFactory<NoSettings> {
    @Override
    public Class<NoSettings> configType() {
      return NoSettings.class;
    }

    @Override
    public FusionHead create(NoSettings config, FusionContext context) {
      throw never();
    }
  }

  @Plugin(name = "none", description = "The backbone alone")
  public static final class None extends Head {
    @Override
    public Set<ModelInput> requires(NoSettings config) {
      return Set.of();
    }
  }

  @Plugin(name = "hierarchical", description = "User level below, scenario level beside")
  public static final class Hierarchical extends Head {
    @Override
    public Set<ModelInput> requires(NoSettings config) {
      return Set.of(ModelInput.USER_KNOWLEDGE, ModelInput.SCENARIO_KNOWLEDGE);
    }
  }

  @Plugin(name = "attention", description = "Reads hidden")
  public static final class Attention extends Head {
    @Override
    public Set<ModelInput> requires(NoSettings config) {
      return Set.of(ModelInput.HIDDEN);
    }
  }

  public record MetaConfig(
      @Setting(value = "0: linear", defaultValue = "0") @Min(0) int generatorHidden) {}

  @Plugin(name = "mlp", description = "Test meta network")
  public static final class Meta implements MetaNetworkFactory<MetaConfig> {
    @Override
    public Class<MetaConfig> configType() {
      return MetaConfig.class;
    }

    @Override
    public MetaNetwork create(MetaConfig config, MetaContext context) {
      throw never();
    }
  }

  @Plugin(name = "llm4msr", description = "Test prompts")
  public static final class Prompts implements PromptBuilderFactory<NoSettings> {
    @Override
    public Class<NoSettings> configType() {
      return NoSettings.class;
    }

    @Override
    public ScenarioPromptBuilder create(NoSettings config, PromptContext context) {
      return new ScenarioPromptBuilder() {
        @Override
        public List<Prompt> scenarioPrompts(List<ScenarioStatistics> scenarios) {
          throw never();
        }

        @Override
        public Prompt userPrompt(UserHistory history) {
          throw never();
        }

        @Override
        public String template() {
          throw never();
        }
      };
    }
  }

  public record EncoderConfig(
      @Setting(value = "K", defaultValue = "64") @Min(1) int dimension,
      @Setting(value = "A key", secret = true) @Size(min = 8) @Nullable String token) {}

  @Plugin(name = "hash", description = "Test encoder")
  public static final class Encoder implements KnowledgeEncoderFactory<EncoderConfig> {
    @Override
    public Class<EncoderConfig> configType() {
      return EncoderConfig.class;
    }

    @Override
    public KnowledgeEncoder create(EncoderConfig config, EncoderContext context) {
      throw never();
    }

    @Override
    public OptionalInt dimension(EncoderConfig config) {
      return OptionalInt.of(config.dimension());
    }
  }

  public record ReaderConfig(
      @Setting(value = "Rating above which a row is positive", defaultValue = "3")
          double threshold) {}

  @Plugin(name = "movies", description = "Test reader")
  public static final class Reader implements DatasetReaderFactory<ReaderConfig> {
    @Override
    public Class<ReaderConfig> configType() {
      return ReaderConfig.class;
    }

    @Override
    public DatasetReader create(ReaderConfig config, DatasetContext context) {
      return new Ratings();
    }
  }

  /** Data that comes split, without times, with two scenarios. */
  private static final class Ratings implements DatasetReader {
    @Override
    public RawSchema schema() {
      List<RawTable> tables = List.of(RawTable.INTERACTIONS);
      return new RawSchema(tables, List.of(), false, true, List.of(), List.of(), "rating > 3");
    }

    @Override
    public List<RawScenario> scenarios() {
      return List.of(
          new RawScenario("comedy", "Comedy", ""), new RawScenario("drama", "Drama", ""));
    }

    @Override
    public List<Path> sources() {
      return List.of();
    }

    @Override
    public ArrowReader open(RawTable table, BufferAllocator allocator) {
      throw never();
    }

    @Override
    public void close() {}
  }
}
