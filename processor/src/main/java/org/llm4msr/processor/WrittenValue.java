package org.llm4msr.processor;

import java.io.StringReader;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/** Compares a written value with a form. The rules are those of RecordBinder and Scalars. */
final class WrittenValue {

  private static final Set<Tag> PLAIN =
      Set.of(
          Tag.NULL,
          Tag.BOOL,
          Tag.INT,
          Tag.FLOAT,
          Tag.STR,
          Tag.TIMESTAMP,
          Tag.SEQ,
          Tag.MAP,
          Tag.MERGE);

  private static final Node NOTHING =
      new ScalarNode(Tag.NULL, "", null, null, DumperOptions.ScalarStyle.PLAIN);

  private WrittenValue() {}

  /** Returns why a value in YAML does not have a form; empty if it has. */
  static Optional<String> problem(Form form, String yaml) {
    try {
      Node node =
          new Yaml(new SafeConstructor(new LoaderOptions())).compose(new StringReader(yaml));
      return problem(form, node == null ? NOTHING : node);
    } catch (MarkedYAMLException e) {
      return Optional.of("this is not valid YAML: " + e.getProblem());
    } catch (YAMLException e) {
      return Optional.of("this is not valid YAML: " + e.getMessage());
    }
  }

  /** Returns why a text is not a value of a form; of forms other than scalars nothing is known. */
  static Optional<String> scalarProblem(Form form, String text) {
    String rule = null;
    if (form instanceof Form.Truth && !text.matches("(?i)true|false")) {
      rule = "must be true or false";
    } else if (form instanceof Form.Whole whole) {
      rule = wholeRule(whole, text.replace("_", ""));
    } else if (form instanceof Form.Decimal decimal) {
      rule = decimalRule(decimal, text.replace("_", ""));
    } else if (form instanceof Form.Word word
        && word.words().stream().noneMatch(known -> letters(known).equals(letters(text)))) {
      rule = "must be one of " + String.join(", ", word.words());
    }
    return Optional.ofNullable(rule).map(what -> "\"" + text + "\" " + what);
  }

  private static Optional<String> problem(Form form, Node node) {
    if (form instanceof Form.Any) {
      return Optional.empty();
    }
    if (!PLAIN.contains(node.getTag())) {
      return Optional.of("settings have no tags such as " + node.getTag().getValue());
    }
    if (form instanceof Form.Maybe maybe) {
      return problem(maybe.value(), node);
    }
    boolean parts =
        form instanceof Form.Many || form instanceof Form.Named || form instanceof Form.Keys;
    if (node instanceof ScalarNode scalar && !parts) {
      return scalarProblem(form, scalar.getValue());
    }
    if (parts && node.getTag().equals(Tag.NULL)) {
      return Optional.empty();
    }
    if (form instanceof Form.Many many) {
      return node instanceof SequenceNode sequence
          ? first(sequence.getValue().stream().map(item -> problem(many.element(), item)))
          : Optional.of("it must be a list, for example []");
    }
    if (parts) {
      return node instanceof MappingNode mapping
          ? first(mapping.getValue().stream().map(entry -> problem(form, entry)))
          : Optional.of("it must be a mapping, for example {}");
    }
    return Optional.of("it must be a single value");
  }

  private static Optional<String> problem(Form form, NodeTuple entry) {
    if (!(entry.getKeyNode() instanceof ScalarNode key)) {
      return Optional.of("a key must be plain text");
    }
    if (key.getTag().equals(Tag.MERGE)) {
      return Optional.empty();
    }
    if (form instanceof Form.Keys record) {
      @Nullable Form value = record.keys().get(key.getValue());
      return value == null
          ? Optional.of("there is no key \"" + key.getValue() + "\"")
          : problem(value, entry.getValueNode());
    }
    return problem(((Form.Named) form).value(), entry.getValueNode());
  }

  private static Optional<String> first(Stream<Optional<String>> problems) {
    return problems.flatMap(Optional::stream).findFirst();
  }

  private static @Nullable String wholeRule(Form.Whole whole, String text) {
    try {
      long value = new BigDecimal(text).longValueExact();
      return value >= whole.min() && value <= whole.max()
          ? null
          : "must be a whole number from " + whole.min() + " to " + whole.max();
    } catch (ArithmeticException | NumberFormatException e) {
      return "must be a whole number";
    }
  }

  private static @Nullable String decimalRule(Form.Decimal decimal, String text) {
    try {
      double value = Double.parseDouble(text);
      double bound = decimal.single() ? Float.MAX_VALUE : Double.MAX_VALUE;
      return Math.abs(value) <= bound ? null : "must be a finite number";
    } catch (NumberFormatException e) {
      return "must be a number";
    }
  }

  private static String letters(String text) {
    return text.toUpperCase(Locale.ROOT).replace("-", "").replace("_", "");
  }
}
