package org.llm4msr.runtime.config.loading;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A setting that an error of its plugin speaks of.
 *
 * @param path its full key
 * @param value as it is used
 */
public record MeantSetting(String path, String value) {

  private static final String WORD = "(?<![\\w.-])%s(?![\\w-])";

  /** Words such as {@code model} are also plain English: a key must be marked as one. */
  private static final String MARKED =
      "(?i:\\bsetting|\\bset|\\bkey) %1$s(?![\\w-])|[\"'`]%1$s[\"'`]|(?<![\\w.-])%1$s( =|[:=])";

  /**
   * Finds the setting by its key in a text, or else by its value, such as the name of a file.
   *
   * @param base the folder against which paths are resolved
   * @param plugin the full key of the plugin, such as {@code knowledge.encoder}
   * @return empty if the text tells of no setting that somebody wrote
   */
  public static Optional<MeantSetting> in(
      EffectiveConfig config, Path base, String plugin, String text) {
    Map<String, String> written = new LinkedHashMap<>();
    FlatValues.of(config.values())
        .forEach(
            (path, value) -> {
              Origin origin = config.origins().getOrDefault(path, Origin.DEFAULT);
              if (path.startsWith(plugin + ".") && origin.layer() >= 0) {
                written.put(path, value);
              }
            });
    written.remove(RecordBinder.join(plugin, RecordBinder.NAME));
    return first(written, WORD, text)
        .or(() -> first(keysIn(written, plugin), MARKED, text).map(key -> plugin + "." + key))
        .or(() -> byValue(written, base, text))
        .map(path -> new MeantSetting(path, written.getOrDefault(path, "")));
  }

  private static Map<String, String> keysIn(Map<String, String> written, String plugin) {
    Map<String, String> keys = new LinkedHashMap<>();
    written.forEach((path, value) -> keys.put(path.substring(plugin.length() + 1), value));
    return keys;
  }

  /** Returns the key that comes first in the text. */
  private static Optional<String> first(Map<String, String> keys, String form, String text) {
    return keys.keySet().stream()
        .filter(key -> place(form, key, text) >= 0)
        .min(Comparator.comparingInt(key -> place(form, key, text)));
  }

  private static int place(String form, String part, String text) {
    return Pattern.compile(form.formatted(Pattern.quote(part)))
        .matcher(text)
        .results()
        .mapToInt(found -> found.start())
        .findFirst()
        .orElse(-1);
  }

  /** Returns the key of the longest value in the text, as it was written or as a path from base. */
  private static Optional<String> byValue(Map<String, String> written, Path base, String text) {
    return written.entrySet().stream()
        .filter(setting -> setting.getValue().length() > 1)
        .filter(
            setting ->
                place(WORD, setting.getValue(), text) >= 0
                    || place(WORD, resolved(setting.getValue(), base), text) >= 0)
        .max(Comparator.comparingInt(setting -> setting.getValue().length()))
        .map(Map.Entry::getKey);
  }

  private static String resolved(String value, Path base) {
    try {
      return base.resolve(value).normalize().toString();
    } catch (InvalidPathException e) {
      return value;
    }
  }
}
