package org.llm4msr.plugins.llm.jinja;

import com.hubspot.jinjava.el.JinjavaInterpreterResolver;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import jinjava.javax.el.CompositeELResolver;
import jinjava.javax.el.ELContext;
import jinjava.javax.el.MethodNotFoundException;
import org.apache.commons.lang3.StringUtils;
import org.jspecify.annotations.Nullable;

/** What Jinjava knows, and methods of Python's texts that Java's lack or implement differently. */
final class PythonTexts extends CompositeELResolver {

  /** The white space of Python, which has more characters than that of Java. */
  private static final String SPACES =
      IntStream.rangeClosed(0, 0x3000)
          .filter(c -> Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85)
          .mapToObj(Character::toString)
          .collect(Collectors.joining());

  PythonTexts() {
    add(JinjavaInterpreterResolver.DEFAULT_RESOLVER_READ_ONLY);
  }

  /** Strips characters from both ends; white space if none are given. */
  static String strip(String text, @Nullable String characters) {
    return StringUtils.strip(text, characters == null ? SPACES : characters);
  }

  @Override
  public @Nullable Object invoke(
      ELContext context, Object base, Object method, Class<?>[] types, Object[] arguments) {
    Object result = base instanceof String text ? call(text, method.toString(), arguments) : null;
    if (result == null) {
      return super.invoke(context, base, method, types, arguments);
    }
    context.setPropertyResolved(true);
    return result;
  }

  private static @Nullable Object call(String text, String method, Object[] arguments) {
    Object argument = arguments.length == 0 ? null : arguments[0];
    if (argument instanceof Collection<?> parts && method.equals("join")) {
      return StringUtils.join(parts, text);
    }
    if (method.equals("format") || method.equals("join")) {
      // Java has static ones, which would ignore the text.
      throw new MethodNotFoundException("Cannot find method " + method + " of texts");
    }
    if (arguments.length == 2 && method.equals("split")) {
      return arguments[0] instanceof String by && arguments[1] instanceof Number most
          ? split(text, by, most.intValue())
          : null;
    }
    if (arguments.length > 1) {
      return null;
    }
    if (argument == null) {
      return switch (method) {
        case "strip" -> strip(text, null);
        case "lstrip" -> StringUtils.stripStart(text, SPACES);
        case "rstrip" -> StringUtils.stripEnd(text, SPACES);
        case "split" -> List.of(StringUtils.split(text, SPACES));
        case "upper" -> text.toUpperCase(Locale.ROOT);
        case "lower" -> text.toLowerCase(Locale.ROOT);
        case "capitalize" -> StringUtils.capitalize(text.toLowerCase(Locale.ROOT));
        default -> null;
      };
    }
    if (!(argument instanceof String other)) {
      return null;
    }
    return switch (method) {
      case "strip" -> strip(text, other);
      case "lstrip" -> StringUtils.stripStart(text, other);
      case "rstrip" -> StringUtils.stripEnd(text, other);
      case "split" -> split(text, other, -1);
      case "startswith" -> text.startsWith(other);
      case "endswith" -> text.endsWith(other);
      case "find" -> {
        int at = text.indexOf(other);
        yield at < 0 ? at : text.codePointCount(0, at);
      }
      case "count" -> StringUtils.countMatches(text, other);
      default -> null;
    };
  }

  /** Splits a text at most {@code most} times, or everywhere if that is negative. */
  private static List<String> split(String text, String by, int most) {
    return List.of(text.split(Pattern.quote(by), most < 0 ? -1 : most + 1));
  }
}
