package org.llm4msr.checking;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.PluginFactory;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.KnowledgeConfig;
import org.llm4msr.runtime.config.ModelConfig;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.config.loading.EffectiveConfig;
import org.llm4msr.runtime.config.loading.LoadedConfig;
import org.llm4msr.runtime.plugins.PluginDescriptor;
import org.llm4msr.runtime.plugins.PluginRegistry;

/**
 * The settings of plugins: of a configuration where it names them, and their defaults elsewhere;
 * overrides count before both.
 */
final class Settings {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String SECRET = "***";

  private final PluginRegistry plugins;
  private final ConfigLoader loader;
  private final @Nullable Path file;
  private final List<String> overrides;
  private final Set<String> used = new HashSet<>();
  private final @Nullable ExperimentConfig experiment;
  private final List<PluginChoice<?, ?>> choices;
  private final Path base;

  /**
   * Reads the configuration.
   *
   * @param file of an experiment or a server; null if there is none
   * @param overrides {@code key=value} each; a plugin without a setting of that name has none of it
   * @param empty a folder in place of the configuration's
   * @throws org.llm4msr.api.MsrException as {@link ConfigLoader#load}
   */
  Settings(PluginRegistry plugins, @Nullable Path file, List<String> overrides, Path empty) {
    this.plugins = plugins;
    this.file = file;
    this.overrides = overrides;
    loader = ConfigLoader.standard(plugins);
    if (file != null && ServerPlugins.isServer(loader, file)) {
      experiment = null;
      choices = ServerPlugins.read(loader, file).choices();
      base = Path.of("").toAbsolutePath(); // As a server resolves paths.
    } else {
      LoadedConfig loaded = file == null ? null : loader.load(file, List.of());
      experiment = loaded == null ? null : loaded.config();
      choices = experiment == null ? List.of() : choices(experiment);
      base = loaded == null ? empty : loaded.base();
    }
  }

  /** Returns the engine of the configuration. */
  Optional<String> engine() {
    return Optional.ofNullable(experiment).map(config -> config.runtime().engine());
  }

  /**
   * Returns a plugin with its settings.
   *
   * @throws org.llm4msr.api.MsrException {@code config/INVALID} if they do not bind
   */
  Subject of(PluginDescriptor plugin) {
    PluginFactory<?> factory = plugins.factory(plugin.kind(), plugin.name());
    PluginChoice<?, ?> chosen = chosen(factory);
    List<String> settings = new ArrayList<>(chosen == null ? List.of() : texts(chosen.config()));
    settings.addAll(overridesOf(factory));
    Record config =
        loader.bind(factory.configType(), settings, plugin.kind().title() + " " + plugin.name());
    return new Subject(
        plugin.kind(), plugin.name(), factory, settings, config, base, data(factory));
  }

  private List<String> overridesOf(PluginFactory<?> factory) {
    Set<String> names =
        Stream.of(factory.configType().getRecordComponents())
            .map(RecordComponent::getName)
            .collect(Collectors.toSet());
    List<String> own =
        overrides.stream().filter(override -> names.contains(name(override))).toList();
    used.addAll(own);
    return own;
  }

  /** Returns the setting of an override: what stands before a dot, a bracket or the value. */
  private static String name(String override) {
    return override.split("[.\\[=]", 2)[0];
  }

  /** Returns whether a plugin took an override. */
  boolean uses(String override) {
    return used.contains(override);
  }

  /** Returns whether the configuration names a plugin. */
  boolean names(PluginDescriptor plugin) {
    return choices.stream()
        .anyMatch(
            choice ->
                choice.name().equals(plugin.name())
                    && plugin.kind().service().isInstance(choice.factory()));
  }

  private @Nullable Path data(PluginFactory<?> factory) {
    return experiment == null || experiment.dataset().reader().factory() != factory
        ? null
        : base.resolve(experiment.dataset().path());
  }

  /** Says where the settings of a plugin come from. */
  String origin(Subject subject) {
    String from = chosen(subject.factory()) == null ? "defaults" : "those of " + file;
    return overridesOf(subject.factory()).isEmpty() ? from : from + ", and -D";
  }

  private @Nullable PluginChoice<?, ?> chosen(PluginFactory<?> factory) {
    return choices.stream().filter(choice -> choice.factory() == factory).findFirst().orElse(null);
  }

  private static List<PluginChoice<?, ?>> choices(ExperimentConfig config) {
    List<PluginChoice<?, ?>> all = new ArrayList<>();
    all.add(config.dataset().reader());
    KnowledgeConfig knowledge = config.knowledge();
    if (knowledge != null) {
      all.add(knowledge.prompts().builder());
      all.add(knowledge.encoder());
    }
    ModelConfig model = config.model();
    if (model != null) {
      all.add(model.backbone());
      all.add(model.fusion());
      for (Level level : Level.values()) {
        all.add(model.metaNetworks().of(level).network());
      }
    }
    return all;
  }

  /** Returns settings as on the command line; JSON is YAML. */
  private static List<String> texts(Record config) {
    Map<String, Object> values = EffectiveConfig.of(config).values();
    List<String> texts = new ArrayList<>();
    for (RecordComponent component : config.getClass().getRecordComponents()) {
      Object value = values.get(component.getName());
      if (value != null) {
        Object known = SECRET.equals(value) ? read(config, component) : value;
        texts.add(component.getName() + "=" + json(known));
      }
    }
    return texts;
  }

  private static Object read(Record config, RecordComponent component) {
    try {
      component.getAccessor().setAccessible(true);
      return component.getAccessor().invoke(config);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(component + " cannot be read", e);
    }
  }

  private static String json(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(value.getClass() + " has no JSON form", e);
    }
  }
}
