package org.llm4msr.runtime.config.loading;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.llm4msr.runtime.config.loading.ConfigNode.Entry;
import org.llm4msr.runtime.config.loading.ConfigNode.Mapping;
import org.llm4msr.runtime.config.loading.ConfigNode.Scalar;
import org.llm4msr.runtime.config.loading.ConfigNode.Sequence;
import org.llm4msr.runtime.config.loading.Lookalikes.Finding;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/** Reads YAML into nodes. It uses the node graph, in which every part still has its line. */
final class YamlReader {

  private static final int MAX_DEPTH = 50;

  /** With aliases of aliases, a few lines grow without bound. */
  private static final int MAX_NODES = 100_000;

  /** The tags of plain values; any other tag asks for a type, which files cannot name. */
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

  private static final Pattern LINE_BREAK = Pattern.compile("\\r\\n|[\\n\\r\\x85\\u2028\\u2029]");

  private final int layer;
  private final String source;
  private final Problems problems;
  private int nodes;

  YamlReader(int layer, String source, Problems problems) {
    this.layer = layer;
    this.source = source;
    this.problems = problems;
  }

  /** Reads a document; an empty one is an empty scalar. */
  ConfigNode read(String text) {
    Origin start = new Origin(layer, source, 1, 1);
    try {
      Node root =
          new Yaml(new SafeConstructor(new LoaderOptions())).compose(new StringReader(text));
      return root == null ? new Scalar("", true, start) : convert(root, 0);
    } catch (MarkedYAMLException e) {
      List<String> lines = List.of(LINE_BREAK.split(text, -1));
      if (!explain(e, lines)) {
        Origin origin = e.getProblemMark() == null ? start : origin(e.getProblemMark());
        problems.addUnreadable(origin, "is not valid YAML: " + describe(e, lines));
      }
    } catch (YAMLException e) {
      problems.addUnreadable(start, "is not valid YAML: " + e.getMessage());
    }
    return new Scalar("", true, start);
  }

  /** Explains the lines that may be why this is not YAML; false if none of them is strange. */
  private boolean explain(MarkedYAMLException e, List<String> lines) {
    Map<Integer, Finding> findings = new TreeMap<>();
    if (e.getContextMark() != null && e.getContext().startsWith("while scanning")) {
      findings.putAll(Lookalikes.inLine(lines, e.getContextMark().getLine()));
    }
    if (e.getProblemMark() != null) {
      findings.putAll(Lookalikes.inLinesUpTo(lines, e.getProblemMark().getLine()));
    }
    findings.forEach(
        (line, finding) -> {
          Origin origin = new Origin(layer, source, line + 1, finding.column() + 1);
          problems.addUnreadable(origin, finding.rule());
        });
    return !findings.isEmpty();
  }

  private static String describe(MarkedYAMLException e, List<String> lines) {
    String context = e.getContext() == null ? "" : e.getContext() + ", ";
    String text = context + e.getProblem() + indentation(e);
    int line = e.getProblemMark() == null ? lines.size() : e.getProblemMark().getLine();
    return context.contains("flow") && line < lines.size()
        ? Lookalikes.comma(lines.get(line).strip()).map(rule -> text + ". " + rule).orElse(text)
        : text;
  }

  /** Says what a key is wrong by that stands where none can. */
  private static String indentation(MarkedYAMLException e) {
    return String.valueOf(e.getProblem()).contains("mapping values are not allowed")
        ? ". Keys of one section begin in the same column, those of a section within it further right; compare this line with the one above it"
        : "";
  }

  private ConfigNode convert(Node node, int depth) {
    Origin origin = origin(node.getStartMark());
    if (++nodes > MAX_NODES) {
      if (nodes == MAX_NODES + 1) {
        problems.add(
            "", null, origin, "has more than %,d parts, aliases included".formatted(MAX_NODES));
      }
      return new Scalar("", true, origin);
    }
    if (depth > MAX_DEPTH) {
      problems.add("", null, origin, "is nested more than " + MAX_DEPTH + " deep");
      return new Scalar("", true, origin);
    }
    if (!PLAIN.contains(node.getTag())) {
      String rule =
          "has the tag %s; a configuration holds plain values, and code is chosen by plugin"
              + " names only. Remove the tag";
      problems.add("", null, origin, rule.formatted(node.getTag().getValue()));
      return new Scalar("", true, origin);
    }
    if (node instanceof ScalarNode scalar) {
      if (scalar.getValue().indexOf('\0') >= 0) {
        problems.add("", null, origin, "holds the character U+0000. Remove it");
        return new Scalar("", true, origin);
      }
      if (scalar.isPlain()) {
        Lookalikes.enclosing(scalar.getValue())
            .ifPresent(rule -> problems.warn("%s: %s.".formatted(origin, rule)));
      }
      return new Scalar(scalar.getValue(), scalar.getTag().equals(Tag.NULL), origin);
    }
    if (node instanceof SequenceNode sequence) {
      List<ConfigNode> items = new ArrayList<>();
      sequence.getValue().forEach(item -> items.add(convert(item, depth + 1)));
      return new Sequence(items, origin);
    }
    return mapping((MappingNode) node, origin, depth);
  }

  private Mapping mapping(MappingNode node, Origin origin, int depth) {
    Map<String, Entry> entries = new LinkedHashMap<>();
    List<ConfigNode> merged = new ArrayList<>();
    for (NodeTuple tuple : node.getValue()) {
      Origin keyOrigin = origin(tuple.getKeyNode().getStartMark());
      if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
        problems.add("", null, keyOrigin, "a key must be plain text");
        continue;
      }
      ConfigNode value = convert(tuple.getValueNode(), depth + 1);
      if (key.getTag().equals(Tag.MERGE)) {
        merged.addAll(value instanceof Sequence several ? several.items() : List.of(value));
        continue;
      }
      Entry entry = new Entry(keyOrigin, value);
      Entry earlier = entries.putIfAbsent(key.getValue(), entry);
      if (earlier != null) {
        String rule = "the key occurs twice in one mapping; first at " + earlier.key();
        problems.add(key.getValue(), null, keyOrigin, rule);
      }
    }
    merged.forEach(mapping -> merge(mapping, entries));
    return new Mapping(entries, origin);
  }

  /** Adds the entries of a merge key's mapping that {@code entries} lack. */
  private void merge(ConfigNode other, Map<String, Entry> entries) {
    if (other instanceof Mapping mapping) {
      mapping.entries().forEach(entries::putIfAbsent);
    } else {
      String rule = "must be a mapping, or a list of mappings, such as *NAME";
      problems.add("<<", null, other.origin(), rule);
    }
  }

  private Origin origin(Mark mark) {
    return new Origin(layer, source, mark.getLine() + 1, mark.getColumn() + 1);
  }
}
