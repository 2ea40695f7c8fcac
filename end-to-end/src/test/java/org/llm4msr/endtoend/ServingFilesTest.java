package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.llm4msr.endtoend.ServedShop.CLIENT;
import static org.llm4msr.endtoend.ServedShop.JSON;
import static org.llm4msr.endtoend.ServedShop.at;
import static org.llm4msr.endtoend.ServedShop.get;
import static org.llm4msr.endtoend.ServedShop.post;
import static org.llm4msr.endtoend.ServedShop.request;
import static org.llm4msr.endtoend.ServedShop.start;
import static org.llm4msr.endtoend.ServedShop.startForAll;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.server.RankingServer;
import org.llm4msr.server.config.ServerConfig;
import org.opentest4j.TestAbortedException;

/** What the archive has for those who run servers, beside a server that runs. */
class ServingFilesTest {

  private static final Path ROOT = Path.of(System.getProperty("llm4msr.root"));
  private static final Path FILES = ROOT.resolve("dist/src/main/serving");
  private static final Pattern METRIC = Pattern.compile("\\b(llm4msr|jvm|process|system)_\\w+");

  @TempDir Path folder;
  private static RankingServer server;

  @BeforeAll
  static void begin() {
    server = startForAll();
  }

  @AfterAll
  static void end() {
    server.close();
  }

  private static String read(String name) throws IOException {
    return Files.readString(FILES.resolve(name));
  }

  private static String find(String pattern, String text) {
    return Pattern.compile(pattern, Pattern.MULTILINE)
        .matcher(text)
        .results()
        .findFirst()
        .map(match -> match.group(1))
        .orElseThrow(() -> new AssertionError(pattern + " is not in " + text));
  }

  private static Set<String> metrics(String text) {
    return METRIC.matcher(text).results().map(MatchResult::group).collect(Collectors.toSet());
  }

  @Test
  void theDashboardAndTheAlertsAskForWhatTheServerCounts() throws Exception {
    Set<String> asked = new TreeSet<>();
    for (JsonNode panel : JSON.readTree(read("grafana.json")).get("panels")) {
      for (JsonNode target : panel.get("targets")) {
        asked.addAll(metrics(target.get("expr").asText()));
      }
    }
    for (JsonNode rule : new YAMLMapper().readTree(read("alerts.yaml")).at("/groups/0/rules")) {
      asked.addAll(metrics(rule.get("expr").asText()));
    }
    assertThat(asked).hasSizeGreaterThan(20);
    try (RankingServer counted =
        start("models.next.bundle=" + ServedShop.compiled(), "models.next.shadow=1")) {
      post(counted, request(17, 3, ""));
      post(counted, "{}");
      System.gc();
      // Collections and shadows are counted a moment later.
      Await.until(() -> assertThat(metrics(get(counted, "/metrics"))).containsAll(asked));
    }
  }

  @Test
  @Tag("services")
  void eachAlertFiresAndIsSilentOtherwise() throws Exception {
    Files.copy(FILES.resolve("alerts.yaml"), folder.resolve("alerts.yaml"));
    Path tests = folder.resolve("alerts-test.yaml");
    try (InputStream resource = getClass().getResourceAsStream("/alerts-test.yaml")) {
      Files.copy(resource, tests);
    }
    Path output = folder.resolve("out");
    Process promtool;
    try {
      promtool =
          new ProcessBuilder("promtool", "test", "rules", tests.toString())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
    } catch (IOException e) {
      throw new TestAbortedException("promtool is not installed", e);
    }

    assertThat(promtool.waitFor()).as(Files.readString(output)).isZero();
    Set<String> tested = new TreeSet<>();
    new YAMLMapper()
        .readTree(tests.toFile())
        .findValues("alertname")
        .forEach(name -> tested.add(name.asText()));
    assertThat(new YAMLMapper().readTree(read("alerts.yaml")).findValuesAsText("alert"))
        .containsExactlyInAnyOrderElementsOf(tested);
  }

