package org.llm4msr.plugins.llm.jinja;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter.NopIndenter;
import com.fasterxml.jackson.core.util.Separators;
import com.fasterxml.jackson.core.util.Separators.Spacing;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.hubspot.jinjava.interpret.InterpretException;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.filter.AdvancedFilter;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code tojson} as transformers has it, which writes JSON as Python's {@code json.dumps} does and
 * leaves letters of all languages as they are; with {@code ensure_ascii}, {@code indent} and {@code
 * sort_keys}.
 */
final class ToJson implements AdvancedFilter {

  private static final List<String> KNOWN = List.of("ensure_ascii", "indent", "sort_keys");

  @Override
  public String getName() {
    return "tojson";
  }

  @Override
  public Object filter(
      @Nullable Object value,
      JinjavaInterpreter interpreter,
      Object[] arguments,
      Map<String, Object> named) {
    if (arguments.length > 0 || !KNOWN.containsAll(named.keySet())) {
      throw new InterpretException("of tojson only " + KNOWN + " are known here, by name");
    }
    try {
      return JsonMapper.builder()
          .configure(
              JsonWriteFeature.ESCAPE_NON_ASCII, Boolean.TRUE.equals(named.get("ensure_ascii")))
          .configure(JsonWriteFeature.WRITE_HEX_UPPER_CASE, false)
          .configure(
              SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS,
              Boolean.TRUE.equals(named.get("sort_keys")))
          .build()
          .writer(printer(named.get("indent")))
          .writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new InterpretException("tojson: " + e.getOriginalMessage(), e);
    }
  }

  private static DefaultPrettyPrinter printer(@Nullable Object indent) {
    Spacing afterComma = indent == null ? Spacing.AFTER : Spacing.NONE;
    Separators separators =
        new Separators()
            .withObjectFieldValueSpacing(Spacing.AFTER)
            .withObjectEntrySpacing(afterComma)
            .withArrayValueSpacing(afterComma)
            .withObjectEmptySeparator("")
            .withArrayEmptySeparator("");
    DefaultPrettyPrinter printer = new DefaultPrettyPrinter(separators);
    DefaultPrettyPrinter.Indenter lines =
        indent instanceof Number spaces
            ? new DefaultIndenter(" ".repeat(spaces.intValue()), "\n")
            : NopIndenter.instance;
    printer.indentArraysWith(lines);
    printer.indentObjectsWith(lines);
    return printer;
  }
}
