package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.llm4msr.endtoend.FreshShop.metric;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.util.JsonFormat;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.TimeStampSecVector;
import org.apache.arrow.vector.TinyIntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.StructVector;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.arrow.vector.util.Text;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.protocol.v1.RankRequest;
import org.llm4msr.protocol.v1.RankResponse;
import org.llm4msr.runtime.bundle.Bundle;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.scoring.Scorer;
import org.llm4msr.runtime.scoring.ScoringRequest;
import org.llm4msr.server.RankingServer;
import org.llm4msr.server.log.LoggedRequests;
import org.llm4msr.server.replay.Replay;
import org.llm4msr.server.replay.ReplayReport;
import org.llm4msr.serving.compiler.Compiler;
import org.llm4msr.serving.ranker.Ranker;

/**
 * Events that requests bring, of a model that reads their items, scenarios, order and two labels:
 * beside its scores by the log of its bundle, which has the same events.
 */
class SequenceRequestsTest {

  private static final int TEST = 1000;
  private static final int SOME = 40;

  private static final String SEQUENCES =
      "model.sequences={recent: {length: 4, until: row}, where: {table: scenario, length: 4, until:"
          + " row}, attended: {pooling: target-attention, length: 6, events: all, until: row},"
          + " dear: {positive: dear, until: row, length: 4}, seen: {of: seen, pooling: max, length:"
          + " 3}}";

  @TempDir static Path folder;
  private static List<Map<String, Object>> some;
  private static float[] expected;
  private static Path compiled;

  @BeforeAll
  static void train() throws IOException {
    ServedShop.train(); // Its server has begun the threads that stay.
    List<String> rows = SequencesTest.write(folder, 1, 1000, 1200);
    Experiment experiment =
        SequencesTest.experimentOf(
            "{name: sar-net, eventScenarios: {recent: where}}",
            folder,
            Stream.concat(Stream.of(SEQUENCES), SequencesTest.LEARNS.stream())
                .toArray(String[]::new));
    experiment.prepare(false, Progress.NONE);
    Path bundle = experiment.train("one", Progress.NONE).bundle();
    compiled = folder.resolve("compiled");
    new Compiler(ServedShop.loader()).compile(Bundle.open(bundle), compiled);
    some =
        new ArrayList<>(rows.subList(TEST, TEST + SOME).stream().map(SequencesTest::row).toList());
    expected = SequencesTest.score(bundle, some);
    Random random = new Random(3);
    for (Map<String, Object> row : some) {
      List<Object> events = events(rows, (String) row.get("user"));
      Collections.shuffle(events, random);
      row.put("history", events);
    }
  }

  /** All events of a user with their times, also those after the rows. */
  private static List<Object> events(List<String> rows, String user) {
    List<Object> events = new ArrayList<>();
    for (String line : rows) {
      String[] values = line.split(",", -1);
      if (values[0].equals(user)) {
        boolean dear = !values[6].isEmpty() && Double.parseDouble(values[6]) > 10;
        Map<String, Object> event = new HashMap<>();
        event.put("item", values[1]);
        event.put("scenario", values[2]);
        event.put("time", Long.parseLong(values[4]) * 1000);
        event.put("label", Integer.parseInt(values[3]));
        event.put("label_dear", dear ? 1 : 0);
        events.add(event);
      }
    }
    return events;
  }

  private static RankingServer start(String... settings) {
    return ServedShop.serve(compiled, settings);
  }

  private static String request(Map<String, Object> row, String... left) throws IOException {
    Map<String, Object> context = new HashMap<>(row);
    List.of("user", "scenario", "item").forEach(context::remove);
    List.of(left).forEach(context::remove);
    return ServedShop.JSON.writeValueAsString(
        Map.of(
            "user",
            row.get("user"),
            "scenario",
            row.get("scenario"),
            "context",
            context,
            "items",
            List.of(Map.of("id", row.get("item")))));
  }

