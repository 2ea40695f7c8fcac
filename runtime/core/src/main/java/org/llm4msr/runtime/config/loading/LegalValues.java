package org.llm4msr.runtime.config.loading;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Positive;
import jakarta.validation.constraints.PositiveOrZero;
import jakarta.validation.constraints.Size;
import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.WildcardType;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.plugins.PluginKind;

/** Says in words what a setting accepts. */
final class LegalValues {

  private LegalValues() {}

  static String describe(AnnotatedType type, List<Annotation> constraints) {
    return Stream.concat(Stream.of(type(type)), words(constraints))
        .collect(Collectors.joining(", "));
  }

  private static Stream<String> words(List<Annotation> constraints) {
    return constraints.stream().map(LegalValues::constraint).filter(Objects::nonNull);
  }

  /** Returns the values of an enum as users write them. */
  static List<String> enumValues(Class<?> type) {
    return Arrays.stream(type.getEnumConstants())
        .map(constant -> ((Enum<?>) constant).name().toLowerCase(Locale.ROOT).replace('_', '-'))
        .toList();
  }

  static Class<?> raw(Type type) {
    if (type instanceof Class<?> plain) {
      return plain;
    }
    if (type instanceof ParameterizedType parameterized) {
      return raw(parameterized.getRawType());
    }
    if (type instanceof WildcardType wildcard) {
      return raw(wildcard.getUpperBounds()[0]);
    }
    throw new IllegalArgumentException(type + " cannot be configured");
  }

  static boolean isWhole(Class<?> raw) {
    return raw == int.class || raw == Integer.class || raw == long.class || raw == Long.class;
  }

  static boolean isNumber(Class<?> raw) {
    return raw == double.class || raw == Double.class || raw == float.class || raw == Float.class;
  }

  static PluginKind kind(Type choice) {
    return PluginKind.of(raw(((ParameterizedType) choice).getActualTypeArguments()[0]));
  }

  private static String type(AnnotatedType type) {
    Class<?> raw = raw(type.getType());
    if (raw == PluginChoice.class) {
      return "the name of a " + kind(type.getType()).title() + " and its settings";
    }
    if (raw == List.class || raw == Set.class) {
      return "a list, each " + element(type, 0);
    }
    if (raw == Map.class) {
      return "a mapping, each value " + element(type, 1);
    }
    if (raw == Optional.class) {
      return element(type, 0);
    }
    return scalar(raw);
  }

  private static String element(AnnotatedType holder, int index) {
    AnnotatedType type =
        ((AnnotatedParameterizedType) holder).getAnnotatedActualTypeArguments()[index];
    String constraints =
        words(SettingInfo.constraints(type.getAnnotations())).collect(Collectors.joining(" and "));
    return constraints.isEmpty() ? type(type) : type(type) + " " + constraints;
  }

  static String scalar(Class<?> raw) {
    if (raw == AnyValue.class) {
      return "any value";
    }
    if (raw.isEnum()) {
      return "one of " + String.join(", ", enumValues(raw));
    }
    if (raw.isRecord()) {
      return SettingInfo.word(raw)
          .map(word -> scalar(raw(word.type().getType())) + ", or a mapping")
          .orElse("a mapping");
    }
    if (raw == boolean.class || raw == Boolean.class) {
      return "true or false";
    }
    if (isWhole(raw)) {
      return "a whole number";
    }
    if (isNumber(raw)) {
      return "a number";
    }
    return raw == Path.class ? "a path" : "text";
  }

  /** Returns whether a list was to be written here, and something else was. */
  static boolean isNoList(Type type, ConfigNode node) {
    return isList(type) && !(node instanceof ConfigNode.Sequence) && !node.isEmpty();
  }

  /** Returns whether values of a type are written as lists. */
  static boolean isList(Type type) {
    Class<?> raw = raw(type);
    return raw == List.class || raw == Set.class;
  }

  /**
   * Returns an example that can be written: of what was written if that can be, else the default.
   */
  static String exampleOfList(SettingInfo setting, String written) {
    Type item = ((ParameterizedType) setting.type().getType()).getActualTypeArguments()[0];
    Class<?> raw = raw(item);
    boolean numbers = isNumber(raw) || isWhole(raw);
    List<String> items = numbers ? List.of(written.split("[:;,/\\s]+")) : List.of(written);
    String own = items.stream().collect(Collectors.joining(", ", "[", "]"));
    String example = fits(setting, items, raw) ? own : setting.defaultText();
    return example == null || example.equals("[]") ? "" : ", for example " + example;
  }

  private static boolean fits(SettingInfo setting, List<String> items, Class<?> type) {
    try {
      for (String item : items) {
        Scalars.parse(item, type);
      }
    } catch (Scalars.NotOfTheType e) {
      return false;
    }
    return setting.constraints().stream()
        .noneMatch(
            constraint ->
                constraint instanceof Size size
                    && (items.size() < size.min() || items.size() > size.max()));
  }

  private static @Nullable String constraint(Annotation constraint) {
    if (constraint instanceof Min min) {
      return "at least " + min.value();
    }
    if (constraint instanceof Max max) {
      return "at most " + max.value();
    }
    if (constraint instanceof DecimalMin min) {
      return (min.inclusive() ? "at least " : "above ") + min.value();
    }
    if (constraint instanceof DecimalMax max) {
      return (max.inclusive() ? "at most " : "below ") + max.value();
    }
    if (constraint instanceof Positive) {
      return "above 0";
    }
    if (constraint instanceof PositiveOrZero) {
      return "at least 0";
    }
    if (constraint instanceof Size size) {
      return size.max() == Integer.MAX_VALUE
          ? "of length " + size.min() + " or more"
          : size.min() == size.max()
              ? "of length " + size.min()
              : "of length " + size.min() + " to " + size.max();
    }
    if (constraint instanceof NotBlank || constraint instanceof NotEmpty) {
      return "not empty";
    }
    if (constraint instanceof Pattern pattern) {
      return "of the form " + pattern.regexp();
    }
    return null;
  }
}
