package org.llm4msr.server.http;

import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import com.linecorp.armeria.server.SimpleDecoratingHttpService;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.zip.GZIPOutputStream;

/**
 * Packs answers as gzip for those who take it. Armeria's own service needs the native library of
 * Brotli.
 */
public final class GzipAnswers extends SimpleDecoratingHttpService {

  /** Shorter answers fit into a packet as they are. */
  private static final int LONG = 1024;

  private static final String GZIP = "gzip";

  /** Stands before a service whose answers are no streams, but for those of gRPC. */
  public GzipAnswers(HttpService service) {
    super(service);
  }

  @Override
  public HttpResponse serve(ServiceRequestContext context, HttpRequest request) throws Exception {
    HttpResponse answer = unwrap().serve(context, request);
    return takes(request.headers())
        ? HttpResponse.of(answer.aggregate().thenApply(GzipAnswers::packed))
        : answer;
  }

  private static boolean takes(RequestHeaders headers) {
    MediaType type = headers.contentType();
    return (type == null || !type.subtype().startsWith("grpc"))
        && Arrays.stream(headers.get(HttpHeaderNames.ACCEPT_ENCODING, "").split(",", -1))
            .map(each -> each.toLowerCase(Locale.ROOT).replace(" ", ""))
            .anyMatch(each -> each.matches(GZIP + "(;q=(1(\\.0*)?|0?\\.0*[1-9][0-9]*))?"));
  }

  private static HttpResponse packed(AggregatedHttpResponse answer) {
    if (answer.content().length() < LONG) {
      return answer.toHttpResponse();
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(answer.content().length() / 2);
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(answer.content().array());
    } catch (IOException e) {
      throw new UncheckedIOException("in memory", e);
    }
    ResponseHeaders headers =
        answer.headers().toBuilder()
            .set(HttpHeaderNames.CONTENT_ENCODING, GZIP)
            .set(HttpHeaderNames.VARY, HttpHeaderNames.ACCEPT_ENCODING.toString())
            .removeAndThen(HttpHeaderNames.CONTENT_LENGTH)
            .build();
    return HttpResponse.of(headers, HttpData.wrap(bytes.toByteArray()));
  }
}
