package org.llm4msr.tck.code;

import java.net.URL;
import org.jspecify.annotations.Nullable;

/**
 * The folder or jar of some code.
 *
 * @param place the start of the addresses of its files
 */
record Home(ClassLoader loader, String place) {

  /** Returns the home of a class, or null for one that was made at run time. */
  static @Nullable Home of(Class<?> type) {
    ClassLoader loader = type.getClassLoader();
    String name = file(type.getName());
    URL url = loader.getResource(name);
    if (url == null) {
      return null;
    }
    String address = url.toString();
    return new Home(loader, address.substring(0, address.length() - name.length()));
  }

  /** Returns the file of a class, or null if its home is another. */
  @Nullable URL find(String type) {
    URL url = loader.getResource(file(type));
    return url != null && url.toString().startsWith(place) ? url : null;
  }

  private static String file(String type) {
    return type.replace('.', '/') + ".class";
  }
}
