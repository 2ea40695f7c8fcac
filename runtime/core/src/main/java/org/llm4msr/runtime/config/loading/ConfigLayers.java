package org.llm4msr.runtime.config.loading;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.loading.ConfigNode.Entry;
import org.llm4msr.runtime.config.loading.ConfigNode.Mapping;
import org.llm4msr.runtime.config.loading.ConfigNode.Scalar;
import org.llm4msr.runtime.config.loading.ConfigNode.Sequence;
import org.llm4msr.runtime.files.FileErrors;
import org.llm4msr.runtime.files.SmallFiles;

/** Merges the files named by {@code extends}, the file itself and the overrides, in this order. */
final class ConfigLayers {

  static final String EXTENDS = "extends";

  /** The layer of a text whose lines and columns mean nothing. */
  private static final int NO_LINES = -1;

  private final Problems problems;
  private int layers;

  ConfigLayers(Problems problems) {
    this.problems = problems;
  }

  Mapping load(Path file, List<String> overrides) {
    return override(file(file, "", new ArrayList<>()), overrides);
  }

  Mapping overridesOnly(List<String> overrides) {
    return override(new Mapping(Map.of(), new Origin(0, "-D", 0, 0)), overrides);
  }

  /** Reads values that a program wrote, whose lines mean nothing to a user. */
  Mapping written(String source, String json, List<String> overrides) {
    ConfigNode values = new YamlReader(layers, source, problems).read(json);
    Origin origin = new Origin(layers++, source, 0, 0);
    ConfigNode root = values instanceof Mapping ? values : new Mapping(Map.of(), origin);
    return override((Mapping) withOrigin(root, origin), overrides);
  }

  /**
   * Reads a file and those that it extends.
   *
   * @param reason why it is read, for the error text; empty for the user's own file
   */
  private Mapping file(Path file, String reason, List<Path> chain) {
    Path key = file.toAbsolutePath().normalize();
    if (chain.contains(key)) {
      chain.add(key);
      throw new MsrException(
          ErrorType.USER,
          "config/CYCLE",
          "The files extend each other in a cycle: %s. Remove one `extends`."
              .formatted(String.join(" -> ", chain.stream().map(Path::toString).toList())));
    }
    chain.add(key);
    // A base lies below the file that names it, so it gets its number first.
    String text = read(file, reason);
    ConfigNode first = new YamlReader(0, file.toString(), new Problems()).read(text);
    Mapping base = new Mapping(Map.of(), first.origin());
    for (Scalar parent : parents(first)) {
      Path resolved = file.resolveSibling(parent.text()).normalize();
      String extending = " %s extends it.".formatted(parent.origin());
      base = merge(base, file(resolved, extending, new ArrayList<>(chain)));
    }
    ConfigNode own = new YamlReader(layers++, file.toString(), problems).read(text);
    if (own instanceof Mapping mapping) {
      return merge(base, without(mapping, EXTENDS));
    }
    if (!own.isEmpty()) {
      String rule = "the file must be a mapping of keys to values";
      problems.add("", null, own.origin(), Lookalikes.explain(rule, own.quoted()));
    }
    return base;
  }

  private static String read(Path file, String reason) {
    try {
      return UTF_8.newDecoder().decode(ByteBuffer.wrap(SmallFiles.read(file))).toString();
    } catch (NoSuchFileException e) {
      throw new MsrException(
          ErrorType.USER,
          "config/NOT_FOUND",
          "There is no configuration file %s.%s Give an existing YAML file."
              .formatted(file, reason));
    } catch (CharacterCodingException e) {
      throw new MsrException(
          ErrorType.USER,
          "config/UNREADABLE",
          "%s is not UTF-8.%s Save it as UTF-8.".formatted(file, reason));
    } catch (IOException e) {
      throw new MsrException(
          ErrorType.USER,
          "config/UNREADABLE",
          "%s cannot be read: %s.%s Give a readable YAML file."
              .formatted(file, FileErrors.reason(e), reason),
          e);
    }
  }

  private List<Scalar> parents(ConfigNode root) {
    Entry entry = root instanceof Mapping mapping ? mapping.entries().get(EXTENDS) : null;
    if (entry == null) {
      return List.of();
    }
    ConfigNode value = entry.value();
    List<ConfigNode> items = value instanceof Sequence list ? list.items() : List.of(value);
    List<Scalar> files = new ArrayList<>();
    for (ConfigNode item : items) {
      if (!(item instanceof Scalar scalar)) {
        problems.add(EXTENDS, null, item.origin(), "must be the name of a file or a list of names");
      } else if (!scalar.isEmpty()) {
        files.add(scalar);
      }
    }
    return files;
  }

  private static Mapping without(Mapping mapping, String key) {
    Map<String, Entry> entries = new LinkedHashMap<>(mapping.entries());
    entries.remove(key);
    return new Mapping(entries, mapping.origin());
  }

  static Mapping merge(Mapping base, Mapping over) {
    Map<String, Entry> entries = new LinkedHashMap<>(base.entries());
    over.entries().forEach((key, entry) -> entries.merge(key, entry, ConfigLayers::merge));
    return new Mapping(entries, over.origin());
  }

  private static Entry merge(Entry below, Entry above) {
    return new Entry(above.key(), merge(below.value(), above.value()));
  }

  /** A text that gets keys is the name of the plugin to which they belong. */
  static ConfigNode merge(ConfigNode below, ConfigNode above) {
    return below.expanded() instanceof Mapping base && above instanceof Mapping over
        ? merge(base, over)
        : above;
  }

  private Mapping override(Mapping root, List<String> overrides) {
    Mapping merged = root;
    for (String override : overrides) {
      int equals = override.indexOf('=');
      if (equals <= 0) {
        throw new MsrException(
            ErrorType.USER,
            "config/OVERRIDE",
            "-D%s has no value. Write -Dkey.path=value.".formatted(override));
      }
      String path = override.substring(0, equals);
      if (equals == override.length() - 1) {
        throw new MsrException(
            ErrorType.USER,
            "config/OVERRIDE",
            "-D%s= has nothing behind the equals sign. Write -D%1$s=VALUE, -D%1$s=null for the default or for no value, or -D%1$s='\"\"' for an empty text."
                .formatted(path));
      }
      Origin origin = new Origin(layers, "-D" + path, 0, 0);
      Problems unreadable = new Problems();
      ConfigNode value =
          new YamlReader(NO_LINES, origin.source(), unreadable)
              .read(override.substring(equals + 1));
      unreadable
          .list()
          .forEach(problem -> problems.add(path, problem.value(), origin, problem.rule()));
      unreadable.warnings().forEach(problems::warn);
      merged = new OverridePath(path, origin, problems).set(merged, withOrigin(value, origin));
    }
    layers++;
    return merged;
  }

  /** Lines and columns mean nothing in an override. */
  private static ConfigNode withOrigin(ConfigNode node, Origin origin) {
    if (node instanceof Scalar scalar) {
      return new Scalar(scalar.text(), scalar.empty(), origin);
    }
    if (node instanceof Sequence sequence) {
      return new Sequence(
          sequence.items().stream().map(item -> withOrigin(item, origin)).toList(), origin);
    }
    Map<String, Entry> entries = new LinkedHashMap<>();
    ((Mapping) node)
        .entries()
        .forEach(
            (key, entry) -> entries.put(key, new Entry(origin, withOrigin(entry.value(), origin))));
    return new Mapping(entries, origin);
  }
}
