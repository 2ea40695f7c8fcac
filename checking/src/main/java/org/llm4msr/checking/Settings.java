package org.llm4msr.checking;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
 * The settings of plugins: of a configuration where it names them, and their defaults elsewhere.
 */
final class Settings {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String SECRET = "***";

  private final PluginRegistry plugins;
  private final ConfigLoader loader;
  private final @Nullable LoadedConfig file;
  private final Path empty;

  /**
   * Reads the configuration.
   *
   * @param file null if there is none
   * @param empty a folder in place of the configuration's
   * @throws org.llm4msr.api.MsrException as {@link ConfigLoader#load}
   */
  Settings(PluginRegistry plugins, @Nullable Path file, Path empty) {
    this.plugins = plugins;
    this.loader = ConfigLoader.standard(plugins);
    this.file = file == null ? null : loader.load(file, List.of());
    this.empty = empty;
  }

  /** Returns the engine of the configuration. */
  Optional<String> engine() {
    return Optional.ofNullable(file).map(loaded -> loaded.config().runtime().engine());
  }

  /**
   * Returns a plugin with its settings.
   *
   * @throws org.llm4msr.api.MsrException {@code config/INVALID} if they do not bind
   */
  Subject of(PluginDescriptor plugin) {
    PluginFactory<?> factory = plugins.factory(plugin.kind(), plugin.name());
    PluginChoice<?, ?> chosen = chosen(factory);
    List<String> settings = chosen == null ? List.of() : texts(chosen.config());
    Record config =
        loader.bind(factory.configType(), settings, plugin.kind().title() + " " + plugin.name());
    Path base = file == null ? empty : file.base();
    return new Subject(
        plugin.kind(), plugin.name(), factory, settings, config, base, data(factory));
  }

  private @Nullable Path data(PluginFactory<?> factory) {
    return file == null || file.config().dataset().reader().factory() != factory
        ? null
        : file.base().resolve(file.config().dataset().path());
  }

  /** Says where the settings of a plugin come from. */
  String origin(Subject subject) {
    return file == null || chosen(subject.factory()) == null
        ? "defaults"
        : "those of " + file.file();
  }

  private @Nullable PluginChoice<?, ?> chosen(PluginFactory<?> factory) {
    return file == null
        ? null
        : choices(file.config())
            .filter(choice -> choice.factory() == factory)
            .findFirst()
            .orElse(null);
  }

  private static Stream<PluginChoice<?, ?>> choices(ExperimentConfig config) {
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
    return all.stream();
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
