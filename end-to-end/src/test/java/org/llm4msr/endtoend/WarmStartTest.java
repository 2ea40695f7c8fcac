package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.data.prepared.PreparedIds;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.TrainingOptions;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;
import org.llm4msr.runtime.scoring.Scorer;

/** A second day with new users, items and a new scenario goes on from the model of the first. */
class WarmStartTest {

  private static final List<String> OLD = List.of("feed", "search", "home");

  /** So small a step moves no weight: what a run began with can be seen in its bundle. */
  private static final String STANDSTILL = "training.optimizer.learningRate=1e-30";

  @TempDir static Path folder;
  static SmallShop firstDay;
  static SmallShop secondDay;
  static Path first;

  @BeforeAll
  static void train() throws IOException {
    firstDay = SmallShop.write(folder.resolve("one"), 1, 1000, 3000, 90, OLD);
    Experiment experiment = Experiment.fromYaml(firstDay.experiment());
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
    first = experiment.train("one", Progress.NONE).bundle();

    // Users 0 to 59 come again, in three scenarios of which one is new; "search" has no row.
    secondDay =
        SmallShop.write(
            folder.resolve("two"), 2, 90_000, 1500, 60, List.of("live", "home", "feed"));
    Experiment second = second();
    second.prepare(false, first, Progress.NONE);
    second.extract(false, Progress.NONE);
  }

  private static Experiment second(String... overrides) {
    return Experiment.fromYaml(secondDay.experiment(), overrides);
  }

  @Test
  void knownIdsStayAndNewOnesComeBehind() {
    PreparedIds before = PreparedIds.open(first.resolve("data"));
    PreparedIds now = PreparedIds.open(folder.resolve("two/work/prepared"));

    assertThat(now.extend(before)).isTrue();
    assertThat(before.extend(now)).isFalse();
    assertThat(before.scenarios()).containsExactlyInAnyOrderElementsOf(OLD);
    assertThat(now.scenarios())
        .hasSize(4)
        .startsWith(before.scenarios().toArray(String[]::new))
        .endsWith("live");
    assertThat(now.manifest().extended()).isEqualTo(before.manifest().key());
    assertThat(now.manifest().users()).isEqualTo(before.manifest().users());
  }

  @Test
  void refreshedKnowledgeIsReadAndThatOfUsersWhoAreGoneIsKept() {
    Path second = second(STANDSTILL).train("still", from(first), Progress.NONE).bundle();
    KnowledgeStore before = KnowledgeStore.open(first.resolve("knowledge"));
    KnowledgeStore extracted = KnowledgeStore.open(folder.resolve("two/work/knowledge"));
    KnowledgeStore merged = KnowledgeStore.open(second.resolve("knowledge"));

    assertThat(merged.info().users()).isEqualTo(before.info().users());
    assertThat(merged.info().scenarios()).isEqualTo(4);
    assertThat(vector(extracted, "70")).isNull();
    assertThat(vector(merged, "70")).isEqualTo(vector(before, "70")).isNotNull();
    assertThat(vector(merged, "7"))
        .isEqualTo(vector(extracted, "7"))
        .isNotEqualTo(vector(before, "7"));
    assertThat(second.resolve("knowledge-scaling.safetensors"))
        .hasSameBinaryContentAs(first.resolve("knowledge-scaling.safetensors"));
    try (Scorer scorer = Scorer.load(second)) {
      assertThat(scorer.score(rows(secondDay).toList())).hasSize(1500);
    }
  }

  private static float @Nullable [] vector(KnowledgeStore store, String user) {
    float[] vector = new float[store.users().dimension()];
    return store.users().read(user, vector) ? vector : null;
  }

