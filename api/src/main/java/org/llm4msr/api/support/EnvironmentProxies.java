package org.llm4msr.api.support;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Stability;

/**
 * Proxies as the variables {@code HTTPS_PROXY}, {@code HTTP_PROXY}, {@code ALL_PROXY} and {@code
 * NO_PROXY} name them, in capitals or not, as most programs but the JDK read them; never for the
 * loopback. Where none is set, the JDK's system properties hold. Only HTTP proxies without a
 * password are supported.
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class EnvironmentProxies extends ProxySelector {

  private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");

  private final UnaryOperator<String> environment;
  private final ProxySelector otherwise;

  private EnvironmentProxies(UnaryOperator<String> environment, ProxySelector otherwise) {
    this.environment = environment;
    this.otherwise = otherwise;
  }

  /**
   * Reads an environment.
   *
   * @param environment variables by name, null where not set
   */
  public static ProxySelector of(UnaryOperator<String> environment) {
    ProxySelector properties = ProxySelector.getDefault();
    return new EnvironmentProxies(
        environment, properties == null ? ProxySelector.of(null) : properties);
  }

  @Override
  public List<Proxy> select(URI address) {
    String proxy = variable(String.valueOf(address.getScheme()) + "_proxy");
    if (proxy == null) {
      proxy = variable("all_proxy");
    }
    if (proxy == null) {
      return otherwise.select(address);
    }
    return isExcepted(String.valueOf(address.getHost()))
        ? List.of(Proxy.NO_PROXY)
        : List.of(new Proxy(Proxy.Type.HTTP, address(proxy)));
  }

  @Override
  public void connectFailed(URI address, SocketAddress proxy, IOException cause) {
    // The request fails, and says so.
  }

  private boolean isExcepted(String host) {
    if (LOOPBACK.contains(host)) {
      return true;
    }
    String exceptions = variable("no_proxy");
    return exceptions != null
        && Arrays.stream(exceptions.split(","))
            .map(exception -> exception.strip().replaceFirst("^\\*?\\.", ""))
            .filter(exception -> !exception.isEmpty())
            .anyMatch(
                exception ->
                    exception.equals("*")
                        || host.equalsIgnoreCase(exception)
                        || host.toLowerCase(Locale.ROOT)
                            .endsWith("." + exception.toLowerCase(Locale.ROOT)));
  }

  private static InetSocketAddress address(String proxy) {
    try {
      URI address = new URI(proxy.contains("://") ? proxy : "http://" + proxy);
      if ("http".equals(address.getScheme())
          && address.getHost() != null
          && address.getUserInfo() == null) {
        int port = address.getPort() < 0 ? 80 : address.getPort();
        return new InetSocketAddress(address.getHost(), port);
      }
    } catch (URISyntaxException | IllegalArgumentException e) {
      // Refused below.
    }
    throw new MsrException(
        ErrorType.USER,
        "model/BAD_PROXY",
        "a proxy variable of the environment (HTTPS_PROXY, HTTP_PROXY or ALL_PROXY) names no HTTP proxy without a password. Write it as http://host:port.");
  }

  private @Nullable String variable(String name) {
    String value = environment.apply(name);
    value = value == null ? environment.apply(name.toUpperCase(Locale.ROOT)) : value;
    return value == null || value.isBlank() ? null : value.strip();
  }
}
