package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.llm4msr.endtoend.ServedShop.JSON;
import static org.llm4msr.endtoend.ServedShop.request;
import static org.llm4msr.endtoend.ServedShop.same;
import static org.llm4msr.endtoend.ServedShop.start;
import static org.llm4msr.endtoend.ServedShop.startForAll;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.server.RankingServer;
import org.llm4msr.serving.ranker.RankResult;
import org.llm4msr.serving.ranker.Ranker;

/** The example clients, asking a server that runs and one that is busy. */
class ServingExamplesTest {

  private static final Path EXAMPLES =
      Path.of(System.getProperty("llm4msr.root"), "examples", "serving");
  private static final String JAVA =
      Path.of(System.getProperty("java.home"), "bin/java").toString();
  private static final int ITEMS = 12;

  @TempDir Path folder;
  private static RankingServer server;
  private static RankResult expected;

  @BeforeAll
  static void begin() {
    server = startForAll("tokens.rank=[secret]");
    try (Ranker ranker = Ranker.open(ServedShop.compiled())) {
      expected = ranker.rank(same(17, ITEMS));
    }
  }

  @AfterAll
  static void end() {
    server.close();
  }

  /** What a client said. */
  private record Outcome(int code, String out, String err) {}

  private Outcome run(String token, List<String> command) throws Exception {
    Path input = Files.writeString(folder.resolve("request.json"), request(17, ITEMS, ""));
    File out = folder.resolve("out").toFile();
    File err = folder.resolve("err").toFile();
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectInput(input.toFile())
            .redirectOutput(out)
            .redirectError(err);
    builder.environment().putAll(Map.of("TOKEN", token, "MILLIS", "10000"));
    Process process = builder.start();
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).as("ends").isTrue();
    return new Outcome(
        process.exitValue(),
        Files.readString(out.toPath(), UTF_8),
        Files.readString(err.toPath(), UTF_8));
  }

  /** Returns a command whose last word is an example. */
  private static List<String> command(String... words) {
    String file = EXAMPLES.resolve(words[words.length - 1]).toString();
    List<String> command = new ArrayList<>(List.of(words));
    command.set(words.length - 1, file);
    assumeTrue(onPath(command.get(0)), "no " + words[0]);
    return command;
  }

  private static boolean onPath(String program) {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .anyMatch(place -> Files.isExecutable(Path.of(place).resolve(program)));
  }

  private static List<String> with(List<String> command, String... more) {
    return Stream.concat(command.stream(), Stream.of(more)).toList();
  }

  private static String address() {
    return "http://127.0.0.1:" + server.port();
  }

  private static void assertRanked(Map<String, Float> probabilities) {
    Map<String, Float> all = new TreeMap<>();
    for (int place = 0; place < ITEMS; place++) {
      all.put("i" + place, expected.probability(place));
    }
    assertThat(probabilities).isEqualTo(all);
  }

  private static Map<String, Float> ofJson(String answer) throws IOException {
    Map<String, Float> probabilities = new TreeMap<>();
    for (JsonNode item : JSON.readTree(answer).get("items")) {
      probabilities.put(item.get("id").asText(), (float) item.get("probability").asDouble());
    }
    return probabilities;
  }

  private static Map<String, Float> ofLines(String answer) {
    Map<String, Float> probabilities = new TreeMap<>();
    answer
        .lines()
        .map(line -> line.split("\t"))
        .forEach(line -> probabilities.put(line[0], Float.parseFloat(line[1])));
    return probabilities;
  }

  private void assertRefused(List<String> command) throws Exception {
    Outcome refused = run("wrong", command);
    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.err()).containsAnyOf("The request has no token", "UNAUTHENTICATED");
  }

  @Test
  void curl() throws Exception {
    assumeTrue(onPath("curl"), "no curl");
    List<String> command = with(command("bash", "rank.sh"), address());
    assertRanked(ofJson(run("secret", command).out()));
    assertRefused(command);
    assertComesBack(command("bash", "rank.sh"));
  }

  @Test
  void pythonAlone() throws Exception {
    List<String> command = with(command("python3", "rank_http.py"), address());
    assertRanked(ofLines(run("secret", command).out()));
    assertRefused(command);
    try (Busy busy = new Busy(2)) { // It waits for one second.
      Outcome outcome = run("", with(command("python3", "rank_http.py"), busy.address()));
      assertThat(outcome.out()).startsWith("i0\t-\t-\ni1\t-").hasLineCount(ITEMS);
      assertThat(busy.allowed).hasSize(1);
    }
  }

  /** Compiles a program; as a user begins it, each start would do so. */
  private List<String> java(String name) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    String source = EXAMPLES.resolve(name + ".java").toString();
    assertThat(
            compiler.run(null, null, null, "-d", folder.toString(), "-cp", Cli.classPath(), source))
        .isZero();
    String classPath = folder + File.pathSeparator + Cli.classPath();
    return List.of(JAVA, "-XX:TieredStopAtLevel=1", "-cp", classPath, name);
  }

  @Test
  void javaOverHttp() throws Exception {
    List<String> command = java("RankHttp");
    assertRanked(ofJson(run("secret", with(command, address())).out()));
    assertRefused(with(command, address()));
    assertComesBack(command);
  }

  @Test
  void javaOverGrpc() throws Exception {
    List<String> command = new ArrayList<>(java("RankGrpc"));
    command.add("127.0.0.1:" + server.port());
    command.addAll(List.of("17", "feed", "hour=3", "price=12.5", "tags=a"));
    for (int i = 0; i < ITEMS; i++) {
      command.add("i" + i);
    }
    // Libraries log between the lines of the items.
    String lines = run("secret", command).out().replaceAll("(?m)^(?!i\\d+\t).*\\n", "");
    assertRanked(ofLines(lines));
    assertRefused(command);
  }

  @Test
  @Tag("services")
  void pythonOverFlight() throws Exception {
    Python python = Python.with("pyarrow");
    List<String> rows = new ArrayList<>(List.of("user,scenario,item,hour,price,tags"));
    for (int i = 0; i < ITEMS; i++) {
      rows.add("17,feed,i%d,3,12.5,a".formatted(i));
    }
    Path file = Files.write(folder.resolve("rows.csv"), rows);
    try (RankingServer flight =
        start("tokens.rank=[secret]")) { // Its threads stay as long as it does.
      List<String> command =
          List.of(
              python.program(),
              EXAMPLES.resolve("score_flight.py").toString(),
              "grpc://127.0.0.1:" + flight.port(),
              file.toString());
      Outcome outcome = run("secret", command);
      List<String> scores = outcome.out().lines().toList();
      assertThat(scores).as(outcome.err()).hasSize(ITEMS);
      for (int i = 0; i < ITEMS; i++) {
        assertThat(Float.parseFloat(scores.get(i)))
            .isCloseTo(expected.probability(i), within(1e-5f));
      }
      assertRefused(command);
    }
  }

  /** A server that is busy at first, and answers nothing of use a second later. */
  private static final class Busy implements AutoCloseable {

    private final List<Long> allowed = new CopyOnWriteArrayList<>();
    private final HttpServer server;

    private Busy(int seconds) throws IOException {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.createContext(
          "/v1/rank",
          exchange -> {
            allowed.add(Long.parseLong(exchange.getRequestHeaders().getFirst("X-Timeout-Millis")));
            if (allowed.size() == 1) {
              exchange.getResponseHeaders().add("Retry-After", String.valueOf(seconds));
            }
            answer(exchange, allowed.size() == 1 ? 503 : 200);
          });
      server.start();
    }

    private static void answer(HttpExchange exchange, int status) throws IOException {
      byte[] body = "{\"items\": []}".getBytes(UTF_8);
      exchange.getRequestBody().readAllBytes();
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
      exchange.close();
    }

    private String address() {
      return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    @Override
    public void close() {
      server.stop(0);
    }
  }

  private void assertComesBack(List<String> command) throws Exception {
    try (Busy busy = new Busy(1)) {
      Outcome outcome = run("", with(command, busy.address()));
      assertThat(outcome.code()).as(outcome.err()).isZero();
      assertThat(outcome.out()).contains("\"items\": []");
      assertThat(busy.allowed).hasSize(2);
      assertThat(busy.allowed.get(0) - busy.allowed.get(1)).isGreaterThan(900);
    }
  }
}
