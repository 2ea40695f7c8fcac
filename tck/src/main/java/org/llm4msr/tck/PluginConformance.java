package org.llm4msr.tck;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayNameGeneration;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.PluginFactory;
import org.llm4msr.api.Setting;
import org.llm4msr.api.UnsupportedFeatureException;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.config.loading.ReservedKeys;
import org.llm4msr.runtime.engine.EngineFeatures;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.tck.code.EngineCalls;
import org.llm4msr.tck.guard.ResourceGuard;
import org.llm4msr.tck.harness.Finding;
import org.llm4msr.tck.harness.TestEngines;
import org.llm4msr.tck.rule.RequirementLevel;
import org.llm4msr.tck.rule.Rule;
import org.llm4msr.tck.rule.RuleInfo;
import org.llm4msr.tck.rule.TestSubject;

/**
 * The common part of all kits: the factory, its settings, and the rules of packaging. The
 * capability set consists of the factory's own answers ({@code engineFeatures}, {@code inputs},
 * {@code hasHidden}, {@code requires} and so on); both answers are tested.
 *
 * @param <F> the factory type of the kind
 */
@ExtendWith({RuleExtension.class, ResourceGuard.class})
@DisplayNameGeneration(RuleNames.class)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
public abstract class PluginConformance<F extends PluginFactory<?>> implements TestSubject {

  private final Class<? extends PluginFactory<?>> service;

  /** Makes the kit of a kind; {@code service} is its factory type. */
  @SuppressWarnings("unchecked") // A class literal of a generic type is raw.
  PluginConformance(@SuppressWarnings("rawtypes") Class<? extends PluginFactory> service) {
    this.service = (Class<? extends PluginFactory<?>>) service;
  }

  /** Returns the factory under test. */
  protected abstract F factory();

  /**
   * Returns settings other than the defaults, as on the command line, for example {@code
   * "experts=3"} or {@code "expert=[8, 4]"}. Settings of small models make the tests fast.
   */
  protected List<String> settings() {
    return List.of();
  }

  /** Returns the ids of SHOULD rules that this plugin breaks on purpose, with the reason. */
  protected Map<String, String> waived() {
    return Map.of();
  }

  /** Returns the last input and output, for failures; empty if they are not informative. */
  String lastExchange() {
    return "";
  }

  /** Returns the settings of the factory under test, bound and checked as in a run. */
  final Record config() {
    return config(settings());
  }

  /** Returns other settings, bound and checked as in a run. */
  final Record config(List<String> settings) {
    return bind(factory().configType(), settings);
  }

  /** Returns settings of another plugin, bound and checked as in a run. */
  static Record bind(Class<? extends Record> type, List<String> settings) {
    return Binding.LOADER.bind(type, settings, type.getName());
  }

  /** Shared by all rules: finding the plugins and making a validator takes longer than a rule. */
  private static final class Binding {
    static final ConfigLoader LOADER = ConfigLoader.standard(PluginRegistry.load());
  }

  private boolean binds() {
    try {
      config();
      return true;
    } catch (RuntimeException e) {
      return false;
    }
  }

  /** Returns the features that the plugin declares; PLUGIN-06 finds a missing answer. */
  final Set<EngineFeature> declaredFeatures() {
    Set<EngineFeature> declared = engineFeatures();
    return declared == null ? Set.of() : declared;
  }

  private Set<EngineFeature> lacking() {
    Set<EngineFeature> lacking = new TreeSet<>(declaredFeatures());
    lacking.removeAll(EngineFeatures.of(TestEngines.name()));
    return lacking;
  }

  private @Nullable Set<EngineFeature> engineFeatures() {
    PluginFactory<?> factory = factory();
    return features(factory, config());
  }

  private static <C extends Record> @Nullable Set<EngineFeature> features(
      PluginFactory<C> factory, Record config) {
    return factory.engineFeatures(factory.configType().cast(config));
  }

  /** Returns whether a rule is tested on an engine that lacks what the plugin declares. */
  boolean runsWithout(RuleInfo rule, Set<EngineFeature> lacking) {
    return rule.id().startsWith("PLUGIN-");
  }

