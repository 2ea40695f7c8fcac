package org.llm4msr.tck.zoo;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import jakarta.validation.constraints.Min;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.Setting;
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.tck.KitRun;
import org.llm4msr.tck.KnowledgeEncoderConformance;

/**
 * The rules of packaging, which all kinds share, each with a factory that breaks only this rule.
 */
class PackagingZooTest {

  private static volatile KnowledgeEncoderFactory<?> factory = new ZooEncoderFactory();

  static class Kit extends KnowledgeEncoderConformance {
    @Override
    protected KnowledgeEncoderFactory<?> factory() {
      return factory;
    }
  }

  static Stream<Arguments> flawed() {
    return Stream.of(
        Arguments.of("PLUGIN-01", unregistered()),
        Arguments.of("PLUGIN-02", new ToldInTwoLines()),
        Arguments.of("PLUGIN-03", new DefaultOutOfRange()),
        Arguments.of("PLUGIN-03", new HiddenSetting()),
        Arguments.of("PLUGIN-04", new ThrowingRecord()),
        Arguments.of("PLUGIN-05", new UntoldSetting()),
        Arguments.of("PLUGIN-06", new NullFeatures()),
        Arguments.of("PLUGIN-06", new OtherFeatures()));
  }

  @ParameterizedTest
  @MethodSource("flawed")
  void aFlawBreaksItsRuleAndNoOther(String rule, KnowledgeEncoderFactory<?> flawed) {
    factory = flawed;

    KitRun run = KitRun.of(Kit.class);

    assertThat(run.broken()).as(run.text()).containsExactly(rule);
    assertThat(run.text()).startsWith(rule + " ").contains(flawed.getClass().getName());
  }

  static class WrongSettings extends Kit {
    @Override
    protected List<String> settings() {
      return List.of("shift=far");
    }
  }

  @Test
  void settingsOfTheTestThatDoNotBindBreakARule() {
    factory = new ZooEncoderFactory();

    KitRun run = KitRun.of(WrongSettings.class);

    assertThat(run.broken()).containsExactly("PLUGIN-03");
    assertThat(run.text()).contains("shift", "far");
  }

  @Test
  void oneRuleRunsAloneAndOneThatIsUnknownFails() {
    factory = new ZooEncoderFactory();

    KitRun run = KitRun.ofRule("PLUGIN-02", Kit.class);
    assertThat(run.broken()).isEmpty();
    assertThat(run.passed()).hasSize(1).first().asString().startsWith("PLUGIN-02 ");

    // With a rule of another kind all are left out, as in a build that tests plugins of several
    // kinds.
    assertThat(KitRun.ofRule("READER-01", Kit.class).broken()).isEmpty();
    assertThat(KitRun.ofRule("PLUGIN-O2", Kit.class).failures())
        .isNotEmpty()
        .allSatisfy(
            failure ->
                assertThat(failure)
                    .hasStackTraceContaining("There is no rule PLUGIN-O2 (-Dllm4msr.tck.rule)")
                    .hasStackTraceContaining("Did you mean PLUGIN-02?"));
  }

  /** Makes sound encoders. */
  private abstract static class Sound<C extends Record> implements KnowledgeEncoderFactory<C> {
    private final Class<C> configType;

    Sound(Class<C> configType) {
      this.configType = configType;
    }

    @Override
    public Class<C> configType() {
      return configType;
    }

    @Override
    public KnowledgeEncoder create(C config, EncoderContext context) {
      return new SoundEncoder();
    }
  }

  /** The annotation processor does not look into methods. */
  private static KnowledgeEncoderFactory<?> unregistered() {
    @Plugin(name = "zoo-unregistered", description = "No line of a services file names it")
    final class Unregistered extends Sound<ZooConfig> {
      Unregistered() {
        super(ZooConfig.class);
      }
    }
    return new Unregistered();
  }

  /** Ends its line as old Macs did, which the annotation processor lets pass. */
  @Plugin(name = "zoo-two-lines", description = "One line\rand another")
  public static final class ToldInTwoLines extends Sound<ZooConfig> {
    public ToldInTwoLines() {
      super(ZooConfig.class);
    }
  }

  /** Settings whose default is out of their range. */
  public record OutOfRange(@Setting(value = "A size", defaultValue = "0") @Min(1) int size) {}

  /** Makes encoders of {@link OutOfRange}. */
  @Plugin(name = "zoo-out-of-range", description = "A default that its constraint refuses")
  public static final class DefaultOutOfRange extends Sound<OutOfRange> {
    public DefaultOutOfRange() {
      super(OutOfRange.class);
    }
  }

  /** Settings of which the runtime takes one as the name of the plugin. */
  public record Hidden(@Setting(value = "A name", defaultValue = "a") String name) {}

  /** Makes encoders of {@link Hidden}, and tells the annotation processor of other settings. */
  @Plugin(name = "zoo-hidden", description = "A setting that never reaches it")
  public static final class HiddenSetting extends Sound<ZooConfig> {
    @SuppressWarnings("unchecked")
    public HiddenSetting() {
      super((Class<ZooConfig>) (Class<?>) Hidden.class);
    }
  }

  /** Settings that throw if one is missing. */
  public record Throwing(@Setting(value = "A title", defaultValue = "a") String title) {
    public Throwing {
      requireNonNull(title, "title is null");
    }
  }

  /** Makes encoders of {@link Throwing}. */
  @Plugin(name = "zoo-throwing", description = "A record whose constructor throws")
  public static final class ThrowingRecord extends Sound<Throwing> {
    public ThrowingRecord() {
      super(Throwing.class);
    }
  }

  /** Makes encoders without an answer to what they need. */
  @Plugin(name = "zoo-null-features", description = "Declares null")
  public static final class NullFeatures extends Sound<ZooConfig> {
    public NullFeatures() {
      super(ZooConfig.class);
    }

    @Override
    public Set<EngineFeature> engineFeatures(ZooConfig config) {
      return null;
    }
  }

  /** Makes encoders that declare something else whenever they are asked. */
  @Plugin(name = "zoo-other-features", description = "Declares one thing and another")
  public static final class OtherFeatures extends Sound<ZooConfig> {
    private boolean asked;

    public OtherFeatures() {
      super(ZooConfig.class);
    }

    @Override
    public Set<EngineFeature> engineFeatures(ZooConfig config) {
      asked = !asked;
      return asked ? Set.of() : Set.of(EngineFeature.GATHER);
    }
  }

  /** Settings without a description. */
  public record Untold(@Nullable String title) {}

  /** Makes encoders of {@link Untold}. */
  @Plugin(name = "zoo-untold", description = "A setting without a description")
  public static final class UntoldSetting extends Sound<Untold> {
    public UntoldSetting() {
      super(Untold.class);
    }
  }
}
