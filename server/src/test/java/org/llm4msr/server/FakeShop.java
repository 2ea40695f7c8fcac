package org.llm4msr.server;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.data.preparation.ListReader;
import org.llm4msr.runtime.data.preparation.Preparations;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;

/**
 * The data that {@link FakeModel} reads, prepared once a JVM: users 0 to 59, items i0 to i149, and
 * fields of each kind and table.
 */
public final class FakeShop {

  public static final List<String> SCENARIOS = List.of("feed", "search");

  private static final int USERS = 60;
  private static final int ITEMS = 150;
  private static final int ROWS = 300;
  private static final int HOURS = 24;

  private FakeShop() {}

  /** Prepared when it is asked for first. */
  private static final class Prepared {
    private static final RowEncoder ENCODER = encoder();

    private static RowEncoder encoder() {
      try {
        Path folder = Files.createTempDirectory("fake-shop");
        Path prepared = folder.resolve("prepared");
        Preparations.prepare(reader(), Preparations.config(Preparations.BY_TIME, 1), prepared)
            .close();
        RowEncoder encoder = RowEncoder.open(prepared);
        encoder.values(); // Reads what is read when it is needed first.
        MoreFiles.deleteRecursively(folder, RecursiveDeleteOption.ALLOW_INSECURE);
        return encoder;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  static RowEncoder encoder() {
    return Prepared.ENCODER;
  }

  private static ListReader reader() {
    return new ListReader()
        .table(
            RawTable.INTERACTIONS,
            "user",
            list(ROWS, row -> "" + row % USERS),
            "item",
            list(ROWS, row -> "i" + row % ITEMS),
            "scenario",
            list(ROWS, row -> SCENARIOS.get(row % 7 % 2)),
            "label",
            list(ROWS, row -> row % 3 % 2L),
            "time",
            list(ROWS, row -> 1000L + row),
            "hour",
            list(ROWS, row -> "" + row % HOURS),
            "price",
            list(ROWS, row -> 1.0 + row % 20),
            "tags",
            list(ROWS, row -> List.of("" + (char) ('a' + row % 9), "" + (char) ('a' + row % 5))))
        .table(
            RawTable.USERS,
            "user",
            list(USERS, user -> "" + user),
            "city",
            list(USERS, user -> "c" + user % 9),
            "age",
            list(USERS, user -> 18.0 + user))
        .table(
            RawTable.ITEMS,
            "item",
            list(ITEMS, item -> "i" + item),
            "kind",
            list(ITEMS, item -> "k" + item % 4),
            "words",
            list(ITEMS, item -> list(item % 4, w -> "w" + item * w % 11)))
        .field("hour", RawTable.INTERACTIONS, new FieldKind.Categorical())
        .field("price", RawTable.INTERACTIONS, new FieldKind.Numeric())
        .field("tags", RawTable.INTERACTIONS, new FieldKind.MultiCategorical())
        .field("city", RawTable.USERS, new FieldKind.Categorical())
        .field("age", RawTable.USERS, new FieldKind.Numeric())
        .field("kind", RawTable.ITEMS, new FieldKind.Categorical())
        .field("words", RawTable.ITEMS, new FieldKind.MultiCategorical());
  }

  private static <T> List<T> list(int size, IntFunction<T> element) {
    return IntStream.range(0, size).mapToObj(element).toList();
  }

  /**
   * Returns a request in JSON for the first items.
   *
   * @param rest more keys, after a comma
   */
  public static String json(int user, int items, String rest) {
    List<String> ids = list(items, i -> "{\"id\": \"i%d\"}".formatted(i));
    return """
    {"user": %d, "scenario": "feed", "context": {"hour": 3, "price": 12.5, "tags": "a"},
     "items": [%s] %s}
    """
        .formatted(user, String.join(",", ids), rest);
  }

  /** Returns the same request for a model. */
  public static RankRequest request(int user, int items) {
    List<RankItem> ranked = new ArrayList<>();
    for (int i = 0; i < items; i++) {
      ranked.add(new RankItem("i" + i));
    }
    return new RankRequest(user, "feed", ranked)
        .with(Map.of("hour", 3, "price", 12.5, "tags", "a"));
  }
}
