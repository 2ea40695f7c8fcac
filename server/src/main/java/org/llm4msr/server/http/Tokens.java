package org.llm4msr.server.http;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.server.DecoratingHttpServiceFunction;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.llm4msr.server.refusal.Refusals;

/** Lets requests pass that bring one of some tokens; all, where there are none. */
public final class Tokens implements DecoratingHttpServiceFunction {

  private static final String SCHEME = "bearer ";

  private final List<byte[]> known;

  /** Knows some tokens. */
  public Tokens(List<String> tokens) {
    known = tokens.stream().map(Tokens::bytes).toList();
  }

  /** Returns a service that only such requests reach. */
  public HttpService around(HttpService service) {
    return service.decorate(this);
  }

  @Override
  public HttpResponse serve(HttpService next, ServiceRequestContext context, HttpRequest request)
      throws Exception {
    return known.isEmpty() || isKnown(request.headers().get(HttpHeaderNames.AUTHORIZATION))
        ? next.serve(context, request)
        : ErrorStatus.answer(Refusals.noToken());
  }

  /** Returns the token of a header; null if it has none. */
  static @Nullable String token(@Nullable String header) {
    return header == null || !header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
        ? null
        : header.substring(SCHEME.length()).strip();
  }

  private boolean isKnown(@Nullable String header) {
    String brought = token(header);
    if (brought == null) {
      return false;
    }
    byte[] token = bytes(brought);
    boolean found = false;
    for (byte[] each : known) {
      // All are compared, in a time that does not tell how much of them is equal.
      found |= MessageDigest.isEqual(each, token);
    }
    return found;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