  @Test
  void withoutKnowledgeEveryOldRowScoresTheSameAndANewScenarioLikeTheLargest() throws IOException {
    // Running statistics of batch normalisation move at any learning rate.
    String plain = "model.fusion.name=none";
    String still = "model.backbone.batchNorm=false";
    String raw = "training.calibration=off";
    Experiment firstDayOnly = Experiment.fromYaml(firstDay.experiment(), plain, still, raw);
    Path before = firstDayOnly.train("plain", Progress.NONE).bundle();
    Path after =
        second(plain, still, raw, STANDSTILL).train("plain", from(before), Progress.NONE).bundle();

    try (Scorer old = Scorer.load(before);
        Scorer warm = Scorer.load(after)) {
      List<Map<String, Object>> rows = rows(firstDay).toList();
      // A product with a fourth gate beside may round otherwise.
      assertThat(warm.score(rows)).containsExactly(old.score(rows), within(1e-6f));
      // The field "scenario" of a new scenario has a new row; all else is the largest scenario's.
      List<Map<String, Object>> live = rows(secondDay).limit(50).toList();
      live.forEach(row -> row.put("scenario", "live"));
      float[] scores = warm.score(live);
      assertThat(scores).hasSize(50);
      live.forEach(row -> row.put("scenario", largest()));
      assertThat(warm.score(live)).isNotEqualTo(scores);
    }
  }

  private static String largest() {
    return PreparedIds.open(first.resolve("data")).manifest().scenarios().stream()
        .max((a, b) -> Long.compare(a.rows().train(), b.rows().train()))
        .orElseThrow()
        .key();
  }

  @Test
  void aRunThatGoesOnIsEvaluatedAndResumedWithoutTheBundle() {
    Experiment second = second("training.epochs=1");
    float best =
        (float)
            second
                .train("on", from(first), Progress.NONE)
                .result()
                .history()
                .get(0)
                .result()
                .overall()
                .auc();
    assertThat(best).isBetween(0f, 1f);
    assertThat(second.scenarioNeighbours("on", 1)).isNotEmpty();
    assertThat(second.train("on", Progress.NONE).result().rowsPerSecond()).isZero();
    assertThat(second.evaluate("on", Split.TEST, null, Progress.NONE).result().overall().rows())
        .isEqualTo(250);
  }

  @Test
  void otherSettingsOtherDataAndOtherRunsAreRefused() throws IOException {
    assertThatThrownBy(
            () -> second("knowledge.components=3").train("no", from(first), Progress.NONE))
        .hasMessageContaining("knowledge.components was 0 and is now 3");
    assertThatThrownBy(
            () -> second("model.backbone.experts=3").train("no", from(first), Progress.NONE))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("[bundle/OTHER_MODEL]")
        .hasMessageContaining("model.backbone.experts was 2 and is now 3");

    assertThatThrownBy(
            () ->
                second("knowledge.items={}", "knowledge.history={}")
                    .train("no", from(first), Progress.NONE))
        .hasMessageContaining("[bundle/OTHER_MODEL]")
        .hasMessageContaining("knowledge.history.bins was not set and is now 10");

    SmallShop fresh =
        SmallShop.write(folder.resolve("three"), 3, 90_000, 1500, 60, List.of("live", "home"));
    Experiment third = Experiment.fromYaml(fresh.experiment());
    third.prepare(false, Progress.NONE);
    third.extract(false, Progress.NONE);
    assertThatThrownBy(() -> third.train("no", from(first), Progress.NONE))
        .hasMessageContaining("[bundle/OTHER_DATA]")
        .hasMessageContaining("data prepare --extend " + first);

    second("training.epochs=1").train("fresh", Progress.NONE);
    assertThatThrownBy(() -> second("training.epochs=1").train("fresh", from(first), Progress.NONE))
        .hasMessageContaining("[training/OTHER_RUN]");
  }

  @Test
  void aRunThatEndedBeforeItsFirstCheckpointIsNotDrawnAnew() throws IOException {
    Path run = second(STANDSTILL).train("gone", from(first), Progress.NONE).run();
    DurableFiles.delete(run.resolve("checkpoints")); // As if it was killed before there was one.
    DurableFiles.delete(run.resolve("bundle"));

    assertThatThrownBy(() -> second(STANDSTILL).train("gone", Progress.NONE))
        .hasMessage(
            "[training/NOT_BEGUN] The run %s was started from the values of %s, but has no"
                + " checkpoint yet. Train it again with --from, or start a new run with --run"
                + " NAME.",
            run, first);
    assertThat(second(STANDSTILL).train("gone", from(first), Progress.NONE).run()).isEqualTo(run);
  }

