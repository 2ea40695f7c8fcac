package org.llm4msr.runtime.config.loading;

import static java.util.Objects.requireNonNull;

import jakarta.inject.Inject;
import jakarta.validation.Validator;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.config.ExperimentConfig;
import org.llm4msr.runtime.config.loading.ConfigNode.Entry;
import org.llm4msr.runtime.config.loading.ConfigNode.Mapping;
import org.llm4msr.runtime.config.loading.RecordBinder.Writer;
import org.llm4msr.runtime.plugins.PluginRegistry;

/**
 * Reads YAML into validated records. Everything that is wrong is reported at once, with key, value,
 * rule, file and line. Safe for use by several threads.
 */
public final class ConfigLoader {

  private final PluginRegistry plugins;
  private final ConstraintCheck constraints;

  /** Makes a loader that knows these plugins. */
  @Inject
  public ConfigLoader(PluginRegistry plugins, Validator validator) {
    this.plugins = plugins;
    this.constraints = new ConstraintCheck(validator);
  }

  /** Makes a loader with a validator of its own. */
  public static ConfigLoader standard(PluginRegistry plugins) {
    return new ConfigLoader(plugins, ConstraintCheck.newValidator());
  }

  /** Makes the validator that {@link #standard} uses. */
  public static Validator newValidator() {
    return ConstraintCheck.newValidator();
  }

  /**
   * Reads an experiment.
   *
   * @param overrides {@code key.path=value} each, value as YAML; later ones win
   * @throws org.llm4msr.api.MsrException {@code config/INVALID} with every problem, {@code
   *     config/NOT_FOUND}, {@code config/UNREADABLE}, {@code config/CYCLE} or {@code
   *     config/OVERRIDE}
   */
  public LoadedConfig load(Path file, List<String> overrides) {
    return load(file, overrides, Writer.USER);
  }

  /**
   * Reads the stored configuration of a run. Its secrets were not stored, so they may be missing;
   * settings that there were not yet have {@link org.llm4msr.api.Setting#before()}.
   *
   * @throws org.llm4msr.api.MsrException as {@link #load}
   */
  public LoadedConfig loadStored(Path file) {
    return load(file, List.of(), Writer.RUN);
  }

  private LoadedConfig load(Path file, List<String> overrides, Writer writer) {
    Problems problems = new Problems();
    RecordBinder binder = new RecordBinder(plugins, problems, writer);
    ExperimentConfig experiment = read(ExperimentConfig.class, file, overrides, binder, problems);
    return new LoadedConfig(
        experiment, file, EffectiveConfig.of(experiment, binder::origin), problems.warnings());
  }

  /**
   * Reads a file that is not an experiment.
   *
   * @throws org.llm4msr.api.MsrException as {@link #load}
   */
  public <C extends Record> C read(Class<C> type, Path file) {
    return read(type, file, List.of());
  }

  /**
   * Reads a file that is not an experiment.
   *
   * @param overrides {@code key.path=value} each
   * @throws org.llm4msr.api.MsrException as {@link #load}
   */
  public <C extends Record> C read(Class<C> type, Path file, List<String> overrides) {
    Problems problems = new Problems();
    return read(type, file, overrides, new RecordBinder(plugins, problems), problems);
  }

  /**
   * Reads of a file what a record has, at any depth, and looks at no other keys.
   *
   * @throws org.llm4msr.api.MsrException as {@link #load}
   */
  public <C extends Record> C readPart(Class<C> type, Path file) {
    Problems problems = new Problems();
    Mapping part = part(type, layers(file, List.of(), problems));
    return bound(type, file, part, new RecordBinder(plugins, problems), problems);
  }

  private static Mapping part(Class<?> type, Mapping all) {
    Map<String, Entry> kept = new LinkedHashMap<>();
    for (RecordComponent component : type.getRecordComponents()) {
      Entry entry = all.entries().get(component.getName());
      if (entry == null) {
        continue;
      }
      Class<?> section = component.getType();
      boolean isSection = section.isRecord() && section.getTypeParameters().length == 0;
      kept.put(
          component.getName(),
          isSection && section != AnyValue.class && entry.value() instanceof Mapping mapping
              ? new Entry(entry.key(), part(section, mapping))
              : entry);
    }
    return new Mapping(kept, all.origin());
  }

  private <C extends Record> C read(
      Class<C> type, Path file, List<String> overrides, RecordBinder binder, Problems problems) {
    return bound(type, file, layers(file, overrides, problems), binder, problems);
  }

  private static Mapping layers(Path file, List<String> overrides, Problems problems) {
    Mapping root = new ConfigLayers(problems).load(file, overrides);
    if (problems.unreadable()) {
      problems.throwIfAny(file.toString());
    }
    return root;
  }

  private <C extends Record> C bound(
      Class<C> type, Path file, Mapping root, RecordBinder binder, Problems problems) {
    Record config = bind(type, root, binder, problems);
    problems.throwIfAny(file.toString());
    return type.cast(requireNonNull(config, "bound"));
  }

  /**
   * Binds a record from overrides alone, for example the settings of a generator.
   *
   * @param subject the thing that the overrides configure, for the error text
   */
  public <C extends Record> C bind(Class<C> type, List<String> overrides, String subject) {
    Problems problems = new Problems();
    Mapping root = new ConfigLayers(problems).overridesOnly(overrides);
    return bind(
        type,
        root,
        new RecordBinder(plugins, problems),
        problems,
        subject,
        "Fix this and run the command again.");
  }

  /**
   * Binds a record from values that a program wrote, and overrides. Settings that there were not
   * yet have {@link org.llm4msr.api.Setting#before()}.
   *
   * @param source the file that holds the values, for the error text
   * @param json an object with the values
   * @param wayOut the advice to a user about values that do not fit
   */
  public <C extends Record> C bind(
      Class<C> type, Path source, String json, List<String> overrides, String wayOut) {
    Problems problems = new Problems();
    Mapping root =
        new ConfigLayers(problems).written(source.getFileName().toString(), json, overrides);
    RecordBinder binder = new RecordBinder(plugins, problems, Writer.PROGRAM);
    return bind(type, root, binder, problems, source.toString(), wayOut);
  }

  private <C extends Record> C bind(
      Class<C> type,
      Mapping root,
      RecordBinder binder,
      Problems problems,
      String subject,
      String wayOut) {
    Record config = bind(type, root, binder, problems);
    problems.throwIfAny(subject, wayOut);
    return type.cast(requireNonNull(config, "bound"));
  }

  private @Nullable Record bind(
      Class<? extends Record> type, Mapping root, RecordBinder binder, Problems problems) {
    Record config = binder.bind(type, root, "");
    if (config != null) {
      constraints.check(config, binder, problems);
    }
    return config;
  }
}