  private static JsonNode ranked(RankingServer server, String request) throws Exception {
    HttpResponse<String> answer = ServedShop.post(server, request);
    assertThat(answer.statusCode()).describedAs(answer.body()).isEqualTo(200);
    return ServedShop.JSON.readTree(answer.body());
  }

  private static float probability(JsonNode answer) {
    return (float) answer.at("/items/0/probability").asDouble();
  }

  /** And what was ranked is logged, so that it can be ranked again. */
  @Test
  void eventsOverHttpAreReadAsThoseOfTheLog() throws Exception {
    Path log = folder.resolve("log");
    int others = 0;
    try (RankingServer server = start("log={folder: '%s', sample: 1}".formatted(log))) {
      for (int i = 0; i < SOME; i++) {
        assertThat(probability(ranked(server, request(some.get(i)))))
            .isCloseTo(expected[i], within(1e-5f));
        Map<String, Object> ids = new HashMap<>(some.get(i));
        ids.put(
            "history",
            ((List<?>) ids.get("history")).stream().map(e -> ((Map<?, ?>) e).get("item")).toList());
        others += Math.abs(probability(ranked(server, request(ids))) - expected[i]) > 1e-5 ? 1 : 0;
      }
    }

    assertThat(others).isGreaterThan(SOME / 2);
    try (Ranker ranker = Ranker.open(compiled)) {
      ReplayReport report =
          Replay.run(LoggedRequests.open(log.resolve("main")), ranker, Progress.NONE);
      assertThat(report.refusals()).isEmpty();
      assertThat(report.same().requests()).isEqualTo(2 * SOME);
      assertThat(report.same().largestDifference()).isLessThanOrEqualTo(1e-6);
    }
  }

  @Test
  void explanationsTellTheEvents() throws Exception {
    try (RankingServer server = start()) {
      Map<String, Object> row = new HashMap<>(some.get(0));
      row.put("history", List.of("i3", Map.of("item", "i4", "label", 0)));
      String body = request(row).replaceFirst("\\{", "{\"explain\": true, ");
      assertThat(ranked(server, body).at("/explanation/values").toString())
          .contains(
              "{\"column\":\"history\",\"value\":[\"i3\",{\"item\":\"i4\",\"label\":0}],"
                  + "\"origin\":\"CONTEXT\",\"state\":\"KNOWN\"}");
    }
  }

  @Test
  void aWrongEventIsRefused() throws Exception {
    try (RankingServer server = start()) {
      for (List<String> wrong :
          List.of(
              List.of("{\"scenario\": \"feed\"}", "serve/BAD_REQUEST", "[1] has no item"),
              List.of("{\"item\": \"i1\", \"lable\": 0}", "serve/BAD_REQUEST", "'lable'"),
              List.of("{\"item\": \"i1\", \"label\": 3}", "data/BAD_VALUE", "the label 0 or 1"),
              List.of("{\"item\": \"i1\", \"time\": \"noon\"}", "data/BAD_VALUE", "a number"),
              List.of("{\"item\": \"i1\", \"time\": 9}", "data/BAD_VALUE", "all have a time"),
              List.of("{\"item\": 1.5}", "data/BAD_VALUE", "a whole number"),
              List.of("{\"item\": {}}", "serve/BAD_REQUEST", "history[1].item is an object"))) {
        String body =
            request(some.get(0), "history")
                .replace(
                    "\"context\":{", "\"context\":{\"history\":[\"i3\"," + wrong.get(0) + "],");
        HttpResponse<String> answer = ServedShop.post(server, body);
        ServedShop.assertRefused(answer, 400, wrong.get(1));
        assertThat(ServedShop.JSON.readTree(answer.body()).get("message").asText())
            .contains(wrong.get(2));
      }
    }
  }

