package org.llm4msr.plugins.llm.jinja;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.el.TruthyTypeConverter;
import com.hubspot.jinjava.interpret.Context;
import com.hubspot.jinjava.interpret.InterpreterFactory;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.filter.StringFilter;
import java.util.Collection;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Values as Python writes them: {@code True}, {@code ['a', 1]}, {@code {'a': None}}. */
final class PythonValues {

  private PythonValues() {}

  /** Returns what Python's {@code str} makes of values that Java writes otherwise, or null. */
  private static @Nullable String str(@Nullable Object value) {
    if (value instanceof Boolean flag) {
      return flag ? "True" : "False";
    }
    if (value instanceof Collection<?> values) {
      return values.stream().map(PythonValues::repr).collect(Collectors.joining(", ", "[", "]"));
    }
    if (value instanceof Map<?, ?> map) {
      return map.entrySet().stream()
          .map(entry -> repr(entry.getKey()) + ": " + repr(entry.getValue()))
          .collect(Collectors.joining(", ", "{", "}"));
    }
    return null;
  }

  private static String repr(@Nullable Object value) {
    if (value == null) {
      return "None";
    }
    String written = str(value);
    if (written != null) {
      return written;
    }
    return value instanceof CharSequence text ? quoted(text.toString()) : value.toString();
  }

  private static String quoted(String text) {
    char quote = text.contains("'") && !text.contains("\"") ? '"' : '\'';
    String escaped =
        text.replace("\\", "\\\\")
            .replace("\n", "\\n")
            .replace("\r", "\\r")
            .replace("\t", "\\t")
            .replace(String.valueOf(quote), "\\" + quote);
    return quote + escaped + quote;
  }

  /** The filter {@code string}. */
  static final class Text extends StringFilter {
    @Override
    public @Nullable Object filter(
        @Nullable Object value, JinjavaInterpreter interpreter, String... arguments) {
      String written = str(value);
      return written == null ? super.filter(value, interpreter, arguments) : written;
    }
  }

  /** Makes the texts that operators join. */
  static final class Converter extends TruthyTypeConverter {
    private static final long serialVersionUID = 1L;

    @Override
    protected String coerceToString(@Nullable Object value) {
      String written = str(value);
      return written == null ? super.coerceToString(value) : written;
    }
  }

  /** Makes the texts that a template prints. */
  private static final class Printer extends JinjavaInterpreter {
    Printer(Jinjava jinjava, Context context, JinjavaConfig config) {
      super(jinjava, context, config);
    }

    Printer(JinjavaInterpreter outer) {
      super(outer);
    }

    @Override
    public String getAsString(@Nullable Object value) {
      String written = str(value);
      return written == null ? super.getAsString(value) : written;
    }
  }

  /** Makes interpreters that print as Python does. */
  static final class Printers implements InterpreterFactory {
    @Override
    public JinjavaInterpreter newInstance(JinjavaInterpreter outer) {
      return new Printer(outer);
    }

    @Override
    public JinjavaInterpreter newInstance(Jinjava jinjava, Context context, JinjavaConfig config) {
      return new Printer(jinjava, context, config);
    }
  }
}
