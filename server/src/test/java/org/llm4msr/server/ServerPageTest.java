package org.llm4msr.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.llm4msr.server.FakeServer.assertRefused;
import static org.llm4msr.server.FakeServer.call;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page for people, as it is sent. */
class ServerPageTest {

  @TempDir Path folder;

  private static String hash(String html, String element) throws Exception {
    MatchResult found =
        Pattern.compile("(?s)<%1$s>(.*?)</%1$s>".formatted(element))
            .matcher(html)
            .results()
            .findFirst()
            .orElseThrow();
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(found.group(1).getBytes(UTF_8));
    return "%s-src 'sha256-%s'".formatted(element, Base64.getEncoder().encodeToString(digest));
  }

  @Test
  void itNeedsNothingElseAndMayNotLoadIt() throws Exception {
    try (RankingServer server =
        FakeServer.start(new FakeBundle(1).write(folder.resolve("compiled")))) {
      HttpResponse<String> answer = call(server, "GET", "/", "");
      String policy = answer.headers().firstValue("content-security-policy").orElseThrow();

      assertThat(answer.headers().firstValue("content-type")).hasValue("text/html; charset=utf-8");
      assertThat(policy)
          .startsWith("default-src 'none';")
          .contains(hash(answer.body(), "script"), hash(answer.body(), "style"))
          .contains("frame-ancestors 'none'")
          .doesNotContain("unsafe");
      assertThat(answer.body()).doesNotContainPattern("https?://").doesNotContain("src=");
    }
  }

  @Test
  void oneSettingSwitchesItOff() throws Exception {
    try (RankingServer without =
        FakeServer.start(new FakeBundle(1).write(folder.resolve("compiled")), "page=false")) {
      assertRefused(call(without, "GET", "/", ""), 404, "serve/HTTP_404");
    }
  }
}
