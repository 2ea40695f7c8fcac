package org.llm4msr.server.access;

import com.google.common.net.HostAndPort;
import com.google.common.net.InetAddresses;
import com.linecorp.armeria.common.util.SystemInfo;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The names that a server goes by, which keep pages of others, open in the browser of somebody who
 * reaches it, from using it: a browser tells the name that it asked, and whose page did.
 */
public final class Hosts {

  private final Set<String> named;
  private final Set<String> own;

  /**
   * Knows this machine.
   *
   * @param named further names of it, which pages may have come from
   */
  public Hosts(List<String> named) {
    this.named = Set.copyOf(named.stream().map(name -> name.toLowerCase(Locale.ROOT)).toList());
    own = new HashSet<>(this.named);
    own.add("localhost");
    own.add(SystemInfo.hostname().toLowerCase(Locale.ROOT));
  }

  /**
   * Returns whether an address is one of this machine: a name of it, or a number, which no foreign
   * name server can turn to it.
   *
   * @param authority host and port, as a request has it
   */
  public boolean isOwn(String authority) {
    return host(authority)
        .filter(name -> own.contains(name) || InetAddresses.isUriInetAddress(bracketed(name)))
        .isPresent();
  }

  /**
   * Returns whether the page that has sent a request is one of this server.
   *
   * @param origin as the browser tells it; null if no browser says that a page sends it
   */
  public boolean isOwnPage(@Nullable String origin, String authority) {
    if (origin == null) {
      return true;
    }
    String sender = origin.replaceFirst("^https?://", "");
    return (sender.equalsIgnoreCase(authority) && isOwn(authority))
        || host(sender).filter(named::contains).isPresent();
  }

  private static Optional<String> host(String authority) {
    try {
      return Optional.of(HostAndPort.fromString(authority).getHost().toLowerCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static String bracketed(String host) {
    return host.contains(":") ? '[' + host + ']' : host;
  }
}
