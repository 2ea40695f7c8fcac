package org.llm4msr.server.http;

import static java.util.Objects.requireNonNullElse;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import java.util.Optional;
import org.llm4msr.api.MsrException;
import org.llm4msr.server.access.Access;
import org.llm4msr.server.access.Role;
import org.llm4msr.server.refusal.Refusals;

/**
 * Lets requests pass that may do what they ask for: with tokens, those of a role; without, those
 * that no foreign page sends.
 */
public final class Guard {

  /** The host of requests that name none. */
  public static final String NO_HOST = "no-host.invalid";

  private final Access access;

  /** Guards what is served. */
  public Guard(Access access) {
    this.access = access;
  }

  /** Returns a service that only requests of a role reach. */
  public HttpService around(Role role, HttpService service) {
    return service.decorate((next, context, request) -> answer(role, next, context, request));
  }

  private HttpResponse answer(
      Role role, HttpService next, ServiceRequestContext context, HttpRequest request)
      throws Exception {
    Optional<MsrException> refusal = refusal(role, request.headers());
    return refusal.isPresent() ? ErrorStatus.answer(refusal.get()) : next.serve(context, request);
  }

  private Optional<MsrException> refusal(Role role, RequestHeaders headers) {
    String host = requireNonNullElse(headers.authority(), NO_HOST);
    if (host.startsWith(NO_HOST)) {
      return Optional.of(Refusals.badRequest("The request has no header Host. HTTP needs one."));
    }
    if (access.tokens().required()) {
      return access.tokens().refusal(role, headers.get(HttpHeaderNames.AUTHORIZATION));
    }
    String page = headers.get(HttpHeaderNames.ORIGIN);
    if (!access.hosts().isOwnPage(page, host)) {
      return Optional.of(Refusals.foreignPage(page));
    }
    return role == Role.OPERATE && !access.hosts().isOwn(host)
        ? Optional.of(Refusals.foreignHost(host))
        : Optional.empty();
  }
}
