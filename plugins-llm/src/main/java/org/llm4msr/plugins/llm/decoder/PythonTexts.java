package org.llm4msr.plugins.llm.decoder;

import com.hubspot.jinjava.el.JinjavaInterpreterResolver;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import jinjava.javax.el.CompositeELResolver;
import jinjava.javax.el.ELContext;
import org.apache.commons.lang3.StringUtils;
import org.jspecify.annotations.Nullable;

/** What Jinjava knows, and methods of Python's texts that Java's lack or do otherwise. */
final class PythonTexts extends CompositeELResolver {

  PythonTexts() {
    add(JinjavaInterpreterResolver.DEFAULT_RESOLVER_READ_ONLY);
  }

  @Override
  public @Nullable Object invoke(
      ELContext context, Object base, Object method, Class<?>[] types, Object[] arguments) {
    Object result =
        base instanceof String text && arguments.length < 2
            ? call(text, method.toString(), arguments.length == 0 ? null : arguments[0])
            : null;
    if (result == null) {
      return super.invoke(context, base, method, types, arguments);
    }
    context.setPropertyResolved(true);
    return result;
  }

  private static @Nullable Object call(String text, String method, @Nullable Object argument) {
    if (argument instanceof Collection<?> parts && method.equals("join")) {
      return StringUtils.join(parts, text);
    }
    if (argument == null) {
      return switch (method) {
        case "strip" -> text.strip();
        case "lstrip" -> text.stripLeading();
        case "rstrip" -> text.stripTrailing();
        case "split" -> List.of(StringUtils.split(text));
        case "upper" -> text.toUpperCase(Locale.ROOT);
        case "lower" -> text.toLowerCase(Locale.ROOT);
        default -> null;
      };
    }
    if (!(argument instanceof String other)) {
      return null;
    }
    return switch (method) {
      case "strip" -> StringUtils.strip(text, other);
      case "lstrip" -> StringUtils.stripStart(text, other);
      case "rstrip" -> StringUtils.stripEnd(text, other);
      case "split" -> List.of(StringUtils.splitByWholeSeparatorPreserveAllTokens(text, other));
      case "startswith" -> text.startsWith(other);
      case "endswith" -> text.endsWith(other);
      case "find" -> text.indexOf(other);
      case "count" -> StringUtils.countMatches(text, other);
      default -> null;
    };
  }
}