  @Test
  void eventsOverGrpcAreReadAsThoseOfTheLog() throws Exception {
    try (RankingServer server = ServedShop.withAllThreads(start())) {
      ManagedChannel channel =
          ManagedChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
      try {
        for (int i = 0; i < SOME; i++) {
          RankRequest.Builder message = RankRequest.newBuilder();
          JsonFormat.parser().merge(request(some.get(i)), message);
          RankResponse answer = ServedShop.call(channel, message.build());
          assertThat(answer.getItems(0).getProbability()).isCloseTo(expected[i], within(1e-5f));
        }
        RankRequest.Builder wrong = RankRequest.newBuilder();
        Map<String, Object> row = new HashMap<>(some.get(0));
        row.put("history", List.of(Map.of("item", "i1", "clicked", 1)));
        JsonFormat.parser().merge(request(row), wrong);
        assertThatThrownBy(() -> ServedShop.call(channel, wrong.build()))
            .hasMessageStartingWith(Status.Code.INVALID_ARGUMENT.name())
            .hasMessageContaining("context.history[0] has the key 'clicked'");
      } finally {
        channel.shutdownNow();
      }
    }
  }

  /** Lists of ids and of structures, whose times are in seconds by their type. */
  @Test
  void eventsOverFlightAreReadAsThoseOfTheLog() throws Exception {
    try (RankingServer server = start();
        BufferAllocator allocator = new RootAllocator();
        VectorSchemaRoot root = VectorSchemaRoot.create(schema(), allocator)) {
      IntStream.range(0, SOME).forEach(i -> set(root, i, some.get(i)));
      root.setRowCount(SOME);
      assertThat(ServedShop.overFlight(server, root)).containsExactly(expected, within(1e-5f));
    }
  }

