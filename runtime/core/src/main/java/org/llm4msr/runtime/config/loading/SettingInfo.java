package org.llm4msr.runtime.config.loading;

import jakarta.validation.Constraint;
import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;
import org.llm4msr.runtime.config.Inline;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.Word;
import org.llm4msr.runtime.config.loading.ConfigNode.Entry;
import org.llm4msr.runtime.config.loading.ConfigNode.Mapping;

/**
 * One key of a configuration record, as its annotations describe it. The binder, the error texts,
 * {@code plugins describe} and the JSON Schema all read this.
 *
 * @param key the key in YAML
 * @param type the Java type, with the annotations on its type arguments
 * @param description one sentence, may be empty
 * @param defaultText the default as YAML; null if there is none
 * @param optional whether the key may be missing without a default
 * @param inline whether it is a plugin whose keys are beside this record's
 * @param word whether it is what the record is written as instead of keys
 * @param secret whether the value must not be shown
 * @param operational whether it has no effect on the result
 * @param before the value that holds for older files, or empty
 * @param formerly an older name, or empty
 * @param constraints the Jakarta constraints
 */
record SettingInfo(
    String key,
    AnnotatedType type,
    String description,
    @Nullable String defaultText,
    boolean optional,
    boolean inline,
    boolean word,
    boolean secret,
    boolean operational,
    String before,
    String formerly,
    List<Annotation> constraints) {

  public SettingInfo {
    constraints = List.copyOf(constraints);
  }

  /** Returns the keys of a record, in order. */
  public static List<SettingInfo> of(Class<?> record) {
    return Arrays.stream(record.getRecordComponents())
        .map(component -> of(record, component))
        .toList();
  }

  /** Returns what a record may be written as instead of keys. */
  static Optional<SettingInfo> word(Class<?> record) {
    return of(record).stream().filter(SettingInfo::word).findFirst();
  }

  private static SettingInfo of(Class<?> record, RecordComponent component) {
    Setting setting = component.getAnnotation(Setting.class);
    String defaultValue = setting == null ? "" : setting.defaultValue();
    boolean optional =
        component.getAnnotatedType().isAnnotationPresent(Nullable.class)
            || component.getType() == Optional.class;
    return new SettingInfo(
        component.getName(),
        component.getAnnotatedType(),
        setting == null ? "" : setting.value(),
        defaultValue.isEmpty() ? null : defaultValue,
        optional,
        component.isAnnotationPresent(Inline.class),
        component.isAnnotationPresent(Word.class),
        setting != null && setting.secret(),
        setting != null && setting.operational(),
        setting == null ? "" : setting.before(),
        setting == null ? "" : setting.formerly(),
        constraints(record, component.getName()));
  }

  private static List<Annotation> constraints(Class<?> record, String name) {
    try {
      return constraints(record.getDeclaredField(name).getAnnotations());
    } catch (NoSuchFieldException e) {
      throw new AssertionError("every record component has a field", e);
    }
  }

  static List<Annotation> constraints(Annotation[] annotations) {
    return Arrays.stream(annotations)
        .filter(annotation -> annotation.annotationType().isAnnotationPresent(Constraint.class))
        .toList();
  }

  /** Returns whether the key must be written. */
  public boolean required() {
    return defaultText == null && !optional && !inline;
  }

  /**
   * Returns the value, as YAML, of a file that was written when there was no such setting; null if
   * there is none.
   */
  @Nullable String earlier() {
    if (before.isEmpty()) {
      return defaultText;
    }
    return before.equals("null") ? null : before;
  }

  /** Returns the name of the plugin that the default names; null if it names none. */
  @Nullable Entry defaultPlugin() {
    Class<?> raw = LegalValues.raw(type.getType());
    boolean plugin =
        raw == PluginChoice.class
            || (raw.isRecord() && of(raw).stream().anyMatch(SettingInfo::inline));
    if (!plugin || defaultText == null) {
      return null;
    }
    YamlReader reader = new YamlReader(Origin.DEFAULT.layer(), "default", new Problems());
    return reader.read(defaultText) instanceof Mapping mapping
        ? mapping.entries().get("name")
        : null;
  }

  /** Returns the legal values in words: type and constraints. */
  public String legal() {
    return LegalValues.describe(type, constraints);
  }
}
