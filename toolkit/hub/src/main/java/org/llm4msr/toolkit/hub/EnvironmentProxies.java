package org.llm4msr.toolkit.hub;

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
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Stability;

/**
 * Proxies as the variables {@code HTTPS_PROXY}, {@code HTTP_PROXY}, {@code ALL_PROXY} and {@code
 * NO_PROXY} name them, in upper or lower case, as most programs except the JDK read them; never for
 * the loopback. If none is set, the JDK's system properties apply. Only HTTP proxies without a
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
   * @param environment variables by name, null if not set
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
    return isExcepted(address)
        ? List.of(Proxy.NO_PROXY)
        : List.of(new Proxy(Proxy.Type.HTTP, address(proxy)));
  }

  @Override
  public void connectFailed(URI address, SocketAddress proxy, IOException cause) {
    // The request fails, and says so.
  }

  private boolean isExcepted(URI address) {
    String host = String.valueOf(address.getHost()).toLowerCase(Locale.ROOT);
    if (LOOPBACK.contains(host)) {
      return true;
    }
    String exceptions = variable("no_proxy");
    return exceptions != null
        && Arrays.stream(exceptions.toLowerCase(Locale.ROOT).split(","))
            .map(exception -> exception.strip().replaceFirst("^\\*?\\.", ""))
            .filter(exception -> !exception.isEmpty())
            .anyMatch(exception -> isMeant(exception, host, address.getPort()));
  }

  private static boolean isMeant(String exception, String host, int port) {
    return exception.equals("*")
        || isOfNetwork(exception, host)
        || Stream.of(host, host + ":" + port)
            .anyMatch(name -> ("." + name).endsWith("." + exception));
  }

  /** Returns whether a host is an IPv4 address of a network such as {@code 10.0.0.0/8}. */
  private static boolean isOfNetwork(String network, String host) {
    int slash = network.indexOf('/');
    if (slash < 0 || !network.substring(slash + 1).matches("[1-9]|[12][0-9]|3[0-2]")) {
      return false;
    }
    int bits = Integer.parseInt(network.substring(slash + 1));
    long first = ipv4(network.substring(0, slash));
    long own = ipv4(host);
    long difference = (first ^ own) >>> (32 - bits);
    return first >= 0 && own >= 0 && difference == 0;
  }

  /** Returns an IPv4 address as a number, or -1 for any other text. */
  private static long ipv4(String text) {
    if (!text.matches("[0-9]{1,3}(\\.[0-9]{1,3}){3}")) {
      return -1;
    }
    long address = 0;
    for (String part : text.split("\\.")) {
      int value = Integer.parseInt(part);
      if (value > 255) {
        return -1;
      }
      address = address * 256 + value;
    }
    return address;
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
