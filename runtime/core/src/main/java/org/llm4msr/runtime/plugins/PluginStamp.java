package org.llm4msr.runtime.plugins;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.PluginFactory;

/**
 * A plugin that made something that is kept: a run, a bundle, a knowledge store.
 *
 * @param kind its kind, as {@code plugins list} has it
 * @param version of its jar
 * @param digest of the code of its jar and private libraries, SHA-256 in hexadecimal; empty in
 *     files of earlier releases, and where it could not be read
 */
public record PluginStamp(String kind, String name, String version, String digest) {

  private static final int SHOWN_DIGITS = 12;

  /** Reads a stamp; files of earlier releases have no digest. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  static PluginStamp read(Map<String, @Nullable String> json) {
    String digest = json.get("digest");
    return new PluginStamp(
        required(json, "kind"),
        required(json, "name"),
        required(json, "version"),
        digest == null ? "" : digest);
  }

  private static String required(Map<String, @Nullable String> json, String key) {
    return requireNonNull(json.get(key), key + " is null");
  }

  /** Returns the stamp of a plugin that is here. */
  public static PluginStamp of(PluginKind kind, String name, PluginFactory<?> factory) {
    PluginOrigin origin = PluginOrigin.of(factory.getClass());
    return new PluginStamp(
        kind.key(), name, origin.version(), CodeDigest.of(factory.getClass(), origin));
  }

  /**
   * Says which plugins have other code here than those recorded; empty if none has. A plugin
   * without a recorded digest is not compared.
   */
  public static String differences(List<PluginStamp> recorded, List<PluginStamp> here) {
    return recorded.stream()
        .flatMap(plugin -> here.stream().filter(plugin::hasOtherCode).map(plugin::difference))
        .collect(Collectors.joining("; "));
  }

  private boolean hasOtherCode(PluginStamp here) {
    return isOf(here) && !digest.isEmpty() && !here.digest.isEmpty() && !digest.equals(here.digest);
  }

  /** Returns whether two stamps are of the same plugin. */
  public boolean isOf(PluginStamp other) {
    return kind.equals(other.kind) && name.equals(other.name);
  }

  private String difference(PluginStamp here) {
    return "the %s %s was version %s with the digest %s, and is now %s with %s"
        .formatted(
            kind.replace('-', ' '), name, version, shortDigest(), here.version, here.shortDigest());
  }

  /** Returns what messages show of the digest. */
  public String shortDigest() {
    return digest.substring(0, Math.min(SHOWN_DIGITS, digest.length()));
  }
}
