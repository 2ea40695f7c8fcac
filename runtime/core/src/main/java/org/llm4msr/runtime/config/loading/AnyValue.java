package org.llm4msr.runtime.config.loading;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.llm4msr.runtime.config.loading.ConfigNode.Mapping;
import org.llm4msr.runtime.config.loading.ConfigNode.Scalar;
import org.llm4msr.runtime.config.loading.ConfigNode.Sequence;

/**
 * A setting of any form, whose meaning another configuration defines.
 *
 * @param yaml the value on one line, to be used as an override
 * @param label the value as tables show it
 */
public record AnyValue(String yaml, String label) {

  private static final String NAME = "name";
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.+-]*");

  static AnyValue of(ConfigNode node) {
    return new AnyValue(flow(node), label(node));
  }

  private static String flow(ConfigNode node) {
    if (node instanceof Mapping mapping) {
      return mapping.entries().entrySet().stream()
          .map(entry -> quoted(entry.getKey()) + ": " + flow(entry.getValue().value()))
          .collect(Collectors.joining(", ", "{", "}"));
    }
    if (node instanceof Sequence sequence) {
      return sequence.items().stream()
          .map(AnyValue::flow)
          .collect(Collectors.joining(", ", "[", "]"));
    }
    return node.isEmpty() ? "null" : quoted(((Scalar) node).text());
  }

  private static String quoted(String text) {
    if (PLAIN.matcher(text).matches() && !text.equalsIgnoreCase("null")) {
      return text;
    }
    return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
  }

  private static String label(ConfigNode node) {
    if (node instanceof Mapping mapping) {
      String name =
          mapping.entries().containsKey(NAME) ? label(mapping.entries().get(NAME).value()) : "";
      String rest =
          mapping.entries().entrySet().stream()
              .filter(entry -> !entry.getKey().equals(NAME))
              .map(entry -> entry.getKey() + " " + label(entry.getValue().value()))
              .collect(Collectors.joining(", "));
      return name.isEmpty() ? rest : rest.isEmpty() ? name : name + " (" + rest + ")";
    }
    if (node instanceof Sequence sequence) {
      return sequence.items().stream().map(AnyValue::label).collect(Collectors.joining("-"));
    }
    return node.isEmpty() ? "unset" : ((Scalar) node).text();
  }
}
