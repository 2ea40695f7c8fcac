package org.llm4msr.api.internal;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Stability;

/** Copies of records that have many components, of which few change. */
@Stability(level = Stability.Level.INTERNAL, since = "0.1")
public final class Records {

  private Records() {}

  /**
   * Returns a copy with another value of a component.
   *
   * @throws IllegalArgumentException if there is no such component, or it has another type
   */
  public static <R extends Record> R with(R record, String name, @Nullable Object value) {
    RecordComponent[] components = record.getClass().getRecordComponents();
    Class<?>[] types = new Class<?>[components.length];
    @Nullable Object[] values = new Object[components.length];
    boolean found = false;
    try {
      for (int i = 0; i < components.length; i++) {
        boolean other = components[i].getName().equals(name);
        Method read = components[i].getAccessor();
        read.setAccessible(true);
        types[i] = components[i].getType();
        values[i] = other ? value : read.invoke(record);
        found |= other;
      }
      if (!found) {
        throw new IllegalArgumentException("%s has no %s".formatted(record.getClass(), name));
      }
      @SuppressWarnings("unchecked") // The class of an R is a Class<? extends R>.
      Class<R> type = (Class<R>) record.getClass();
      Constructor<R> constructor = type.getDeclaredConstructor(types);
      constructor.setAccessible(true);
      return constructor.newInstance(values);
    } catch (InvocationTargetException e) {
      throw new IllegalArgumentException(name + " cannot be " + value, e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(record.getClass() + " has no canonical constructor", e);
    }
  }
}