  @Test
  void kubernetesWaitsForTheRequestsUnderWayAndAsksWhatIsServed() throws Exception {
    List<JsonNode> objects = new ArrayList<>();
    try (MappingIterator<JsonNode> documents =
        new YAMLMapper().readerFor(JsonNode.class).readValues(read("kubernetes.yaml"))) {
      documents.forEachRemaining(objects::add);
    }
    assertThat(objects)
        .extracting(object -> object.get("kind").asText())
        .containsExactly("ConfigMap", "Deployment", "Service", "PodDisruptionBudget");
    Path file = folder.resolve("server.yaml");
    Files.writeString(file, objects.get(0).at("/data/server.yaml").asText());
    ServerConfig config = config(file);
    JsonNode pod = objects.get(1).at("/spec/template/spec");
    JsonNode container = pod.at("/containers/0");

    assertThat(pod.get("terminationGracePeriodSeconds").asDouble())
        .isGreaterThan(
            container.at("/lifecycle/preStop/exec/command/1").asDouble() + config.drainSeconds());
    assertThat(container.at("/ports/0/containerPort").asInt()).isEqualTo(config.port());
    for (String probe : List.of("startup", "readiness", "liveness")) {
      String path = container.at("/" + probe + "Probe/httpGet/path").asText();
      HttpRequest request = HttpRequest.newBuilder(at(server, path)).build();
      assertThat(CLIENT.send(request, BodyHandlers.discarding()).statusCode()).isEqualTo(200);
    }
    assertThat(pod.at("/securityContext/runAsUser").asText())
        .isEqualTo(find("--uid (\\d+)", read("Dockerfile")));
    assertThat(container.get("volumeMounts").findValuesAsText("mountPath"))
        .contains("/tmp", find("--home-dir (\\S+)", read("Dockerfile")));
  }

  private static ServerConfig config(Path file) {
    return ServedShop.loader().read(ServerConfig.class, file, List.of());
  }

  @Test
  void theImageHealsByWhatTheServerSays() throws Exception {
    String dockerfile = read("Dockerfile");
    int port = config(FILES.resolve("server.yaml")).port();
    List<String> check = new ArrayList<>();
    JSON.readTree(find("^HEALTHCHECK .* CMD (.*)$", dockerfile))
        .forEach(word -> check.add(word.asText()));

    assertThat(find("^EXPOSE (\\d+)", dockerfile)).isEqualTo(String.valueOf(port));
    assertThat(find("^USER (\\d+)", dockerfile)).isNotEqualTo("0");
    assertThat(run(check, port, server.port())).isZero();
    assertThat(run(check, port, 1)).isNotZero();
    assertThat(run(check, "/ready", "/nix", port, server.port())).isNotZero();
  }

  private static int run(List<String> command, int port, int other) throws Exception {
    return run(command, "", "", port, other);
  }

  private static int run(List<String> command, String text, String instead, int port, int other)
      throws Exception {
    return new ProcessBuilder(
            command.stream()
                .map(word -> word.replace("/" + port, "/" + other).replace(text, instead))
                .toList())
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start()
        .waitFor();
  }

  @Test
  void systemdWaitsForTheRequestsUnderWay() throws Exception {
    String unit = read("llm4msr.service");

    assertThat(Double.parseDouble(find("^TimeoutStopSec=(\\d+)", unit)))
        .isGreaterThan(config(FILES.resolve("server.yaml")).drainSeconds() + 10);
    assertThat(find("^SuccessExitStatus=(\\d+)", unit)).isEqualTo("143");
    assertThat(find("^ExecStart=/opt/llm4msr/(\\S+) ", unit)).isEqualTo("bin/llm4msr");
    assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/systemd-analyze")), "no systemd: unit is not parsed");
    Path file = folder.resolve("llm4msr.service");
    Files.writeString(file, unit.replace("/opt/llm4msr/bin/llm4msr", "/bin/true"));
    Process process =
        new ProcessBuilder("systemd-analyze", "verify", file.toString())
            .redirectErrorStream(true)
            .start();
    assertThat(new String(process.getInputStream().readAllBytes(), UTF_8)).isEmpty();
    assertThat(process.waitFor()).isZero();
  }
}
