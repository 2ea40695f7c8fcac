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
final class SettingsFault {

  /** The records being examined, the outermost first. */
  private final Deque<Class<?>> open = new ArrayDeque<>();

  private SettingsFault() {}

  /** Returns null if nothing does. */
  static @Nullable Fault of(@Nullable Class<?> settings) {
    return settings == null || !settings.isRecord()
        ? new Fault(
            "BROKEN",
            "configType() returned %s, which is not a record".formatted(settings),
            "Return the class of the settings' record.")
        : new SettingsFault().in(settings);
  }

  private @Nullable Fault in(Class<?> record) {
    open.addLast(record);
    for (RecordComponent component : record.getRecordComponents()) {
      for (Class<?> type : classes(component.getGenericType()).toList()) {
        if (open.contains(type)) {
          return new Fault(
              "RECURSIVE_SETTINGS",
              "its setting %s of %s holds a %s again, so that keys have no end"
                  .formatted(component.getName(), record.getSimpleName(), type.getSimpleName()),
              "Give each depth a record of its own.");
        }
        Fault fault = type.isRecord() ? in(type) : null;
        if (fault != null) {
          return fault;
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
          Stream.of(parameterized.getActualTypeArguments()).flatMap(SettingsFault::classes));
    }
    return type instanceof GenericArrayType array
        ? classes(array.getGenericComponentType())
        : Stream.empty();
  }
}
