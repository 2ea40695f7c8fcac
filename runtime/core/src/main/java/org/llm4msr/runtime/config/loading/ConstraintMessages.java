package org.llm4msr.runtime.config.loading;

import jakarta.validation.MessageInterpolator;
import jakarta.validation.constraints.Size;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.hibernate.validator.messageinterpolation.ParameterMessageInterpolator;
import org.llm4msr.runtime.plugins.ContextLoader;

/**
 * English texts of constraints, without expression language. A plugin's own constraint finds its
 * {@code {key}} in the {@code ValidationMessages.properties} of the plugin's jar.
 */
final class ConstraintMessages implements MessageInterpolator {

  private final Map<ClassLoader, MessageInterpolator> byLoader = new ConcurrentHashMap<>();

  @Override
  public String interpolate(String template, Context context) {
    return interpolate(template, context, Locale.ENGLISH);
  }

  @Override
  public String interpolate(String template, Context context, Locale locale) {
    if (template.startsWith("{jakarta.")
        && context.getConstraintDescriptor().getAnnotation() instanceof Size size) {
      boolean isText = context.getValidatedValue() instanceof CharSequence;
      return "must have %s %s".formatted(count(size), isText ? "characters" : "elements");
    }
    ClassLoader loader =
        context.getConstraintDescriptor().getAnnotation().annotationType().getClassLoader();
    MessageInterpolator texts = byLoader.computeIfAbsent(loader, absent -> english());
    try (ContextLoader scope = ContextLoader.ofLoader(loader)) {
      return texts.interpolate(template, context, Locale.ENGLISH);
    }
  }

  private static String count(Size size) {
    if (size.min() == size.max()) {
      return String.valueOf(size.min());
    }
    if (size.max() == Integer.MAX_VALUE) {
      return "at least " + size.min();
    }
    return size.min() == 0 ? "at most " + size.max() : size.min() + " to " + size.max();
  }

  /** Looks up bundles through the context class loader, and caches them. */
  private static MessageInterpolator english() {
    return new ParameterMessageInterpolator(
        Set.of(Locale.ENGLISH), Locale.ENGLISH, context -> Locale.ENGLISH, false);
  }
}
