import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeoutException;

/**
 * Ranks over HTTP with the JDK alone: {@code java RankHttp.java ADDRESS < REQUEST.json}.
 *
 * <p>{@code TOKEN} is one of the server's tokens, if it has any.
 */
public final class RankHttp {

  private static final long MILLIS = 1_000_000;

  /**
   * One for all requests: it keeps connections. By itself it would ask for HTTP/2 with the first
   * request, and may then lose what a long answer has after 16 KB, and wait in vain.
   */
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final URI address;
  private final Optional<String> token;

  RankHttp(URI server, Optional<String> token) {
    this.address = server.resolve("/v1/rank");
    this.token = token;
  }

  /**
   * Returns the answer as JSON.
   *
   * @throws TimeoutException where there is none in time
   * @throws IOException where the server cannot be reached, or refuses the request for good
   */
  String rank(String request, Duration time)
      throws IOException, InterruptedException, TimeoutException {
    long deadline = System.nanoTime() + time.toNanos();
    while (true) {
      long left = (deadline - System.nanoTime()) / MILLIS;
      if (left <= 0) {
        throw new TimeoutException("no answer in " + time);
      }
      HttpResponse<String> answer = send(request, left);
      if (answer.statusCode() == 200) {
        return answer.body();
      }
      // Only 429 and 503 may be better later, and say when.
      Optional<String> wait = answer.headers().firstValue("Retry-After");
      if (wait.isEmpty()) {
        throw new IOException(answer.statusCode() + ": " + answer.body());
      }
      Duration pause = Duration.ofSeconds(Long.parseLong(wait.get()));
      if (System.nanoTime() + pause.toNanos() - deadline >= 0) {
        throw new TimeoutException("the server is busy: " + answer.body());
      }
      Thread.sleep(pause.toMillis());
    }
  }

  private HttpResponse<String> send(String request, long millis)
      throws IOException, InterruptedException {
    HttpRequest.Builder call =
        HttpRequest.newBuilder(address)
            .timeout(Duration.ofMillis(millis))
            .header("Content-Type", "application/json")
            .header("X-Timeout-Millis", String.valueOf(millis))
            .POST(BodyPublishers.ofString(request));
    token.ifPresent(known -> call.header("Authorization", "Bearer " + known));
    return client.send(call.build(), BodyHandlers.ofString());
  }

  public static void main(String[] arguments) throws Exception {
    String request = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
    RankHttp ranking =
        new RankHttp(URI.create(arguments[0]), Optional.ofNullable(System.getenv("TOKEN")));
    try {
      System.out.println(ranking.rank(request, Duration.ofSeconds(2)));
    } catch (IOException | TimeoutException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }
}