  /** What the bundle knew of a user counts, whatever its indices were. */
  @Test
  void historyGoesOnWithTheEventsOfTheBundle() throws IOException {
    String[] reads = history();
    Experiment one = Experiment.fromYaml(firstDay.experiment(), reads);
    one.prepare(false, Progress.NONE);
    one.extract(false, Progress.NONE);
    Path before = one.train("one", Progress.NONE).bundle();
    Experiment two = second(reads);
    two.prepare(false, before, Progress.NONE);
    two.extract(false, Progress.NONE);
    Path after = two.train("two", from(before), Progress.NONE).bundle();
    List<String> training = new ArrayList<>(firstDay.rows().subList(0, 2000));
    training.addAll(secondDay.rows().subList(0, 1000));

    assertThat(events(after))
        .containsExactlyInAnyOrderElementsOf(training.stream().map(WarmStartTest::event).toList());
    Path predictions = folder.resolve("history.arrow");
    two.evaluate("two", Split.TEST, predictions, Progress.NONE);
    List<Map<String, Object>> test = rows(secondDay).skip(1250).toList();
    List<Map<String, Object>> brought = rows(secondDay).skip(1250).toList();
    for (Map<String, Object> row : brought) {
      row.put("history", past(training, row));
    }
    try (Scorer scorer = Scorer.load(after)) {
      float[] scores = scorer.score(test);
      assertThat(scores)
          .containsExactly(BundleTest.floats(predictions, "probability"), within(1e-6f));
      assertThat(scorer.score(brought)).containsExactly(scores, within(1e-6f));
      brought.forEach(row -> row.put("history", List.of()));
      assertThat(scorer.score(brought)).isNotEqualTo(scores);
    }
    Map.of(
            "knowledge.history.length=50", "history.length was 100 and is now 50",
            "knowledge.history.bins=5", "history.bins was 4 and is now 5",
            "knowledge.history.until=row", "history.until was training and is now row",
            "knowledge.items.missing=zero", "items.missing was mean and is now zero")
        .forEach(
            (override, difference) ->
                assertThatThrownBy(
                        () -> second(history(override)).train("no", from(before), Progress.NONE))
                    .hasMessageContaining("[bundle/OTHER_MODEL]")
                    .hasMessageContaining("settings: knowledge." + difference + ". Undo"));
  }

  private static String[] history(String... further) {
    List<String> overrides = new ArrayList<>(List.of(SmallShop.PLAIN));
    overrides.add("workspace=history");
    overrides.add("knowledge.items={}");
    overrides.add("knowledge.history={length: 100, bins: 4}");
    overrides.addAll(List.of(further));
    return overrides.toArray(String[]::new);
  }

  /** Returns the training rows of a row's user, oldest first, in the form of a request. */
  private static List<Object> past(List<String> training, Map<String, Object> row) {
    List<Object> past = new ArrayList<>();
    for (String line : training) {
      String[] values = line.split(",", -1);
      if (values[0].equals(row.get("user").toString())) {
        int label = Integer.parseInt(values[3]);
        past.add(Map.of("item", values[1], "scenario", values[2], "label", label));
      }
    }
    return past;
  }

  private static String event(String line) {
    String[] values = line.split(",", -1);
    return "%s %s %s %s %s000".formatted(values[0], values[1], values[2], values[3], values[4]);
  }

