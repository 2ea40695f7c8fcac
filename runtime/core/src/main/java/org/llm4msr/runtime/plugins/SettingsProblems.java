package org.llm4msr.runtime.plugins;

import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Finds out what makes a type unusable as the settings of a factory. */
final class SettingsProblems {

  /** The records being examined, the outermost first. */
  private final Deque<Class<?>> open = new ArrayDeque<>();

  private SettingsProblems() {}

  /** Returns null if nothing does. */
  static @Nullable PluginProblem of(@Nullable Class<?> settings) {
    return settings == null || !settings.isRecord()
        ? new PluginProblem(
            "BROKEN",
            "configType() returned %s, which is not a record".formatted(settings),
            "Return the class of the settings' record.")
        : new SettingsProblems().recursion(settings);
  }

  private @Nullable PluginProblem recursion(Class<?> record) {
    open.addLast(record);
    for (RecordComponent component : record.getRecordComponents()) {
      for (Class<?> type : classes(component.getGenericType()).toList()) {
        if (open.contains(type)) {
          return new PluginProblem(
              "RECURSIVE_SETTINGS",
              "its setting %s of %s holds a %s again, so that keys have no end"
                  .formatted(component.getName(), record.getSimpleName(), type.getSimpleName()),
              "Give each depth a record of its own.");
        }
        PluginProblem problem = type.isRecord() ? recursion(type) : null;
        if (problem != null) {
          return problem;
        }
      }
    }
    open.removeLast();
    return null;
  }

  /** The class and those of its type parameters, such as a list's elements. */
  private static Stream<Class<?>> classes(Type type) {
    if (type instanceof Class<?> plain) {
      return plain.isArray() ? classes(plain.getComponentType()) : Stream.of(plain);
    }
    if (type instanceof ParameterizedType parameterized) {
      return Stream.concat(
          classes(parameterized.getRawType()),
          Stream.of(parameterized.getActualTypeArguments()).flatMap(SettingsProblems::classes));
    }
    return type instanceof GenericArrayType array
        ? classes(array.getGenericComponentType())
        : Stream.empty();
  }
}
