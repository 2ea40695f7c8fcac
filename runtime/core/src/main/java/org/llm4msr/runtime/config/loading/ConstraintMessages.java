package org.llm4msr.runtime.config.loading;

import jakarta.validation.MessageInterpolator;
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
    ClassLoader loader =
        context.getConstraintDescriptor().getAnnotation().annotationType().getClassLoader();
    MessageInterpolator texts = byLoader.computeIfAbsent(loader, absent -> english());
    try (ContextLoader scope = ContextLoader.ofLoader(loader)) {
      return texts.interpolate(template, context, Locale.ENGLISH);
    }
  }

  /** Looks up bundles through the context class loader, and caches them. */
  private static MessageInterpolator english() {
    return new ParameterMessageInterpolator(
        Set.of(Locale.ENGLISH), Locale.ENGLISH, context -> Locale.ENGLISH, false);
  }
}
