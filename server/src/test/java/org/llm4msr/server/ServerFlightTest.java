package org.llm4msr.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.Location;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.Float4Vector;
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
import org.llm4msr.serving.ranker.RankResult;

/** A server that scores batches of rows over Arrow Flight, beside its models in this process. */
class ServerFlightTest {

  private static final int ROWS = 10;

  @TempDir static Path folder;
  private static FakeModel model;
  private static RankingServer server;

  @BeforeAll
  static void begin() throws Exception {
    FakeBundle labels = new FakeBundle(1, FakeShop.SCENARIOS, List.of("like", "buy"));
    FakeBundle like = new FakeBundle(2, FakeShop.SCENARIOS, List.of("like"));
    Path bundle = labels.write(folder.resolve("compiled"));
    model = FakeModel.open(bundle);
    server =
        FakeServer.start(
            bundle,
            "models.plain.bundle=" + like.write(folder.resolve("plain")),
            "limits.items=20");
  }

  @AfterAll
  static void end() {
    server.close();
  }

  /** A column of texts for each row of {@link FakeShop#request}. */
  private static VectorSchemaRoot rows(BufferAllocator allocator, int count, String... columns) {
    Schema schema =
        new Schema(
            List.of(columns).stream()
                .map(name -> Field.nullable(name, ArrowType.Utf8.INSTANCE))
                .toList());
    VectorSchemaRoot root = VectorSchemaRoot.create(schema, allocator);
    for (String column : columns) {
      VarCharVector vector = (VarCharVector) root.getVector(column);
      for (int row = 0; row < count; row++) {
        vector.setSafe(row, new Text(text(column, row)));
      }
    }
    root.setRowCount(count);
    return root;
  }

  private static String text(String column, int row) {
    return switch (column) {
      case "user" -> "17";
      case "item" -> "i" + row;
      case "scenario" -> "feed";
      case "hour" -> "3";
      case "price" -> "12.5";
      default -> "a";
    };
  }

  private interface Exchange {
    void in(FlightClient client, VectorSchemaRoot root) throws Exception;
  }

  private static void with(int count, Exchange exchange, String... columns) throws Exception {
    try (BufferAllocator allocator = new RootAllocator();
        FlightClient client =
            FlightClient.builder(allocator, Location.forGrpcInsecure("127.0.0.1", server.port()))
                .build();
        VectorSchemaRoot root = rows(allocator, count, columns)) {
      exchange.in(client, root);
    }
  }

  private static final String[] ALL = {"user", "item", "scenario", "hour", "price", "tags"};

  @Test
  void eachBatchIsAnsweredWithAColumnALabel() throws Exception {
    RankResult expected = model.rank(FakeShop.request(17, ROWS));
    with(
        ROWS,
        (client, root) -> {
          List<String> columns = new ArrayList<>();
          List<Float> main = exchange(client, root, "main", "probability", columns);
          List<Float> buy = exchange(client, root, "main", "probability_buy", new ArrayList<>());

          assertThat(columns).containsExactly("probability", "probability_like", "probability_buy");
          assertThat(main).hasSize(2 * ROWS);
          for (int i = 0; i < 2 * ROWS; i++) {
            assertThat(main.get(i)).isEqualTo(expected.probability(i % ROWS));
            assertThat(buy.get(i)).isEqualTo(expected.probability(1, i % ROWS));
          }
          List<String> ofPlain = new ArrayList<>();
          exchange(client, root, "plain", "probability", ofPlain);
          assertThat(ofPlain).containsExactly("probability", "probability_like");
        },
        ALL);
  }

  @Test
  void whatIsNotTakenSaysWhy() throws Exception {
    with(
        ROWS,
        (client, root) -> {
          assertThatThrownBy(() -> exchange(client, root, "main", "probability", new ArrayList<>()))
              .isInstanceOfSatisfying(
                  FlightRuntimeException.class,
                  error ->
                      assertThat(error.status().code())
                          .isEqualTo(FlightStatusCode.INVALID_ARGUMENT))
              .hasMessageContaining("The rows have no column tags");
          assertThatThrownBy(() -> exchange(client, root, "nix", "probability", new ArrayList<>()))
              .hasMessageContaining("There is no model 'nix'");
        },
        "user",
        "item",
        "scenario",
        "hour",
        "price");
    with(
        21,
        (client, root) ->
            assertThatThrownBy(
                    () -> exchange(client, root, "main", "probability", new ArrayList<>()))
                .hasMessageContaining("[serve/TOO_LARGE]"),
        ALL);
  }

  /** Sends the rows twice, and returns a column of the answers. */
  private static List<Float> exchange(
      FlightClient client, VectorSchemaRoot root, String model, String column, List<String> columns)
      throws Exception {
    List<Float> scores = new ArrayList<>();
    try (FlightClient.ExchangeReaderWriter call = client.doExchange(FlightDescriptor.path(model))) {
      call.getWriter().start(root);
      for (int time = 0; time < 2; time++) {
        call.getWriter().putNext();
        call.getReader().next();
        Float4Vector answer = (Float4Vector) call.getReader().getRoot().getVector(column);
        for (int i = 0; i < answer.getValueCount(); i++) {
          scores.add(answer.get(i));
        }
      }
      call.getReader().getSchema().getFields().forEach(field -> columns.add(field.getName()));
      call.getWriter().completed();
    }
    return scores;
  }
}
