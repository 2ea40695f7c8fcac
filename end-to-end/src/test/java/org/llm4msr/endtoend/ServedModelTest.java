package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.llm4msr.endtoend.ServedShop.CLIENT;
import static org.llm4msr.endtoend.ServedShop.JSON;
import static org.llm4msr.endtoend.ServedShop.assertRefused;
import static org.llm4msr.endtoend.ServedShop.get;
import static org.llm4msr.endtoend.ServedShop.post;
import static org.llm4msr.endtoend.ServedShop.request;
import static org.llm4msr.endtoend.ServedShop.same;
import static org.llm4msr.endtoend.ServedShop.start;
import static org.llm4msr.endtoend.ServedShop.startForAll;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.Value;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.arrow.vector.util.Text;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.protocol.v1.Item;
import org.llm4msr.protocol.v1.RankRequest;
import org.llm4msr.protocol.v1.RankedItem;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.server.RankingServer;
import org.llm4msr.serving.ranker.RankResult;
import org.llm4msr.serving.ranker.Ranker;

/** A trained and compiled model behind a server, beside the ranker in this process. */
class ServedModelTest {

  private static final int ITEMS = 30;

  private static Ranker ranker;
  private static RankingServer server;

  @TempDir Path folder;

  @BeforeAll
  static void begin() {
    ranker = Ranker.open(ServedShop.compiled());
    server = startForAll();
  }

  @AfterAll
  static void end() {
    server.close();
    ranker.close();
  }

  @Test
  void jsonHasTheBestItemsOfTheRanker() throws Exception {
    RankResult expected = ranker.rank(same(17, ITEMS));
    int[] best = expected.best(5);

    JsonNode items =
        JSON.readTree(post(server, request(17, ITEMS, ", \"top\": 5")).body()).get("items");

    assertThat(items).hasSize(5);
    for (int i = 0; i < best.length; i++) {
      assertThat(items.get(i).get("id").asText()).isEqualTo("i" + best[i]);
      assertThat((float) items.get(i).get("probability").asDouble())
          .isEqualTo(expected.probability(best[i]));
    }
  }

  @Test
  void grpcHasTheProbabilitiesOfTheRanker() {
    RankResult expected = ranker.rank(same(17, ITEMS));
    RankRequest.Builder request =
        RankRequest.newBuilder()
            .setUser("17")
            .setScenario("feed")
            .putContext("hour", Value.newBuilder().setNumberValue(3).build())
            .putContext("price", Value.newBuilder().setNumberValue(12.5).build())
            .putContext("tags", Value.newBuilder().setStringValue("a").build());
    for (int i = 0; i < ITEMS; i++) {
      request.addItems(Item.newBuilder().setId("i" + i));
    }
    ManagedChannel channel =
        ManagedChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
    try {
      List<RankedItem> items = ServedShop.call(channel, request.build()).getItemsList();
      assertThat(items).hasSize(ITEMS);
      items.forEach(
          item ->
              assertThat(item.getProbability()).isEqualTo(expected.probability(item.getPlace())));
    } finally {
      channel.shutdownNow();
    }
  }

  @Test
  void flightScoresBatchesOfRows() throws Exception {
    RankResult expected = ranker.rank(same(17, ITEMS));
    Map<String, String> row =
        Map.of("user", "17", "scenario", "feed", "hour", "3", "price", "12.5", "tags", "a");
    List<String> columns = List.of("user", "item", "scenario", "hour", "price", "tags");
    Schema schema =
        new Schema(
            columns.stream().map(name -> Field.nullable(name, ArrowType.Utf8.INSTANCE)).toList());
    try (RankingServer flight = start();
        BufferAllocator allocator = new RootAllocator();
        VectorSchemaRoot rows = VectorSchemaRoot.create(schema, allocator)) {
      for (int i = 0; i < ITEMS; i++) {
        for (String column : columns) {
          ((VarCharVector) rows.getVector(column))
              .setSafe(i, new Text(row.getOrDefault(column, "i" + i)));
        }
      }
      rows.setRowCount(ITEMS);
      float[] found = ServedShop.overFlight(flight, rows);
      assertThat(found).hasSize(ITEMS);
      for (int i = 0; i < ITEMS; i++) {
        assertThat(found[i]).isCloseTo(expected.probability(i), within(1e-5f));
      }
    }
  }

