package org.llm4msr.runtime.config.loading;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.llm4msr.runtime.config.loading.ConfigNode.Entry;
import org.llm4msr.runtime.config.loading.ConfigNode.Mapping;
import org.llm4msr.runtime.config.loading.ConfigNode.Sequence;

/**
 * The place of an override: keys, and numbers of list elements as problems show them, {@code
 * dataset.fields[0].kind}.
 */
final class OverridePath {

  private static final Pattern STEP = Pattern.compile("(?:^|\\.)([^.\\[\\]]+)|\\[(\\d{1,9})]");

  private final String path;
  private final Origin origin;
  private final Problems problems;
  private final List<Step> steps = new ArrayList<>();

  OverridePath(String path, Origin origin, Problems problems) {
    this.path = path;
    this.origin = origin;
    this.problems = problems;
    Matcher matcher = STEP.matcher(path);
    int end = 0;
    while (matcher.find() && matcher.start() == end) {
      end = matcher.end();
      String shown = path.substring(0, end);
      steps.add(
          matcher.group(1) == null
              ? new Index(Integer.parseInt(matcher.group(2)), shown)
              : new Key(matcher.group(1), shown));
    }
    if (end < path.length()) {
      steps.clear();
      steps.add(new Key(path, path)); // The error about unknown keys names it as it is.
    }
  }

  private sealed interface Step {
    /** Returns the path up to here. */
    String shown();
  }

  private record Key(String name, String shown) implements Step {}

  private record Index(int number, String shown) implements Step {}

  /** Returns the root with the value at this place. */
  Mapping set(Mapping root, ConfigNode value) {
    return steps.get(0) instanceof Key
        ? (Mapping) set(root, 0, value)
        : fail(root, "must begin with a key");
  }

  private ConfigNode set(ConfigNode node, int step, ConfigNode value) {
    if (step == steps.size()) {
      return ConfigLayers.merge(node, value);
    }
    return steps.get(step) instanceof Key key
        ? inMapping(node, key, step, value)
        : inList(node, (Index) steps.get(step), step, value);
  }

  private ConfigNode inMapping(ConfigNode node, Key key, int step, ConfigNode value) {
    if (node instanceof Sequence) {
      String list = steps.get(step - 1).shown();
      return fail(
          node,
          list
              + " is a list: address an element by its number, "
              + list
              + "[0], or give the whole list");
    }
    Map<String, Entry> entries = new LinkedHashMap<>();
    if (node.expanded() instanceof Mapping mapping) {
      entries.putAll(mapping.entries());
    }
    Entry below = entries.get(key.name());
    ConfigNode nothing = new ConfigNode.Scalar("", true, origin);
    entries.put(
        key.name(),
        new Entry(origin, set(below == null ? nothing : below.value(), step + 1, value)));
    return new Mapping(entries, origin);
  }

  private ConfigNode inList(ConfigNode node, Index index, int step, ConfigNode value) {
    String list = steps.get(step - 1).shown();
    if (!(node instanceof Sequence sequence)) {
      return fail(
          node,
          "the configuration has no list at "
              + list
              + "; give the whole list: -D"
              + list
              + "=[...]");
    }
    int size = sequence.items().size();
    if (index.number() >= size) {
      return fail(
          node,
          "%s has %d element(s), numbered from 0; to add one, give the whole list: -D%s=[...]"
              .formatted(list, size, list));
    }
    List<ConfigNode> items = new ArrayList<>(sequence.items());
    items.set(index.number(), set(items.get(index.number()), step + 1, value));
    return new Sequence(items, origin);
  }

  private <N extends ConfigNode> N fail(N node, String rule) {
    problems.add(path, null, origin, rule);
    return node;
  }
}