  /** Returns why a rule is not tested, or nothing. */
  Optional<String> leftOut(RuleInfo rule) {
    boolean needsSettings = !rule.id().startsWith("PLUGIN-") || rule.id().equals("PLUGIN-06");
    if (needsSettings && !binds()) {
      return Optional.of("the settings do not bind; PLUGIN-03 tests that");
    }
    if (needsSettings && !lacking().isEmpty() && !runsWithout(rule, lacking())) {
      return Optional.of(
          "the plugin declares to need %s, which %s lacks; PLUGIN-06 tests the refusal"
              .formatted(lacking(), TestEngines.name()));
    }
    String reason = waived().get(rule.id());
    return rule.level() == RequirementLevel.SHOULD && reason != null
        ? Optional.of("waived: " + reason)
        : Optional.empty();
  }

  /** Returns why a failure of this rule is to be found by another rule, or nothing. */
  Optional<String> excuse(RuleInfo rule) {
    return Optional.empty();
  }

  /** Returns a class of the plugin; where the factory cannot be made, of its test. */
  final Class<?> codeOfPlugin() {
    try {
      return factory().getClass();
    } catch (RuntimeException | LinkageError e) {
      return getClass();
    }
  }

  @Override
  public final List<String> hints(RuleInfo rule) {
    return dependsOnTheEngine(rule) ? EngineCalls.hints(codeOfPlugin()) : List.of();
  }

  /** Returns whether code that takes the default engine may break a rule. */
  boolean dependsOnTheEngine(RuleInfo rule) {
    return rule.id().startsWith("GUARD-");
  }

  /** Makes the plugin and uses it on small data, as most rules do. */
  abstract void use() throws IOException;

  @Rule(
      id = "RUN-01",
      says = "works on small data without an exception",
      checkFirst = {
        "the line that the failure names; the stack trace shows how it was reached",
        "rules that meet the same exception at the same line are skipped"
      })
  @Order(1)
  final void runs() throws IOException {
    use();
  }

  /** Returns the name of the plugin. */
  final String name() {
    Plugin plugin = codeOfPlugin().getAnnotation(Plugin.class);
    return plugin == null ? "(no @Plugin)" : plugin.name();
  }

  @Override
  public final String subject() {
    String settings = settings().isEmpty() ? "default settings" : String.join(" ", settings());
    String engine = TestEngines.loaded().isPresent() ? ", " + TestEngines.name() : "";
    return "%s (%s), %s%s".formatted(name(), codeOfPlugin().getName(), settings, engine);
  }

  @Rule(
      id = "PLUGIN-01",
      says = "is found through ServiceLoader under its name, by a public constructor",
      checkFirst = {
        "llm4msr-processor in the <annotationProcessorPaths> of maven-compiler-plugin, or a file"
            + " META-INF/services/<full name of the kind's factory type>",
        "mvn clean verify after a change of that path: Maven compiles nothing again for it",
        "@Plugin with a name of the form [a-z][a-z0-9-]*, that no other plugin of the kind has",
        "the factory is a public class with a public constructor without parameters"
      })
  final void isFound() {
    Plugin plugin = factory().getClass().getAnnotation(Plugin.class);
    Finding.unless(plugin != null, "@Plugin on " + factory().getClass().getName(), "none");
    PluginRegistry registry = PluginRegistry.load();
    Object found = registry.factory(PluginKind.of(service), plugin.name());
    Finding.unlessEqual(
        "the plugin '" + plugin.name() + "' is", factory().getClass(), found.getClass());
  }

  @Rule(
      id = "PLUGIN-02",
      says = "has a description of one line",
      checkFirst = {"@Plugin(description = ...): users see it in plugins list"})
  final void isDescribed() {
    Plugin plugin = factory().getClass().getAnnotation(Plugin.class);
    String description = plugin == null ? "" : plugin.description();
    Finding.unless(
        !description.isBlank() && description.lines().count() == 1,
        "a description of one line",
        "'" + description + "'");
  }

