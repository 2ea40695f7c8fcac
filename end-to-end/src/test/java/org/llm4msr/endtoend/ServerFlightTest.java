package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.llm4msr.endtoend.ServedShop.same;
import static org.llm4msr.endtoend.ServedShop.start;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
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
import org.llm4msr.server.RankingServer;
import org.llm4msr.serving.ranker.RankResult;
import org.llm4msr.serving.ranker.Ranker;

/** A server that scores batches of rows over Arrow Flight, beside the ranker in this process. */
class ServerFlightTest {

  private static Ranker ranker;

  @BeforeAll
  static void begin() {
    ranker = Ranker.open(ServedShop.compiled());
  }

  @AfterAll
  static void end() {
    ranker.close();
  }

  @Test
  void flightScoresBatchesOfRows() throws Exception {
    RankResult expected = ranker.rank(same(17, 10));
    Map<String, List<String>> rows = new TreeMap<>();
    for (int i = 0; i < 10; i++) {
      Map.of("user", "17", "scenario", "feed", "item", "i" + i, "hour", "3", "price", "12.5")
          .forEach(
              (column, value) -> rows.computeIfAbsent(column, c -> new ArrayList<>()).add(value));
    }
    try (RankingServer flight = start()) {
      assertScored(Location.forGrpcInsecure("127.0.0.1", flight.port()), rows, expected);
    }
  }

  private static void assertScored(
      Location location, Map<String, List<String>> rows, RankResult expected) throws Exception {
    try (BufferAllocator allocator = new RootAllocator();
        FlightClient client = FlightClient.builder(allocator, location).build();
        VectorSchemaRoot root = root(rows, allocator)) {
      assertThatThrownBy(() -> exchange(client, root, "main"))
          .isInstanceOfSatisfying(
              FlightRuntimeException.class,
              error ->
                  assertThat(error.status().code()).isEqualTo(FlightStatusCode.INVALID_ARGUMENT))
          .hasMessageContaining("The rows have no column tags");
      assertThatThrownBy(() -> exchange(client, root, "nix"))
          .hasMessageContaining("There is no model 'nix'");
    }
    rows.put("tags", Collections.nCopies(10, "a"));
    try (BufferAllocator allocator = new RootAllocator();
        FlightClient client = FlightClient.builder(allocator, location).build();
        VectorSchemaRoot root = root(rows, allocator)) {
      List<Float> scores = exchange(client, root, "main");
      assertThat(scores).hasSize(20);
      for (int i = 0; i < 20; i++) {
        assertThat(scores.get(i)).isCloseTo(expected.probability(i % 10), within(1e-5f));
      }
    }
  }

  private static VectorSchemaRoot root(Map<String, List<String>> rows, BufferAllocator allocator) {
    Schema schema =
        new Schema(
            rows.keySet().stream()
                .map(column -> Field.nullable(column, ArrowType.Utf8.INSTANCE))
                .toList());
    VectorSchemaRoot root = VectorSchemaRoot.create(schema, allocator);
    rows.forEach(
        (column, values) -> {
          VarCharVector vector = (VarCharVector) root.getVector(column);
          for (int i = 0; i < values.size(); i++) {
            vector.setSafe(i, new Text(values.get(i)));
          }
          root.setRowCount(values.size());
        });
    return root;
  }

  /** Sends the rows twice. */
  private static List<Float> exchange(FlightClient client, VectorSchemaRoot root, String model)
      throws Exception {
    List<Float> scores = new ArrayList<>();
    try (FlightClient.ExchangeReaderWriter call = client.doExchange(FlightDescriptor.path(model))) {
      call.getWriter().start(root);
      for (int time = 0; time < 2; time++) {
        call.getWriter().putNext();
        call.getReader().next();
        Float4Vector answer = (Float4Vector) call.getReader().getRoot().getVector("probability");
        for (int i = 0; i < answer.getValueCount(); i++) {
          scores.add(answer.get(i));
        }
      }
      call.getWriter().completed();
    }
    return scores;
  }
}
