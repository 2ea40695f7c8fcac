package org.llm4msr.server.http;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.encoding.StreamDecoderFactory;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import com.linecorp.armeria.server.SimpleDecoratingHttpService;
import com.linecorp.armeria.server.encoding.DecodingService;
import org.llm4msr.server.refusal.Refusals;

/** Lets bodies pass that say to be JSON, plain or as gzip, and unpacks the latter. */
public final class JsonBodies extends SimpleDecoratingHttpService {

  private static final String PLAIN = "identity";
  private static final String GZIP = "gzip";

  /** Stands before a service that reads bodies of POST and PUT. */
  public JsonBodies(HttpService service) {
    super(service.decorate(DecodingService.newDecorator(StreamDecoderFactory.gzip())));
  }

  @Override
  public HttpResponse serve(ServiceRequestContext context, HttpRequest request) throws Exception {
    if (request.method() == HttpMethod.POST || request.method() == HttpMethod.PUT) {
      RequestHeaders headers = request.headers();
      MediaType type = headers.contentType();
      if (type == null || !type.is(MediaType.JSON)) {
        return ErrorStatus.answer(Refusals.notJson(headers.get(HttpHeaderNames.CONTENT_TYPE)));
      }
      String encoding = headers.get(HttpHeaderNames.CONTENT_ENCODING, PLAIN);
      if (!encoding.equalsIgnoreCase(PLAIN) && !encoding.equalsIgnoreCase(GZIP)) {
        return ErrorStatus.answer(Refusals.otherEncoding(encoding));
      }
    }
    return unwrap().serve(context, request);
  }
}
