package org.llm4msr.runtime.config.loading;

import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.llm4msr.runtime.text.NearestName;

/** Says what is wrong with a key that a record does not have. */
final class UnknownKey {

  private static final Pattern DIGITS = Pattern.compile("\\d+");

  private UnknownKey() {}

  /**
   * Returns what the key breaks.
   *
   * @param value of the key
   * @param type the record
   * @param hostKeys keys that stand beside those of the record
   */
  static String rule(
      String key, ConfigNode value, Class<? extends Record> type, Set<String> hostKeys) {
    Set<String> legal = new TreeSet<>(RecordBinder.keys(type));
    legal.addAll(hostKeys);
    if (DIGITS.matcher(key).matches() && value.isEmpty()) {
      return "is what a comma cut off from the value before it. Numbers have a decimal point: 0.5";
    }
    if (legal.isEmpty()) {
      return "unknown key; there is nothing to set here";
    }
    String below = below(key, type);
    String hint = below.isEmpty() ? NearestName.hint(key, legal) : below;
    return "unknown key.%s There are %s".formatted(hint, String.join(", ", legal));
  }

  /** Names the section of the record that has the key. */
  private static String below(String key, Class<? extends Record> type) {
    return SettingInfo.of(type).stream()
        .filter(setting -> !setting.inline() && !setting.word())
        .filter(setting -> LegalValues.raw(setting.type().getType()).isRecord())
        .filter(
            setting -> RecordBinder.keys(LegalValues.raw(setting.type().getType())).contains(key))
        .findFirst()
        .map(setting -> " Did you mean %s.%s?".formatted(setting.key(), key))
        .orElse("");
  }
}