  @Rule(
      id = "PLUGIN-03",
      says = "accepts its own defaults",
      checkFirst = {
        "the defaultValue of every @Setting is YAML of the component's type",
        "the defaults keep the record's own Jakarta constraints",
        "a setting without a default is required: give it in settings() of the test",
        "what else settings() holds is bound after the defaults alone",
        "no setting has the name of a key that the runtime reads itself, such as name, or layers of"
            + " a meta network"
      })
  final void acceptsItsDefaults() {
    Set<String> names = new TreeSet<>();
    for (RecordComponent component : factory().configType().getRecordComponents()) {
      names.add(component.getName());
    }
    names.retainAll(ReservedKeys.of(PluginKind.of(service)));
    Finding.unlessEqual("settings that the runtime reads itself", Set.of(), names);
    config(settings().stream().filter(this::isRequired).toList());
    config();
  }

  /** Returns whether the record has no default for the key in a text "key=value". */
  private boolean isRequired(String setting) {
    String key = setting.split("[.=\\[]", 2)[0];
    return Arrays.stream(factory().configType().getRecordComponents())
        .filter(component -> component.getName().equals(key))
        .map(component -> component.getAnnotation(Setting.class))
        .noneMatch(declared -> declared != null && !declared.defaultValue().isEmpty());
  }

  @Rule(
      id = "PLUGIN-04",
      says = "never throws in the constructor of its record",
      checkFirst = {
        "use Jakarta constraints on the components in place of checks in the constructor: an"
            + " exception there hides all other problems of a user's file",
        "components may be null while the runtime binds: no List.copyOf or requireNonNull"
      })
  final void recordsDoNotThrow() throws ReflectiveOperationException {
    Class<? extends Record> type = factory().configType();
    RecordComponent[] components = type.getRecordComponents();
    Constructor<? extends Record> constructor =
        type.getDeclaredConstructor(
            Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
    constructor.setAccessible(true);
    try {
      constructor.newInstance(Arrays.stream(components).map(c -> nothing(c.getType())).toArray());
    } catch (InvocationTargetException e) {
      throw new Finding("no exception from values that are missing", "" + e.getCause());
    }
  }

  @Rule(
      id = "PLUGIN-05",
      level = RequirementLevel.SHOULD,
      says = "describes each of its settings",
      checkFirst = {"@Setting(\"...\") on every component of the configuration record"})
  final void describesItsSettings() {
    for (RecordComponent component : factory().configType().getRecordComponents()) {
      Setting setting = component.getAnnotation(Setting.class);
      Finding.unless(
          setting != null && !setting.value().isBlank(),
          "@Setting with a sentence on the component '" + component.getName() + "'",
          setting == null ? "no @Setting" : "an empty one");
    }
  }

  @Rule(
      id = "PLUGIN-06",
      says =
          "declares what it needs of the engine, so that an engine without it is refused before"
              + " creation",
      checkFirst = {
        "engineFeatures(config) returns a set, empty where plain operations suffice",
        "it answers from the configuration alone, the same at every call",
        "a supported engine has all of them"
      })
  final void declaresWhatItNeedsOfTheEngine() {
    Set<EngineFeature> declared = engineFeatures();
    if (declared == null) {
      throw new Finding("a set of engine features", "null");
    }
    Finding.unlessSteady("the engine features", () -> Optional.ofNullable(engineFeatures()));
    Finding.unless(
        !EngineFeatures.having(declared).isEmpty(),
        "features that a supported engine has",
        declared);
    if (!lacking().isEmpty()) {
      isRefused(declared);
    }
  }

  private void isRefused(Set<EngineFeature> declared) {
    String refusal = "no refusal";
    try {
      EngineFeatures.require(TestEngines.name(), subject(), declared);
    } catch (UnsupportedFeatureException e) {
      refusal = String.valueOf(e.getMessage());
    }
    List<String> expectedNames = new ArrayList<>(List.of(name(), TestEngines.name()));
    lacking().forEach(feature -> expectedNames.add(feature.name()));
    expectedNames.addAll(EngineFeatures.having(declared));
    Finding.unless(
        expectedNames.stream().allMatch(refusal::contains),
        "a refusal that names " + expectedNames,
        refusal);
  }

  private static @Nullable Object nothing(Class<?> type) {
    if (!type.isPrimitive()) {
      return null;
    }
    return java.lang.reflect.Array.get(java.lang.reflect.Array.newInstance(type, 1), 0);
  }
}
