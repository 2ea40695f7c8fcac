package org.llm4msr.plugins.datasets.published;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.RawField;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.plugins.datasets.Contexts;
import org.llm4msr.plugins.datasets.Rows;
import org.llm4msr.plugins.datasets.generator.KuaiRandGeneratorConfig;
import org.llm4msr.plugins.datasets.generator.KuaiRandGeneratorFactory;

class KuaiRandTest {

  private static final KuaiRandConfig DEFAULT =
      new KuaiRandConfig("is_click", false, false, false, false);

  @TempDir Path scratch;

  /** The counts are those of the data's own README. */
  @Test
  void pureHasTheRowsUsersVideosAndTabsThatItIsKnownToHave() throws IOException {
    Map<Long, Integer> tabs = new TreeMap<>();
    Set<Long> users = new HashSet<>();
    Set<Long> videos = new HashSet<>();
    long rows = 0;
    long clicks = 0;
    try (DatasetReader reader = reader("kuairand-pure", DEFAULT);
        BufferAllocator allocator = new RootAllocator();
        ArrowReader batches = reader.open(RawTable.INTERACTIONS, allocator)) {
      while (batches.loadNextBatch()) {
        var root = batches.getVectorSchemaRoot();
        rows += root.getRowCount();
        for (int r = 0; r < root.getRowCount(); r++) {
          tabs.merge(((BigIntVector) root.getVector("scenario")).get(r), 1, Integer::sum);
          users.add(((BigIntVector) root.getVector("user")).get(r));
          videos.add(((BigIntVector) root.getVector("item")).get(r));
          clicks += ((BigIntVector) root.getVector("label")).get(r);
        }
      }
    }
    assertThat(rows).isEqualTo(228_329);
    assertThat(users).hasSize(25_156);
    assertThat(videos).hasSize(6_361);
    assertThat(Math.round(1000.0 * clicks / rows)).isEqualTo(442);
    assertThat(tabs)
        .containsEntry(1L, 173_008)
        .containsEntry(0L, 20_254)
        .containsEntry(4L, 13_647)
        .containsEntry(6L, 11_208)
        .containsEntry(2L, 6_909);
  }

  @Test
  void rowsComeInTheOrderOfTheFile() throws IOException {
    try (DatasetReader reader = reader("kuairand-pure", DEFAULT);
        BufferAllocator allocator = new RootAllocator();
        ArrowReader batches = reader.open(RawTable.INTERACTIONS, allocator);
        var lines = Files.newBufferedReader(reader.sources().get(0))) {
      lines.readLine();
      while (batches.loadNextBatch()) {
        var root = batches.getVectorSchemaRoot();
        for (int r = 0; r < root.getRowCount(); r++) {
          String[] line = lines.readLine().split(",");
          assertThat(((BigIntVector) root.getVector("time")).get(r))
              .isEqualTo(Long.parseLong(line[4]));
          assertThat(((BigIntVector) root.getVector("item")).get(r))
              .isEqualTo(Long.parseLong(line[1]));
        }
      }
      assertThat(lines.readLine()).isNull();
    }
  }

  @Test
  void pureHasTheFeaturesThatBenchmarksUse() throws IOException {
    try (DatasetReader reader = reader("kuairand-pure", DEFAULT)) {
      assertThat(reader.schema().fields())
          .hasSize(37)
          .extracting(RawField::name)
          .contains("hour", "tag", "music_id", "author_id", "onehot_feat17", "fans_user_num_range");
      List<Map<String, String>> videos = Rows.of(reader, RawTable.ITEMS);
      assertThat(videos).hasSize(7_583);
      assertThat(videos.get(0))
          .containsEntry("tag", "[\"39\"]")
          .containsEntry("tag_text", "tags 39");
      Map<String, String> second = Rows.of(reader, RawTable.USERS).get(1);
      assertThat(second)
          .containsEntry("is_live_streamer", "null")
          .containsEntry("follow_user_num_range", "(250,500]");
    }
  }

  @Test
  void countsOfUsersAreNumbersWhereAskedFor() throws IOException {
    KuaiRandConfig config = new KuaiRandConfig("long_view", false, true, false, false);
    try (DatasetReader reader = reader("kuairand-mini", config)) {
      assertThat(reader.schema().labelRule()).isEqualTo("long_view = 1");
      assertThat(Rows.countAndSum(reader, "label")[0]).isEqualTo(10_279);
      assertThat(Rows.of(reader, RawTable.USERS).get(0).get("register_days")).matches("\\d+\\.0");
      assertThat(Rows.of(reader, RawTable.ITEMS)).hasSize(2_943);
    }
  }

