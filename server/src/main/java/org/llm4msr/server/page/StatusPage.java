package org.llm4msr.server.page;

import com.google.common.io.Resources;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/**
 * A page that shows what the server does, and ranks what is typed in. It holds no data: its script
 * reads what the server serves to all, with the token of who looks at it.
 */
public final class StatusPage implements HttpService {

  /** Where it is served. */
  public static final String PATH = "/";

  private static final String POLICY =
      "default-src 'none'; script-src %s; style-src %s; connect-src 'self'; img-src data:;"
          + " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
          + " require-trusted-types-for 'script'";

  private final HttpData content;
  private final ResponseHeaders headers;

  /** Reads it from its resource. */
  public StatusPage() {
    String html = read();
    content = HttpData.ofUtf8(html);
    headers =
        ResponseHeaders.builder(HttpStatus.OK)
            .contentType(MediaType.HTML_UTF_8)
            .set(
                HttpHeaderNames.CONTENT_SECURITY_POLICY,
                POLICY.formatted(hash(html, "script"), hash(html, "style")))
            .set(HttpHeaderNames.X_CONTENT_TYPE_OPTIONS, "nosniff")
            .set(HttpHeaderNames.REFERRER_POLICY, "no-referrer")
            .set(HttpHeaderNames.CACHE_CONTROL, "no-cache")
            .build();
  }

  @Override
  public HttpResponse serve(ServiceRequestContext context, HttpRequest request) {
    return HttpResponse.of(headers, content);
  }

  private static String read() {
    try {
      return Resources.toString(
          Resources.getResource(StatusPage.class, "page.html"), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("page.html", e);
    }
  }

  /** Returns what allows the only element of a name, and no other. */
  private static String hash(String html, String element) {
    String begin = "<" + element + ">";
    String text =
        html.substring(html.indexOf(begin) + begin.length(), html.indexOf("</" + element + ">"));
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return "'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("each Java has SHA-256", e);
    }
  }
}