  /** Structures in Arrow, and JSON in CSV. */
  @Test
  void eventsOfFilesAreReadAsThoseOfTheLog() throws Exception {
    Path arrow = folder.resolve("rows.arrow");
    try (BufferAllocator allocator = new RootAllocator();
        VectorSchemaRoot root = VectorSchemaRoot.create(schema(), allocator);
        FileChannel out =
            FileChannel.open(arrow, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        ArrowFileWriter writer = new ArrowFileWriter(root, null, out)) {
      IntStream.range(0, SOME).forEach(i -> set(root, i, some.get(i)));
      root.setRowCount(SOME);
      writer.writeBatch();
      writer.end();
    }
    List<String> lines = new ArrayList<>();
    lines.add("user,scenario,item,hour,time,seen,history");
    for (Map<String, Object> row : some) {
      List<String> values = new ArrayList<>();
      TEXTS.forEach(name -> values.add((String) row.get(name)));
      values.add(row.get("time").toString());
      values.add(String.join("|", ((List<?>) row.get("seen")).toArray(String[]::new)));
      List<String> events = new ArrayList<>();
      for (Object event : (List<?>) row.get("history")) {
        events.add(ServedShop.JSON.writeValueAsString(event));
      }
      values.add('"' + String.join("|", events).replace("\"", "\"\"") + '"');
      lines.add(String.join(",", values));
    }
    Path csv = Files.write(folder.resolve("rows.csv"), lines);
    for (Path file : List.of(arrow, csv)) {
      Path scores = folder.resolve("scores-of-" + file.getFileName() + ".arrow");
      try (Scorer scorer = Scorer.load(compiled)) {
        scorer.score(new ScoringRequest(file, scores), Progress.NONE);
      }
      assertThat(BundleTest.floats(scores, "score")).containsExactly(expected, within(1e-5f));
    }
  }

  private static final List<String> TEXTS = List.of("user", "scenario", "item", "hour");

  private static Schema schema() {
    ArrowType text = ArrowType.Utf8.INSTANCE;
    List<Field> columns = new ArrayList<>();
    TEXTS.forEach(name -> columns.add(Field.nullable(name, text)));
    columns.add(Field.nullable("time", new ArrowType.Int(64, true)));
    columns.add(list("seen", Field.nullable("element", text)));
    columns.add(
        list(
            "history",
            new Field(
                "element",
                FieldType.nullable(ArrowType.Struct.INSTANCE),
                List.of(
                    Field.nullable("item", text),
                    Field.nullable("scenario", text),
                    Field.nullable("time", new ArrowType.Timestamp(TimeUnit.SECOND, null)),
                    Field.nullable("label", new ArrowType.Int(8, true)),
                    Field.nullable("label_dear", new ArrowType.Int(8, true))))));
    return new Schema(columns);
  }

  private static Field list(String name, Field element) {
    return new Field(name, FieldType.nullable(ArrowType.List.INSTANCE), List.of(element));
  }

  private static void set(VectorSchemaRoot root, int at, Map<String, Object> row) {
    TEXTS.forEach(name -> set(root.getVector(name), at, row.get(name)));
    set(root.getVector("time"), at, row.get("time"));
    ListVector seen = (ListVector) root.getVector("seen");
    List<?> shown = (List<?>) row.get("seen");
    int from = seen.startNewValue(at);
    for (int i = 0; i < shown.size(); i++) {
      set(seen.getDataVector(), from + i, shown.get(i));
    }
    seen.endValue(at, shown.size());
    ListVector history = (ListVector) root.getVector("history");
    StructVector structures = (StructVector) history.getDataVector();
    List<?> events = (List<?>) row.get("history");
    int first = history.startNewValue(at);
    for (int i = 0; i < events.size(); i++) {
      structures.setIndexDefined(first + i);
      for (FieldVector part : structures.getChildrenFromFields()) {
        set(part, first + i, ((Map<?, ?>) events.get(i)).get(part.getName()));
      }
    }
    history.endValue(at, events.size());
  }

  private static void set(FieldVector vector, int at, Object value) {
    if (vector instanceof VarCharVector texts) {
      texts.setSafe(at, new Text(value.toString()));
    } else if (vector instanceof TimeStampSecVector times) {
      times.setSafe(at, (Long) value / 1000);
    } else if (vector instanceof TinyIntVector labels) {
      labels.setSafe(at, (Integer) value);
    } else {
      ((BigIntVector) vector).setSafe(at, (Long) value);
    }
  }

  /** What the request brings counts before the source, and that before the log of the bundle. */
  @Test
  void eventsOfAFeatureSourceTakeThePlaceOfThoseOfTheBundle() throws Exception {
    try (FakeRedis redis = new FakeRedis();
        RankingServer server =
            start(
                "features.timeoutMillis=2000",
                "features.source={name: redis, uri: 'redis://127.0.0.1:%d'}"
                    .formatted(redis.port()))) {
      while (metric(server, "llm4msr_feature_requests_total{outcome=\"ok\",source=\"redis\"}")
          == 0) {
        ranked(server, request(some.get(0))); // It connects when it is asked.
      }
      int others = 0;
      for (int i = 0; i < SOME; i++) {
        Map<String, Object> row = some.get(i);
        String without = request(row, "history", "time");
        redis.hashes.clear();
        float ofLog = probability(ranked(server, without));
        String events = ServedShop.JSON.writeValueAsString(row.get("history"));
        redis.hashes.put("llm4msr:user:" + row.get("user"), Map.of("history", events));
        assertThat(probability(ranked(server, request(row, "history"))))
            .isCloseTo(expected[i], within(1e-5f));
        redis.hashes.put("llm4msr:user:" + row.get("user"), Map.of("history", "[\"i1\", \"i2\"]"));
        float fetched = probability(ranked(server, without));
        assertThat(probability(ranked(server, request(row)))).isCloseTo(expected[i], within(1e-5f));
        Map<String, Object> brought = new HashMap<>(row);
        brought.put("history", List.of("i1", "i2"));
        redis.hashes.clear();
        assertThat(probability(ranked(server, request(brought, "time")))).isEqualTo(fetched);
        others += Math.abs(fetched - ofLog) > 1e-5 ? 1 : 0;
      }
      assertThat(others).isGreaterThan(SOME / 2);
      String without = request(some.get(0), "history", "time");
      redis.hashes.clear();
      float ofLog = probability(ranked(server, without));
      redis.hashes.put(
          "llm4msr:user:" + some.get(0).get("user"), Map.of("history", "[{\"label\": 1}]"));
      assertThat(probability(ranked(server, without))).isEqualTo(ofLog);
    }
  }
}
