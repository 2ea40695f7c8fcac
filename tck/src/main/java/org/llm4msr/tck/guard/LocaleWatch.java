package org.llm4msr.tck.guard;

import java.util.List;
import java.util.Locale;
import java.util.Locale.Category;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The default locales of the process. */
final class LocaleWatch implements ResourceWatch {

  private final Defaults before = Defaults.now();

  @Override
  public List<String> leftovers() {
    Defaults after = Defaults.now();
    if (after.equals(before)) {
      return List.of();
    }
    before.restore();
    return List.of("the default locale " + after + " in place of " + before);
  }

  /** The locale itself, and what code may set apart from it. */
  private record Defaults(Locale locale, Locale display, Locale format) {

    static Defaults now() {
      return new Defaults(
          Locale.getDefault(),
          Locale.getDefault(Category.DISPLAY),
          Locale.getDefault(Category.FORMAT));
    }

    void restore() {
      Locale.setDefault(locale);
      Locale.setDefault(Category.DISPLAY, display);
      Locale.setDefault(Category.FORMAT, format);
    }

    @Override
    public String toString() {
      return Stream.of(locale, display, format)
          .distinct()
          .map(Locale::toLanguageTag)
          .collect(Collectors.joining(", "));
    }
  }
}