  /** Counted in the files by their columns. */
  @Test
  void otherSignalsAreFurtherLabels() throws IOException {
    List<String> names = List.of("is_like", "long_view", "is_profile_enter");
    KuaiRandConfig config = new KuaiRandConfig("is_click", false, false, false, false, names);
    try (DatasetReader reader = reader("kuairand-mini", config)) {
      assertThat(reader.schema().labels()).isEqualTo(names);
      for (String name : names) {
        assertThat(Rows.countAndSum(reader, "label_" + name)[1])
            .as(name)
            .isEqualTo(counted(Rows.shared("kuairand-mini"), name));
      }
    }
  }

  private static long counted(Path folder, String column) throws IOException {
    long count = 0;
    try (var files = Files.list(folder)) {
      for (Path file :
          files.filter(f -> f.getFileName().toString().startsWith("log_standard")).toList()) {
        List<String> lines = Files.readAllLines(file);
        int place = List.of(lines.get(0).split(",")).indexOf(column);
        count += lines.stream().filter(line -> line.split(",")[place].equals("1")).count();
      }
    }
    return count;
  }

  @Test
  void filesInPartsAreOneTable(@TempDir Path folder) throws IOException {
    Path data = Files.createDirectories(folder.resolve("KuaiRand-27K/data"));
    String header =
        "user_id,video_id,date,hourmin,time_ms,is_click,is_like,is_follow,is_comment,is_forward,"
            + "is_hate,long_view,play_time_ms,duration_ms,profile_stay_time,comment_stay_time,"
            + "is_profile_enter,is_rand,tab\n";
    String row = ",20220421,400,1650485000000,1,0,0,0,0,0,0,1,2,0,0,0,0,1\n";
    String log = "log_standard_4_22_to_5_08_27k_part";
    Files.writeString(data.resolve(log + "1.csv"), header + "1,10" + row);
    Files.writeString(data.resolve(log + "2.csv"), header + "2,11" + row);
    Path shared = Rows.shared("kuairand-mini");
    assumeThat(shared).as("the shared data").exists();
    Files.copy(shared.resolve("user_features_pure.csv"), data.resolve("user_features_27k.csv"));
    Files.copy(
        shared.resolve("video_features_basic_pure.csv"),
        data.resolve("video_features_basic_27k.csv"));
    try (DatasetReader reader =
        new KuaiRandFactory().create(DEFAULT, Contexts.of(folder, scratch))) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS))
          .extracting(r -> r.get("user") + " " + r.get("item") + " " + r.get("hour"))
          .containsExactly("1 10 4", "2 11 4");
    }
    Files.writeString(data.resolve(log + "2.csv"), header.replace(",tab", ",TAB") + "2,11" + row);
    assertThatThrownBy(() -> new KuaiRandFactory().create(DEFAULT, Contexts.of(folder, scratch)))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("data/DIFFERENT_COLUMNS")
        .hasMessageContaining("part2.csv");
  }

  @Test
  void furtherFilesOfVideosAreJoined(@TempDir Path folder) throws IOException {
    Path mini = Rows.shared("kuairand-mini");
    assumeThat(mini).as("the shared data").exists();
    for (String file :
        List.of(
            "log_standard_4_22_to_5_08_pure.csv",
            "user_features_pure.csv",
            "video_features_basic_pure.csv")) {
      Files.copy(mini.resolve(file), folder.resolve(file));
    }
    List<String> ids =
        Files.readAllLines(mini.resolve("video_features_basic_pure.csv")).stream()
            .skip(1)
            .map(line -> line.substring(0, line.indexOf(',')))
            .toList();
    Files.writeString(
        folder.resolve("video_features_statistic_pure.csv"),
        "video_id,counts,show_cnt\n" + ids.get(1) + ",2.0,99.0\n" + ids.get(0) + ",1.0,0.0\n");
    Files.writeString(
        folder.resolve("kuairand_video_captions.csv"),
        "final_video_id,caption,show_cover_text,duration\n"
            + ids.get(1)
            + ",\"A dog, running\",\"Good, boy\",9.5\n"
            + ids.get(0)
            + ",,UNKNOWN,9.5\n"
            + ids.get(1)
            + ",again,,9.5\n");
    String levels =
        Stream.of("first", "second", "third", "fourth")
            .map(
                l ->
                    l
                        + "_level_category_id,"
                        + l
                        + "_level_category_name,"
                        + l
                        + "_level_category_prob")
            .collect(Collectors.joining(","));
    Files.writeString(
        folder.resolve("kuairand_video_categories.csv"),
        "final_video_id,"
            + levels
            + "\n"
            + ids.get(0)
            + ",1.0,Pets,.9,2.0,Dogs,.8,-124.0,UNKNOWN,0.0,-124,UNKNOWN,0.0\n");
    KuaiRandConfig config = new KuaiRandConfig("is_click", false, false, true, false);
    try (DatasetReader reader =
        new KuaiRandFactory().create(config, Contexts.of(folder, scratch))) {
      assertThat(reader.schema().itemText())
          .containsExactly("caption", "category_names", "tag_text");
      assertThat(reader.schema().fields())
          .extracting(RawField::name)
          .contains("counts", "show_cnt", "fourth_level_category_id");
      List<Map<String, String>> videos = Rows.of(reader, RawTable.ITEMS);
      assertThat(videos).extracting(video -> video.get("item")).containsExactlyElementsOf(ids);
      assertThat(Double.parseDouble(videos.get(1).get("show_cnt"))).isEqualTo(Math.log(100));
      assertThat(videos.get(1)).containsEntry("category_names", "null");
      assertThat(videos.get(1)).containsEntry("caption", "A dog, running");
      assertThat(videos.get(0))
          .containsEntry("counts", Double.toString(Math.log(2)))
          .containsEntry("second_level_category_id", "2.0")
          .containsEntry("third_level_category_id", "null")
          .containsEntry("fourth_level_category_id", "null")
          .containsEntry("category_names", "Pets, Dogs");
      assertThat(videos.get(2)).containsEntry("counts", "null").containsEntry("caption", "null");
      assertThat(videos.get(1)).doesNotContainKey("cover_text");
    }
    KuaiRandConfig withCover = new KuaiRandConfig("is_click", false, false, false, true);
    try (DatasetReader reader =
        new KuaiRandFactory().create(withCover, Contexts.of(folder, scratch))) {
      assertThat(reader.schema().itemText())
          .containsExactly("caption", "cover_text", "category_names", "tag_text");
      assertThat(Rows.of(reader, RawTable.ITEMS).subList(0, 3))
          .extracting(video -> video.get("cover_text"))
          .containsExactly("null", "Good, boy", "null");
    }
    Files.delete(folder.resolve("kuairand_video_captions.csv"));
    assertThatThrownBy(() -> new KuaiRandFactory().create(withCover, Contexts.of(folder, scratch)))
        .hasMessageContaining("no file kuairand_video_captions.csv");
  }

  @ParameterizedTest
  @CsvSource({
    "pure, log_standard_4_22_to_5_08_pure.csv",
    "27k, log_standard_4_22_to_5_08_27k_part2.csv",
    "27k, log_standard_4_08_to_4_21_27k_part1.csv",
    "1k, user_features_1k.csv",
    "27k, log_random_4_22_to_5_08_27k.csv",
    "27k, video_features_statistic_27k_part3.csv"
  })
  void aFileThatTheReleaseNeedsIsNamedWhereItIsMissing(
      String release, String file, @TempDir Path folder) throws IOException {
    Path data = generate(release, folder);
    Files.delete(data.resolve(file));
    refused(folder, "data/MISSING_FILE", "There is no file " + file + " in " + data);
  }

  @Test
  void compressedFilesStandForThoseThatAreMissing(@TempDir Path folder) throws IOException {
    Path data = generate("27k", folder);
    for (String name :
        List.of("log_standard_4_22_to_5_08_27k_part2.csv", "video_features_basic_27k.csv")) {
      Path file = data.resolve(name);
      try (OutputStream gzip =
          new GZIPOutputStream(Files.newOutputStream(data.resolve(name + ".gz")))) {
        Files.copy(file, gzip);
      }
      Files.delete(file);
    }
    try (DatasetReader reader =
        new KuaiRandFactory().create(DEFAULT, Contexts.of(folder, scratch))) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS)).hasSize(1_000);
      assertThat(Rows.of(reader, RawTable.ITEMS)).hasSize(100);
    }
  }

  @Test
  void theSecondPeriodIsReadAloneWhereTheFirstIsMissing(@TempDir Path folder) throws IOException {
    Path data = generate("pure", folder);
    Files.delete(data.resolve("log_standard_4_08_to_4_21_pure.csv"));
    long lines;
    try (Stream<String> all = Files.lines(data.resolve("log_standard_4_22_to_5_08_pure.csv"))) {
      lines = all.count();
    }
    try (DatasetReader reader =
        new KuaiRandFactory().create(DEFAULT, Contexts.of(folder, scratch))) {
      assertThat(Rows.of(reader, RawTable.INTERACTIONS)).hasSize((int) lines - 1);
    }
  }

  @Test
  void logsThatWouldRepeatRowsAreRefused(@TempDir Path folder) throws IOException {
    Path data = generate("pure", folder);
    Path log = data.resolve("log_standard_4_22_to_5_08_pure.csv");
    Path copy = Files.copy(log, data.resolve("log_standard_4_22_to_5_08_pure (1).csv"));
    refused(folder, "data/UNKNOWN_FILE", copy + " is not a log of KuaiRand");
    Files.move(copy, data.resolve("log_standard_4_22_to_5_08_1k.csv"));
    refused(folder, "data/TWO_RELEASES", data + " has logs", "pure, 1k. Put each release into");
    Path late = data.resolve("log_standard_4_25_to_5_08_pure.csv");
    Files.move(data.resolve("log_standard_4_22_to_5_08_1k.csv"), late);
    refused(folder, "data/TWO_FILES", late + " is a part of the published standard log");
  }

  @Test
  void ofTwoReleasesNoneIsTaken(@TempDir Path folder) throws IOException {
    for (String release : List.of("Pure", "1K")) {
      Path data = Files.createDirectories(folder.resolve("KuaiRand-" + release + "/data"));
      Files.createFile(data.resolve("log_standard_4_22_to_5_08_pure.csv"));
    }
    refused(
        folder,
        "data/TWO_RELEASES",
        folder.resolve("KuaiRand-Pure/data") + ", " + folder.resolve("KuaiRand-1K/data"),
        "Set dataset.path");
  }

  @Test
  void generatedCaptionsAndCategoriesAreRead(@TempDir Path folder, @TempDir Path plain)
      throws IOException {
    Path data = generate("pure", true, folder);
    KuaiRandConfig everything = new KuaiRandConfig("is_click", true, true, true, false);
    try (DatasetReader reader =
        new KuaiRandFactory().create(everything, Contexts.of(folder, scratch))) {
      assertThat(reader.schema().itemText())
          .containsExactly("caption", "category_names", "tag_text");
      List<Map<String, String>> videos = Rows.of(reader, RawTable.ITEMS);
      assertThat(videos).hasSize(100);
      assertThat(videos.get(0).get("caption")).matches("#[a-z]+ [a-z]+ [a-z]+ 0, \"again\"");
      assertThat(videos.get(0))
          .containsEntry("first_level_category_id", "4.0")
          .containsEntry("second_level_category_id", "122.0")
          .containsEntry("third_level_category_id", "null")
          .containsEntry("category_names", "Music, Dancing");
      assertThat(videos.get(9)).containsEntry("caption", "null");
    }
    try (Stream<Path> files = Files.list(generate("pure", plain))) {
      assertThat(files)
          .hasSize(6)
          .allSatisfy(
              file -> assertThat(data.resolve(file.getFileName())).hasSameBinaryContentAs(file));
    }
  }

  private void refused(Path folder, String... texts) {
    KuaiRandConfig everything = new KuaiRandConfig("is_click", true, false, true, false);
    assertThatThrownBy(() -> new KuaiRandFactory().create(everything, Contexts.of(folder, scratch)))
        .isInstanceOf(MsrException.class)
        .hasMessageContainingAll(texts);
  }

  /** Returns the folder of the files: a thousand rows of 50 users and 100 videos. */
  private Path generate(String release, Path folder) throws IOException {
    return generate(release, false, folder);
  }

  private Path generate(String release, boolean captions, Path folder) throws IOException {
    new KuaiRandGeneratorFactory()
        .create(
            new KuaiRandGeneratorConfig(release, captions, 1_000, 50, 100, 7),
            Contexts.of(folder, scratch))
        .generate(Progress.NONE);
    return folder.resolve("data");
  }

  private DatasetReader reader(String name, KuaiRandConfig config) {
    Path folder = Rows.shared(name);
    assumeThat(folder).as("the shared data").exists();
    return new KuaiRandFactory().create(config, Contexts.of(folder, scratch));
  }
}
