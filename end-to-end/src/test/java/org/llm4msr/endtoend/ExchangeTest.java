package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.Criteria;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.Location;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.data.inspection.PreparedSummary;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.PreparedScenario;
import org.llm4msr.runtime.exchange.ExchangeServer;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;

/** Another process's view of prepared data: an Arrow Flight client against a running server. */
class ExchangeTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir static Path folder;
  private static Experiment experiment;
  private static DatasetManifest manifest;

  private ExchangeServer server;
  private BufferAllocator allocator;
  private FlightClient client;

  @BeforeAll
  static void prepare() throws Exception {
    SmallShop shop = SmallShop.write(folder, 1, 1000, 3000, 90, List.of("feed", "search", "home"));
    experiment = Experiment.fromYaml(shop.experiment());
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
    try (PreparedData data = experiment.openPrepared()) {
      manifest = data.manifest();
    }
  }

  @BeforeEach
  void serve() {
    server = experiment.serve("127.0.0.1", 0);
    allocator = new RootAllocator();
    client = connect();
  }

  private FlightClient connect() {
    int port = URI.create(server.address()).getPort();
    return FlightClient.builder(allocator, Location.forGrpcInsecure("127.0.0.1", port)).build();
  }

  /** Closing the allocators fails where either side kept memory. */
  @AfterEach
  void end() throws Exception {
    client.close();
    allocator.close();
    server.close();
  }

  /** Returns rows as texts, with the rows of each batch. */
  private record Answer(List<String> columns, List<String> rows, List<Integer> batches) {

    static Answer empty() {
      return new Answer(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    }

    void add(VectorSchemaRoot root) {
      columns.clear();
      root.getFieldVectors().forEach(vector -> columns.add(vector.getName()));
      batches.add(root.getRowCount());
      for (int row = 0; row < root.getRowCount(); row++) {
        int at = row;
        rows.add(root.getFieldVectors().stream().map(v -> text(v, at)).toList().toString());
      }
    }

    private static String text(FieldVector vector, int row) {
      return String.valueOf(vector.getObject(row));
    }
  }

  private static Answer read(FlightClient client, FlightDescriptor descriptor) throws Exception {
    FlightInfo info = client.getInfo(descriptor);
    Answer answer = Answer.empty();
    try (FlightStream stream = client.getStream(info.getEndpoints().get(0).getTicket())) {
      while (stream.next()) {
        answer.add(stream.getRoot());
      }
      assertThat(stream.getSchema()).isEqualTo(info.getSchema());
    }
    return answer;
  }

  private Answer read(String... path) throws Exception {
    return read(client, FlightDescriptor.path(path));
  }

  private Answer command(String json) throws Exception {
    return read(client, FlightDescriptor.command(json.getBytes(UTF_8)));
  }

  private static Answer file(String name) throws IOException {
    Answer answer = Answer.empty();
    Path file = experiment.workspace().prepared().resolve(name);
    try (BufferAllocator own = new RootAllocator();
        FileChannel channel = FileChannel.open(file);
        ArrowFileReader reader = new ArrowFileReader(channel, own)) {
      while (reader.loadNextBatch()) {
        answer.add(reader.getVectorSchemaRoot());
      }
    }
    return answer;
  }

  @Test
  void listsTablesWithTheirRows() {
    List<List<String>> paths = new ArrayList<>();
    for (FlightInfo info : client.listFlights(Criteria.ALL)) {
      List<String> path = info.getDescriptor().getPath();
      paths.add(path);
      if (path.equals(List.of("test"))) {
        assertThat(info.getRecords()).isEqualTo(manifest.rows().test());
      }
    }
    assertThat(paths)
        .isEqualTo(server.tables())
        .contains(
            List.of("train"),
            List.of("validation", "search"),
            List.of("users"),
            List.of("items"),
            List.of("histories"),
            List.of("knowledge", "users"),
            List.of("knowledge", "scenarios"));
    assertThat(paths).filteredOn(path -> path.get(0).equals("vocabulary")).isNotEmpty();
  }

  @Test
  void sendsEveryFileAsItIs() throws Exception {
    for (String name : List.of("train", "validation", "test", "users", "items", "histories")) {
      assertThat(read(name).rows()).as(name).isEqualTo(file(name + ".arrow").rows());
    }
  }

  @Test
  void sendsTheRowsOfAScenario() throws Exception {
    Answer all = file("train.arrow");
    int column = all.columns().indexOf("scenario_rank");
    for (int rank = 0; rank < manifest.scenarios().size(); rank++) {
      PreparedScenario scenario = manifest.scenarios().get(rank);
      String wanted = Integer.toString(rank);

      Answer answer = read("train", scenario.key());

      assertThat(answer.rows())
          .hasSize((int) scenario.rows().train())
          .containsExactlyElementsOf(
              all.rows().stream()
                  .filter(row -> row.split(", ")[column].replaceAll("\\W", "").equals(wanted))
                  .toList());
    }
  }

  @Test
  void sendsTheColumnsAndBatchesThatAreAskedFor() throws Exception {
    Answer answer =
        command(
            "{\"path\": [\"train\"], \"columns\": [\"label\", \"user_index\"], \"batchRows\": 300}");

    assertThat(answer.columns()).containsExactly("label", "user_index");
    int rows = (int) manifest.rows().train();
    assertThat(answer.batches().subList(0, rows / 300)).containsOnly(300);
    assertThat(answer.rows()).hasSize(rows);
    assertThat(command("{\"path\": [\"train\", \"feed\"], \"batchRows\": 70}").batches())
        .allSatisfy(size -> assertThat(size).isLessThanOrEqualTo(70))
        .first()
        .isEqualTo(70);
  }

  @Test
  void sendsVectors() throws Exception {
    KnowledgeStore store = KnowledgeStore.open(experiment.workspace().knowledge());
    float[] expected = new float[store.info().encoder().dimension()];
    int users = 0;
    FlightInfo info = client.getInfo(FlightDescriptor.path("knowledge", "users"));
    try (FlightStream stream = client.getStream(info.getEndpoints().get(0).getTicket())) {
      while (stream.next()) {
        VectorSchemaRoot root = stream.getRoot();
        FixedSizeListVector vectors = (FixedSizeListVector) root.getVector("vector");
        Float4Vector values = (Float4Vector) vectors.getDataVector();
        for (int row = 0; row < root.getRowCount(); row++) {
          String key = root.getVector("key").getObject(row).toString();
          assertThat(store.users().read(key, expected)).as(key).isTrue();
          int from = row * expected.length;
          assertThat(IntStream.range(0, expected.length).mapToObj(k -> values.get(from + k)))
              .containsExactlyElementsOf(
                  IntStream.range(0, expected.length).mapToObj(k -> expected[k]).toList());
          users++;
        }
      }
    }
    assertThat(users).isEqualTo(store.info().users()).isPositive();
    assertThat(info.getRecords()).isEqualTo(users);
  }

  /** What was read is prepared data again, though batches and files are cut otherwise. */
  @Test
  void whatIsReadIsAcceptedAsPreparedData() throws Exception {
    Path copy = folder.resolve("copy");
    for (List<String> path : server.tables()) {
      boolean file = path.size() == 1 || path.get(0).equals("vocabulary");
      if (file) {
        store(path, copy.resolve(String.join("/", path) + ".arrow"));
      }
    }
    ObjectNode document = (ObjectNode) JSON.readTree(document("manifest"));
    document.putObject("files");
    Files.write(copy.resolve("dataset.json"), JSON.writeValueAsBytes(document));
    Files.write(copy.resolve("statistics.json"), document("statistics"));

    PreparedSummary summary = Experiment.inspect(copy, Progress.NONE);

    assertThat(summary).isEqualTo(experiment.inspectData(Progress.NONE));
  }

  private byte[] document(String action) {
    return client.doAction(new Action(action)).next().getBody();
  }

  private void store(List<String> path, Path file) throws Exception {
    Files.createDirectories(file.getParent());
    String command =
        JSON.writeValueAsString(
            JSON.createObjectNode().put("batchRows", 500).set("path", JSON.valueToTree(path)));
    FlightInfo info = client.getInfo(FlightDescriptor.command(command.getBytes(UTF_8)));
    try (FlightStream stream = client.getStream(info.getEndpoints().get(0).getTicket());
        FileChannel channel =
            FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        ArrowFileWriter writer = new ArrowFileWriter(stream.getRoot(), null, channel)) {
      while (stream.next()) {
        writer.writeBatch();
      }
      writer.end();
    }
  }

  @Test
  void answersSeveralClientsAtOnce() throws Exception {
    List<CompletableFuture<List<String>>> answers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      answers.add(
          CompletableFuture.supplyAsync(
              () -> {
                try (FlightClient own = connect()) {
                  return read(own, FlightDescriptor.path("train")).rows();
                } catch (Exception e) {
                  throw new IllegalStateException(e);
                }
              }));
    }
    List<String> expected = file("train.arrow").rows();
    for (CompletableFuture<List<String>> answer : answers) {
      assertThat(answer.get()).isEqualTo(expected);
    }
  }

  /** A server has nothing of a call left that its client gave up: see {@link #end}. */
  @Test
  void letsAClientGiveUp() throws Exception {
    FlightInfo info =
        client.getInfo(
            FlightDescriptor.command("{\"path\": [\"train\"], \"batchRows\": 1}".getBytes(UTF_8)));
    try (FlightStream stream = client.getStream(info.getEndpoints().get(0).getTicket())) {
      assertThat(stream.next()).isTrue();
      stream.cancel("enough", null);
    }
    assertThat(read("test").rows()).hasSize((int) manifest.rows().test());
  }

  @Test
  void refusesWhatItCannotAnswer() {
    refused(FlightDescriptor.path("trian"), FlightStatusCode.NOT_FOUND, "[train, search]");
    refused(FlightDescriptor.path("train", "none"), FlightStatusCode.NOT_FOUND, "[train, home]");
    refused("{\"path\": [\"users\"], \"columns\": [\"age\"]}", "There is no column 'age'");
    refused("{\"path\": [\"users\"], \"batchRows\": 0}", "batchRows is 0, and may be 1 to 65536");
    refused("{\"table\": \"users\"}", "Unrecognized field \"table\"");
    refused("{}", "it has no path");
    refused("users", "Unrecognized token 'users'");
    assertThatThrownBy(() -> document("none"))
        .isInstanceOf(FlightRuntimeException.class)
        .hasMessageContaining("there are [knowledge, manifest, statistics]");
  }

  private void refused(String command, String message) {
    refused(
        FlightDescriptor.command(command.getBytes(UTF_8)),
        FlightStatusCode.INVALID_ARGUMENT,
        message);
  }

  private void refused(FlightDescriptor descriptor, FlightStatusCode code, String message) {
    assertThatThrownBy(() -> client.getInfo(descriptor))
        .isInstanceOfSatisfying(
            FlightRuntimeException.class, e -> assertThat(e.status().code()).isEqualTo(code))
        .hasMessageContaining(message);
  }

  @Test
  void saysThatAPortIsTaken() {
    int port = URI.create(server.address()).getPort();

    assertThatThrownBy(() -> experiment.serve("127.0.0.1", port))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("exchange/ADDRESS")
        .hasMessageContaining("port " + port + " of 127.0.0.1")
        .hasMessageContaining("--port");
    assertThatThrownBy(() -> experiment.serve("nowhere.invalid", 0))
        .hasMessageContaining("of nowhere.invalid: unknown host. Choose");
  }

  @Test
  void theCommandServesUntilItIsStopped(@TempDir Path place) throws Exception {
    Cli.Running running =
        new Cli(place).start("data", "serve", experiment.config().file().toString(), "--port", "0");
    try {
      String first = firstLine(running);
      assertThat(first).startsWith("grpc://127.0.0.1:");
      int port = URI.create(first).getPort();
      try (FlightClient own =
          FlightClient.builder(allocator, Location.forGrpcInsecure("127.0.0.1", port)).build()) {
        assertThat(read(own, FlightDescriptor.path("test", "search")).rows())
            .isEqualTo(read("test", "search").rows());
      }
    } finally {
      running.process().destroy();
    }
    Cli.Outcome outcome = running.await();
    assertThat(outcome.code()).isEqualTo(128 + 15);
    assertThat(outcome.err()).contains("Ending.").doesNotContain("\tat ");
    assertThat(outcome.out()).contains("train / search", "knowledge / users");
  }

  private static String firstLine(Cli.Running running) throws Exception {
    while (running.process().isAlive()) {
      List<String> lines = Files.readAllLines(running.out());
      if (lines.size() > 1) {
        return lines.get(0);
      }
      running.process().waitFor(50, TimeUnit.MILLISECONDS);
    }
    throw new AssertionError(Files.readString(running.err()));
  }

  @Test
  void servesTheManifest() throws Exception {
    JsonNode sent = JSON.readTree(document("manifest"));

    assertThat(sent.path("key").asText()).isEqualTo(manifest.key());
    assertThat(JSON.readTree(document("knowledge")).path("users").asInt())
        .isEqualTo(KnowledgeStore.open(experiment.workspace().knowledge()).info().users());
  }
}
