package org.llm4msr.toolkit.hub;

import java.net.ProxySelector;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * The settings of the hub in the environment, by the variables of the hub's own Python library.
 *
 * @param endpoint address without a slash at the end
 * @param token that requests carry, or null
 * @param cache folder of all models
 * @param offline whether the network must not be used
 * @param proxies by address
 */
record HubSettings(
    String endpoint, @Nullable String token, Path cache, boolean offline, ProxySelector proxies) {

  private static final Set<String> YES = Set.of("1", "ON", "YES", "TRUE");

  static HubSettings of(UnaryOperator<String> environment) {
    String endpoint = orElse(environment, "HF_ENDPOINT", "https://huggingface.co");
    return new HubSettings(
        checked(endpoint.replaceAll("/+$", "")),
        token(blankToNull(environment.apply("HF_TOKEN"))),
        cache(environment),
        Stream.of("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
            .map(name -> orElse(environment, name, "").toUpperCase(Locale.ROOT))
            .anyMatch(YES::contains),
        EnvironmentProxies.of(environment));
  }

  /** Replaces a record's default text, which would contain the token. */
  @Override
  public String toString() {
    return endpoint;
  }

  /**
   * Characters that no header may contain are refused here: the JDK's client would print the token.
   */
  private static @Nullable String token(@Nullable String token) {
    if (token != null && !token.matches("[\\x21-\\x7e]+")) {
      throw new MsrException(
          ErrorType.USER,
          "model/BAD_TOKEN",
          "the environment variable HF_TOKEN holds characters that no token has, such as a"
              + " typographic quote or a line break. Set it to the token only.");
    }
    return token;
  }

  private static Path cache(UnaryOperator<String> environment) {
    String hub = blankToNull(environment.apply("HF_HUB_CACHE"));
    return hub != null ? path(hub) : home(environment).resolve("hub");
  }

  private static Path home(UnaryOperator<String> environment) {
    String home = blankToNull(environment.apply("HF_HOME"));
    return home != null
        ? path(home)
        : path(orElse(environment, "XDG_CACHE_HOME", "~/.cache")).resolve("huggingface");
  }

  /** Expands {@code ~}: shells leave it as it is in quoted values, and so do service settings. */
  static Path path(String text) {
    return text.equals("~") || text.startsWith("~/")
        ? Path.of(System.getProperty("user.home") + text.substring(1))
        : Path.of(text);
  }

  private static String checked(String endpoint) {
    try {
      URI address = new URI(endpoint);
      if (address.getHost() != null && String.valueOf(address.getScheme()).matches("https?")) {
        return endpoint;
      }
    } catch (URISyntaxException e) {
      // Refused below.
    }
    throw new MsrException(
        ErrorType.USER,
        "model/BAD_ENDPOINT",
        "the environment variable HF_ENDPOINT is '%s', which is not an address. Write it as https://host."
            .formatted(endpoint));
  }

  static String orElse(UnaryOperator<String> environment, String name, String other) {
    String value = blankToNull(environment.apply(name));
    return value == null ? other : value;
  }

  private static @Nullable String blankToNull(@Nullable String value) {
    return value == null || value.isBlank() ? null : value.strip();
  }
}
