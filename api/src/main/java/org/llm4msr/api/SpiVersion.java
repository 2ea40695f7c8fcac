package org.llm4msr.api;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The version of this interface between runtime and plugins. A plugin's jar states the version that
 * it was compiled with in its manifest, under {@link #MANIFEST_ENTRY}; the runtime loads the plugin
 * if {@link #serves} holds.
 *
 * @param major changes when a plugin that was written for the older version may fail
 * @param minor grows with additions
 */
@Stability(level = Stability.Level.STABLE, since = "0.1")
public record SpiVersion(int major, int minor) {

  /** The version of this API. */
  public static final SpiVersion CURRENT = new SpiVersion(1, 0);

  /** The manifest entry of a plugin's jar. */
  public static final String MANIFEST_ENTRY = "Llm4msr-Spi-Version";

  private static final Pattern FORM = Pattern.compile("(\\d{1,6})(?:\\.(\\d{1,6}))?");

  /**
   * Reads {@code 1.2}, or {@code 1} for 1.0.
   *
   * @throws IllegalArgumentException if the text has another form
   */
  public static SpiVersion parse(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException("not a version of the form 1.0: " + text);
    }
    String minor = matcher.group(2);
    return new SpiVersion(
        Integer.parseInt(matcher.group(1)), minor == null ? 0 : Integer.parseInt(minor));
  }

  /** Returns whether a runtime of this version loads plugins that were compiled with the other. */
  public boolean serves(SpiVersion compiled) {
    return compiled.major == major && compiled.minor <= minor;
  }

  @Override
  public String toString() {
    return major + "." + minor;
  }
}
