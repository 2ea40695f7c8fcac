package org.llm4msr.server.access;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.server.config.TokensConfig;
import org.llm4msr.server.refusal.Refusals;

/** Knows what the sender of a token may do. Safe for several threads. */
public final class Tokens {

  private static final String SCHEME = "bearer ";

  private final TokensConfig fixed;
  private final @Nullable Supplier<TokensConfig> file;
  private volatile Map<Role, List<byte[]>> known;

  /**
   * Knows some tokens, and those of a file.
   *
   * @param file reads it; null if there is none
   * @throws MsrException as {@link #read}
   */
  public Tokens(TokensConfig fixed, @Nullable Supplier<TokensConfig> file) {
    this.fixed = fixed;
    this.file = file;
    known = all();
  }

  /**
   * Reads the file again.
   *
   * @throws MsrException what is wrong with the file; all tokens stay as they were then
   */
  public void read() {
    known = all();
  }

  /** Returns whether requests need a token. */
  public boolean required() {
    return file != null || !fixed.isEmpty();
  }

  /**
   * Returns why a request is refused.
   *
   * @param header the one with the token; null if it has none
   * @return empty if it is not
   */
  public Optional<MsrException> refusal(Role needed, @Nullable String header) {
    if (!required()) {
      return Optional.empty();
    }
    String brought = token(header);
    Map<Role, List<byte[]>> now = known;
    if (brought == null || Stream.of(Role.values()).noneMatch(role -> has(now, role, brought))) {
      return Optional.of(Refusals.noToken());
    }
    return has(now, needed, brought) || has(now, Role.OPERATE, brought)
        ? Optional.empty()
        : Optional.of(Refusals.otherRole(needed.name()));
  }

  /** Returns the token of a header; null if it has none. */
  public static @Nullable String token(@Nullable String header) {
    return header == null || !header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
        ? null
        : header.substring(SCHEME.length()).strip();
  }

  private Map<Role, List<byte[]>> all() {
    Map<Role, List<byte[]>> tokens = new EnumMap<>(Role.class);
    TokensConfig more =
        file == null ? new TokensConfig(List.of(), List.of(), List.of()) : file.get();
    if (file != null && fixed.isEmpty() && more.isEmpty()) {
      throw new MsrException(
          ErrorType.USER,
          "serve/NO_TOKENS",
          "The file of tokensFile has no token, so that nobody could ask. Write one under rank, read or operate.");
    }
    tokens.put(Role.RANK, bytes(fixed.rank(), more.rank()));
    tokens.put(Role.READ, bytes(fixed.read(), more.read()));
    tokens.put(Role.OPERATE, bytes(fixed.operate(), more.operate()));
    return tokens;
  }

  private static List<byte[]> bytes(List<String> some, List<String> more) {
    return Stream.concat(some.stream(), more.stream()).map(Tokens::bytes).toList();
  }

  private static boolean has(Map<Role, List<byte[]>> tokens, Role role, String brought) {
    byte[] token = bytes(brought);
    boolean found = false;
    for (byte[] each : tokens.getOrDefault(role, List.of())) {
      // All are compared, in a time that does not tell how much of them is equal.
      found |= MessageDigest.isEqual(each, token);
    }
    return found;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