  /** Returns the events of a bundle by raw ids. */
  private static List<String> events(Path bundle) throws IOException {
    PreparedIds ids = PreparedIds.open(bundle.resolve("data"));
    List<String> users = column(bundle.resolve("data/users.arrow"), List.of("key"));
    List<String> items = column(bundle.resolve("data/items.arrow"), List.of("key"));
    List<String> events = new ArrayList<>();
    List<String> columns = List.of("user_index", "item_index", "scenario_rank", "label", "time");
    for (String row : column(bundle.resolve("history.arrow"), columns)) {
      String[] values = row.split(" ");
      events.add(
          "%s %s %s %s %s"
              .formatted(
                  users.get(Integer.parseInt(values[0])),
                  items.get(Integer.parseInt(values[1])),
                  ids.scenarios().get(Integer.parseInt(values[2])),
                  values[3],
                  values[4]));
    }
    return events;
  }

  /** "n" was the name of the index in the database. */
  @Test
  void featuresOfUsersAreKeptWhateverTheirNames(@TempDir Path place) throws IOException {
    String yaml =
        """
        workspace: work-%1$s
        dataset:
          name: table
          path: .
          files: [%1$s.csv]
          split: {by: random}
          minFrequency: 1
          fields:
            - {column: n, table: users}
            - {column: Tag, table: users}
            - {column: number, table: users, kind: numeric}
          users: {files: [%1$s-users.csv], key: user}
        """;
    String rows = "a,x,1\nb,x,0\nc,y,1\n".repeat(20);
    for (String day : List.of("one", "two")) {
      Files.writeString(place.resolve(day + ".yaml"), yaml.formatted(day));
      Files.writeString(place.resolve(day + ".csv"), "user,item,label\n" + rows);
    }
    Files.writeString(
        place.resolve("one-users.csv"), "user,n,Tag,number\na,p,s,1\nb,q,t,2\nc,q,s,6\n");
    Files.writeString(place.resolve("two-users.csv"), "user,n,Tag,number\nd,p,t,9\n");
    Experiment first = Experiment.fromYaml(place.resolve("one.yaml"));
    first.prepare(false, Progress.NONE);
    Experiment second = Experiment.fromYaml(place.resolve("two.yaml"));
    second.prepare(false, first.workspace().prepared(), Progress.NONE);

    Map<String, String> before = features(first.workspace().prepared());
    assertThat(new HashSet<>(before.values())).as("they differ").hasSize(3);
    assertThat(features(second.workspace().prepared())).containsAllEntriesOf(before);
  }

  /** Returns the features of each user by key. */
  private static Map<String, String> features(Path prepared) throws IOException {
    List<String> keys = column(prepared.resolve("users.arrow"), List.of("key"));
    List<String> features =
        column(prepared.resolve("user-features.arrow"), List.of("n", "Tag", "number"));
    Map<String, String> all = new HashMap<>();
    for (int i = 0; i < keys.size(); i++) {
      all.put(keys.get(i), features.get(i));
    }
    return all;
  }

  private static List<String> column(Path file, List<String> names) throws IOException {
    List<String> rows = new ArrayList<>();
    try (BufferAllocator allocator = new RootAllocator();
        FileChannel channel = FileChannel.open(file);
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      while (reader.loadNextBatch()) {
        VectorSchemaRoot root = reader.getVectorSchemaRoot();
        for (int i = 0; i < root.getRowCount(); i++) {
          int row = i;
          rows.add(
              names.stream()
                  .map(name -> String.valueOf(root.getVector(name).getObject(row)))
                  .collect(Collectors.joining(" ")));
        }
      }
    }
    return rows;
  }

  private static TrainingOptions from(Path bundle) {
    return new TrainingOptions(null, bundle);
  }

  static Stream<Map<String, Object>> rows(SmallShop shop) {
    return shop.rows().stream()
        .map(
            row -> {
              String[] values = row.split(",", -1);
              Map<String, Object> map = new HashMap<>();
              map.put("user", Integer.valueOf(values[0]));
              map.put("item", values[1]);
              map.put("scenario", values[2]);
              map.put("hour", values[5]);
              map.put("price", values[6].isEmpty() ? null : values[6]);
              map.put("tags", values[7].isEmpty() ? null : List.of(values[7].split("\\|")));
              return map;
            });
  }
}