  @Test
  void aVersionIsServedOnceItIsWhole() throws Exception {
    Path versions = Files.createDirectory(folder.resolve("versions"));
    Folders.copy(ServedShop.compiled(), versions.resolve("1"));
    Folders.copy(ServedShop.compiled(), versions.resolve("2"));
    Path file = versions.resolve("2/dense.safetensors");
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length / 2));
    try (RankingServer reloading =
        start("models.other.versions=" + versions, "models.main.weight=0", "reloadSeconds=0")) {
      float expected = ranker.rank(same(17, 1)).probability(0);
      JsonNode rejected = JSON.readTree(get(reloading, "/v1/models")).at("/models/1/rejected");
      assertThat(rejected.get("code").asText()).isEqualTo("bundle/DAMAGED");
      assertThat(rejected.get("message").asText()).contains("dense.safetensors");
      assertThat(ranked(reloading)).isEqualTo(expected);

      Files.write(file, whole);
      HttpRequest choice =
          HttpRequest.newBuilder(ServedShop.at(reloading, "/v1/models/other"))
              .header("Content-Type", "application/json")
              .POST(BodyPublishers.ofString("{\"version\": \"2\"}"))
              .build();
      String chosen = CLIENT.send(choice, BodyHandlers.ofString()).body();
      assertThat(JSON.readTree(chosen).get("version").asText()).isEqualTo("2");
      assertThat(JSON.readTree(chosen).at("/comparison/change").asDouble(1)).isZero();
      assertThat(ranked(reloading)).isEqualTo(expected);
    }
  }

  private static float ranked(RankingServer by) throws Exception {
    JsonNode answer = JSON.readTree(post(by, request(17, 1, "")).body());
    return (float) answer.at("/items/0/probability").asDouble();
  }

  @Test
  void aTextIsReadFromTheNextRequestOn() throws Exception {
    try (RankingServer reading = start("knowledge.encoder={name: hash, dimension: 16}")) {
      float before = ranked(reading);
      HttpRequest text =
          HttpRequest.newBuilder(ServedShop.at(reading, "/v1/knowledge/user/17"))
              .header("Content-Type", "application/json")
              .PUT(BodyPublishers.ofString("{\"text\": \"Likes films about the sea.\"}"))
              .build();
      HttpResponse<String> taken = CLIENT.send(text, BodyHandlers.ofString());

      assertThat(taken.statusCode()).as(taken.body()).isEqualTo(200);
      assertThat(ranked(reading)).isNotEqualTo(before);
    }
  }

  @Test
  void metricsSayWhatValidationLeadsToExpect() throws Exception {
    Map<String, Object> training = Bundle.peek(ServedShop.compiled()).manifest().training();
    JsonNode validation = JSON.valueToTree(training.get("validation"));
    Map<String, String> lines = new TreeMap<>();
    try (RankingServer idle = start()) {
      get(idle, "/metrics")
          .lines()
          .filter(line -> line.startsWith("llm4msr_expected"))
          .forEach(line -> lines.put(line.replaceAll(" .*", ""), line.replaceAll(".* ", "")));
    }

    for (JsonNode scenario : validation.get("scenarios")) {
      String label = "{model=\"main\",scenario=\"%s\"}".formatted(scenario.get("name").asText());
      assertThat(Double.parseDouble(lines.get("llm4msr_expected_probability" + label)))
          .isEqualTo(scenario.get("positives").asDouble() / scenario.get("rows").asDouble());
    }
    Map<String, Double> unknown = unknownShares();
    assertThat(unknown).containsKeys("hour", "city", "kind");
    unknown.forEach(
        (field, share) ->
            assertThat(
                    lines.get(
                        "llm4msr_expected_unknown_values{field=\"%s\",model=\"main\"}"
                            .formatted(field)))
                .isEqualTo(share.toString()));
  }

  private static Map<String, Double> unknownShares() {
    Map<String, Double> shares = new TreeMap<>();
    try (PreparedData data = PreparedData.open(ServedShop.prepared());
        BatchSource rows = data.sequential(Split.VALIDATION, 1000)) {
      Batch batch = rows.newBatch();
      assertThat(rows.next(batch)).isTrue();
      assertThat(batch.size).isEqualTo(data.manifest().rows().validation());
      for (int f = 0; f < batch.fields.size(); f++) {
        if (batch.fields.get(f) instanceof FieldValues.Ids ids) {
          long none = Arrays.stream(ids.ids(), 0, batch.size).filter(id -> id == 0).count();
          shares.put(data.manifest().fields().get(f).name(), none / (double) batch.size);
        }
      }
    }
    return shares;
  }

  @Test
  void aBundleThatIsTruncatedUnderLoadIsNoFaultOfTheRequest() throws Exception {
    Path bundle = folder.resolve("bundle");
    Folders.copy(ServedShop.compiled(), bundle);
    try (RankingServer damaged = start("models.main.bundle=" + bundle)) {
      assertThat(post(damaged, request(17, 3, "")).statusCode()).isEqualTo(200);
      try (Stream<Path> files = Files.walk(bundle)) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          try (FileChannel open = FileChannel.open(file, StandardOpenOption.WRITE)) {
            open.truncate(10);
          }
        }
      }
      assertThat(post(damaged, request(17, 3, "")).statusCode()).isEqualTo(200);
      HttpResponse<String> other = post(damaged, request(18, 3, ""));
      assertRefused(other, 503, "bundle/DAMAGED");
      assertThat(other.headers().firstValue("Retry-After")).isPresent();
      assertThat(get(damaged, "/ready")).contains("true");
    }
  }

  @Test
  void theCommandServesUntilItIsTerminated() throws Exception {
    Path place = Files.createDirectory(folder.resolve("it's: a #command"));
    Path bundle = Files.createSymbolicLink(place.resolve("bundle"), ServedShop.compiled());
    Cli.Running serving =
        new Cli(place)
            .start(
                "serve",
                bundle.toString(),
                "-Dport=0",
                "-DwarmUpSeconds=0.1",
                "-DaccessLog=plain",
                "-DlogFormat=json");
    assertThat(
            Await.whileAlive(
                serving.process(), () -> !Files.readString(serving.out(), UTF_8).isBlank()))
        .as("it serves")
        .isTrue();
    Instant begin = serving.process().info().startInstant().orElseThrow();
    String address = Files.readString(serving.out(), UTF_8);
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(address.strip() + "/v1/rank"))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(request(17, 3, "")))
            .build();
    assertThat(CLIENT.send(request, BodyHandlers.ofString()).body())
        .contains("\"model\":\"default\"");
    serving.process().destroy();
    Cli.Outcome outcome = serving.await();

    assertThat(outcome.code()).isEqualTo(143);
    assertThat(outcome.err())
        .contains("Ending the requests under way.")
        .doesNotContain("cli/", "warm-up");
    String line =
        outcome.err().lines().filter(each -> each.contains("/v1/rank")).findFirst().orElseThrow();
    Map<String, Object> fields = JSON.readValue(line, new TypeReference<>() {});
    assertThat(Instant.parse(fields.remove("date").toString())).isAfter(begin);
    assertThat(fields.remove("message").toString())
        .startsWith("POST /v1/rank 200 ")
        .endsWith(" ms scenario=feed items=3");
    assertThat((double) fields.remove("millis")).isPositive();
    assertThat(fields)
        .isEqualTo(
            Map.of(
                "level", "INFO",
                "logger", "llm4msr.access",
                "method", "POST",
                "path", "/v1/rank",
                "status", "200",
                "scenario", "feed",
                "items", 3));
  }
}
