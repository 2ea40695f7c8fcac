package org.llm4msr.server.access;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.server.config.ServerConfig;
import org.llm4msr.server.config.TlsConfig;
import org.llm4msr.server.config.TokensConfig;

/** Who may use a server, by its configuration and the files that this one names. */
public final class Access implements AutoCloseable {

  private final Tokens tokens;
  private final Hosts hosts;
  private final Optional<Certificates> certificates;
  private final Rereading files = new Rereading();

  /**
   * Reads the files.
   *
   * @throws MsrException {@code serve/CERTIFICATE}, {@code serve/NO_TOKENS}, or as {@link
   *     ConfigLoader#read}
   */
  public Access(ServerConfig config, ConfigLoader loader) {
    Path file = config.tokensFile();
    tokens =
        new Tokens(
            config.tokens(), file == null ? null : () -> loader.read(TokensConfig.class, file));
    hosts = new Hosts(config.hosts());
    if (file != null) {
      files.add(List.of(file), tokens::read);
    }
    TlsConfig tls = config.tls();
    certificates = tls == null ? Optional.empty() : Optional.of(new Certificates(tls));
    certificates.ifPresent(
        read -> files.add(List.of(read.files().certificate(), read.files().key()), read::read));
  }

  private Access(TokensConfig known) {
    tokens = new Tokens(known, null);
    hosts = new Hosts(List.of());
    certificates = Optional.empty();
  }

  /** Lets only those rank who have a token. */
  public static Access of(String token) {
    return new Access(new TokensConfig(List.of(token), List.of(), List.of()));
  }

  /**
   * Looks for changes of the files from now on.
   *
   * @param seconds between two looks; 0: never
   */
  public void watch(double seconds) {
    files.begin(seconds);
  }

  /** Returns what tokens are for. */
  public Tokens tokens() {
    return tokens;
  }

  /** Returns the names of the server. */
  public Hosts hosts() {
    return hosts;
  }

  /** Returns what connections are encrypted with; empty if they are plain. */
  public Optional<Certificates> certificates() {
    return certificates;
  }

  @Override
  public void close() {
    files.close();
  }
}
