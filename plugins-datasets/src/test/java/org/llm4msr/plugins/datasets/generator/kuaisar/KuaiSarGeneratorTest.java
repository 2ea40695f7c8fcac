package org.llm4msr.plugins.datasets.generator.kuaisar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.plugins.datasets.Contexts;

class KuaiSarGeneratorTest {

  @TempDir Path folder;

  @Test
  void writesAsManyRowsAsAskedInThePublishedColumns() throws IOException {
    generate(folder, config(30_000, 5, 7));
    List<String> feeds = Files.readAllLines(folder.resolve("rec_inter.csv"));
    List<String> search = Files.readAllLines(folder.resolve("src_inter.csv"));
    assertThat(feeds.get(0))
        .isEqualTo(
            "user_id,item_id,duration_ms,playing_time,timestamp,forward,like,follow,"
                + "search_photo_related,search,click,time,scenario");
    assertThat(search.get(0))
        .isEqualTo(
            "user_id,search_session_id,search_session_timestamp,search_session_source,keyword,"
                + "item_id,click_cnt,item_type,time");
    assertThat(feeds.size() - 1 + search.size() - 1).isEqualTo(30_000);
  }

  @Test
  void twoScenariosNeedNoExtraColumn() throws IOException {
    generate(folder, config(2_000, 2, 7));
    try (var lines = Files.lines(folder.resolve("rec_inter.csv"))) {
      assertThat(lines.findFirst().orElseThrow()).endsWith(",click,time");
    }
  }

  @Test
  void smallReleaseHasItsPublishedColumns() throws IOException {
    generate(folder, config("small", 2_000, 2, 7));
    assertThat(header("rec_inter.csv"))
        .isEqualTo(
            "user_id,item_id,duration_ms,playing_time,timestamp,forward,like,follow,"
                + "search_item_related,search,click,time");
    assertThat(header("src_inter.csv"))
        .isEqualTo(
            "keyword,item_id,click_cnt,search_session_id,item_type,user_id,"
                + "search_session_timestamp,search_source,search_session_time");
    assertThat(header("user_features.csv"))
        .isEqualTo("user_id,search_active_level,rec_active_level,onehot_feat1,onehot_feat2");
    assertThat(header("item_features.csv"))
        .startsWith(
            "item_id,caption,author_id,item_type,upload_time,upload_type,music_id,"
                + "first_level_category_id,first_level_category_name,second_level_category_id")
        .endsWith(",fourth_level_category_name_en");
    assertThat(report(folder).get("format").textValue()).isEqualTo("KuaiSAR_final");
  }

  private String header(String file) throws IOException {
    return Files.readAllLines(folder.resolve(file)).get(0);
  }

  @Test
  void sizesOfScenariosFollowZipf() throws IOException {
    generate(folder, config(60_000, 4, 7));
    Map<String, Long> rows =
        truth(folder).stream().collect(Collectors.groupingBy(row -> row[3], Collectors.counting()));
    double sum = 1 + Math.pow(2, -0.8) + Math.pow(3, -0.8) + Math.pow(4, -0.8);
    assertThat((double) rows.get("recommendation")).isCloseTo(60_000 / sum, within(1500.0));
    assertThat((double) rows.get("search"))
        .isCloseTo(60_000 * Math.pow(2, -0.8) / sum, within(1500.0));
    assertThat((double) rows.get("nearby"))
        .isCloseTo(60_000 * Math.pow(4, -0.8) / sum, within(1200.0));
  }

  @Test
  void statedBayesAucIsThatOfTheWrittenTruth() throws IOException {
    generate(folder, config(6_000, 3, 3));
    List<String[]> rows = truth(folder);
    JsonNode report = report(folder);
    assertThat(report.at("/bayes/overall/auc").doubleValue())
        .isCloseTo(aucByPairs(rows), within(1e-12));
    List<String[]> search = rows.stream().filter(row -> row[3].equals("search")).toList();
    assertThat(report.at("/bayes/scenarios/search/auc").doubleValue())
        .isCloseTo(aucByPairs(search), within(1e-12));
    assertThat(report.at("/bayes/scenarios/search/rows").intValue()).isEqualTo(search.size());
    assertThat(report.at("/bayesLastSixth/overall/auc").doubleValue())
        .isCloseTo(aucByPairs(rows.subList(5_000, 6_000)), within(1e-12));
  }

  @Test
  void labelsAreDrawnFromTheStatedProbabilities() throws IOException {
    generate(folder, config(60_000, 5, 7));
    double expected = 0;
    double variance = 0;
    int clicks = 0;
    for (String[] row : truth(folder)) {
      double probability = Double.parseDouble(row[5]);
      expected += probability;
      variance += probability * (1 - probability);
      clicks += Integer.parseInt(row[4]);
    }
    assertThat((double) clicks).isCloseTo(expected, within(4 * Math.sqrt(variance)));
  }

  @Test
  void bayesAucLeavesRoomAboveChanceAndBelowCertainty() throws IOException {
    generate(folder, config(100_000, 5, 7));
    JsonNode bayes = report(folder).at("/bayes");
    assertThat(bayes.at("/overall/auc").doubleValue()).isBetween(0.75, 0.85);
    bayes
        .at("/scenarios")
        .forEach(row -> assertThat(row.get("auc").doubleValue()).isBetween(0.7, 0.85));
  }

  @Test
  void sameSeedGivesTheSameBytesAndAnotherSeedDoesNot(@TempDir Path other, @TempDir Path third)
      throws IOException {
    generate(folder, config(5_000, 3, 7));
    generate(other, config(5_000, 3, 7));
    generate(third, config(5_000, 3, 8));
    for (String file :
        List.of("rec_inter.csv", "src_inter.csv", "item_features.csv", "truth.csv")) {
      assertThat(folder.resolve(file)).hasSameBinaryContentAs(other.resolve(file));
    }
    assertThat(Files.mismatch(folder.resolve("truth.csv"), third.resolve("truth.csv")))
        .isNotEqualTo(-1);
  }

  @Test
  void captionsAreWordsOfTheItemsTopic() throws IOException {
    generate(
        folder,
        new KuaiSarGeneratorConfig("full", 1_000, null, 3_000, 2, 30, 0.8, 3.0, 0, 0, 0, 20, 7));
    List<String> words =
        Files.readAllLines(folder.resolve("caption_words.csv")).stream()
            .skip(1)
            .map(line -> line.split(",")[1])
            .toList();
    List<String> baking = new ArrayList<>();
    for (String line : Files.readAllLines(folder.resolve("item_features.csv"))) {
      if (line.contains(",Baking,")) {
        String list = line.substring(line.indexOf("\"[") + 2, line.indexOf("]\""));
        for (String id : list.split(", ")) {
          baking.add(words.get(Integer.parseInt(id) - 1));
        }
      }
    }
    assertThat(baking).contains("bread", "oven").doesNotContain("goal", "guitar");
  }

  @Test
  void stylesShowInCaptionsAloneAndMoveClicks(@TempDir Path plain) throws IOException {
    generate(folder, told(3, 0, 0));
    generate(plain, told(0, 0, 0));

    // Three words each, after those of the topic.
    String styled = Files.readAllLines(folder.resolve("item_features.csv")).get(1);
    String unstyled = Files.readAllLines(plain.resolve("item_features.csv")).get(1);
    String head = unstyled.substring(0, unstyled.indexOf(']'));
    assertThat(styled).startsWith(head + ", ").endsWith(unstyled.substring(unstyled.indexOf(']')));
    assertThat(styled.split(", ")).hasSize(unstyled.split(", ").length + 3);
    double bayes = report(folder).at("/bayesLastSixth/overall/auc").doubleValue();
    double byText = report(folder).at("/textOracleLastSixth/overall/auc").doubleValue();
    assertThat(bayes)
        .isGreaterThan(report(plain).at("/bayesLastSixth/overall/auc").doubleValue() + 0.02);
    assertThat(byText).isBetween(0.75, bayes - 0.01);
    assertThat(report(plain).at("/textOracleLastSixth/overall/auc").doubleValue())
        .isLessThan(byText - 0.02);
  }

  @Test
  void lateItemsAndUsersComeAfterTheTrainingPart() throws IOException {
    generate(folder, told(0, 0.3, 0.2));
    List<String[]> rows = truth(folder);
    Set<String> users = new HashSet<>();
    Set<String> items = new HashSet<>();
    for (String[] row : rows.subList(0, 40_000)) {
      users.add(row[1]);
      items.add(row[2]);
    }
    List<String[]> test = rows.subList(50_000, 60_000);
    List<String[]> newItems = test.stream().filter(row -> !items.contains(row[2])).toList();
    List<String[]> newUsers = test.stream().filter(row -> !users.contains(row[1])).toList();

    assertThat((double) newItems.size()).isCloseTo(3_000, within(700.0));
    assertThat((double) newUsers.size()).isCloseTo(2_000, within(500.0));
    JsonNode report = report(folder);
    assertThat(report.at("/bayesLastSixthOfNewItems/overall/rows").intValue())
        .isEqualTo(newItems.size());
    assertThat(report.at("/bayesLastSixthOfNewItems/overall/auc").doubleValue())
        .isCloseTo(aucByPairs(newItems), within(1e-12));
    assertThat(report.at("/bayesLastSixthOfNewUsers/overall/auc").doubleValue())
        .isCloseTo(aucByPairs(newUsers), within(1e-12));
  }

  private static KuaiSarGeneratorConfig told(double text, double lateItems, double lateUsers) {
    return new KuaiSarGeneratorConfig(
        "full", 60_000, null, null, 3, 30, 0.8, 3.0, text, lateItems, lateUsers, 20, 7);
  }

  @Test
  void leavesRealDataAlone() throws IOException {
    Files.writeString(folder.resolve("rec_inter.csv"), "user_id,item_id\n");
    assertThatThrownBy(() -> generate(folder, config(1_000, 2, 7)))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("generate/OTHER_DATA");
  }

  @Test
  @Tag("slow")
  void writesAMillionRows() throws IOException {
    generate(folder, config(1_000_000, 5, 7));
    assertThat(lines("rec_inter.csv") - 1 + lines("src_inter.csv") - 1).isEqualTo(1_000_000);
  }

  private long lines(String file) throws IOException {
    try (Stream<String> lines = Files.lines(folder.resolve(file))) {
      return lines.count();
    }
  }

  private static KuaiSarGeneratorConfig config(long interactions, int scenarios, long seed) {
    return config("full", interactions, scenarios, seed);
  }

  private static KuaiSarGeneratorConfig config(
      String release, long interactions, int scenarios, long seed) {
    return new KuaiSarGeneratorConfig(
        release, interactions, null, null, scenarios, 30, 0.8, 3.0, 0, 0, 0, 20, seed);
  }

  private static void generate(Path folder, KuaiSarGeneratorConfig config) throws IOException {
    new KuaiSarGeneratorFactory()
        .create(config, Contexts.of(folder, folder))
        .generate(Progress.NONE);
  }

  private static List<String[]> truth(Path folder) throws IOException {
    return Files.readAllLines(folder.resolve("truth.csv")).stream()
        .skip(1)
        .map(line -> line.split(","))
        .toList();
  }

  private static JsonNode report(Path folder) throws IOException {
    return new ObjectMapper().readTree(folder.resolve("GENERATED.json").toFile());
  }

  /** The definition: the share of pairs of a click and none that are ordered, ties half. */
  private static double aucByPairs(List<String[]> rows) {
    double ordered = 0;
    long pairs = 0;
    for (String[] positive : rows) {
      if (positive[4].equals("0")) {
        continue;
      }
      double high = Double.parseDouble(positive[5]);
      for (String[] negative : rows) {
        if (negative[4].equals("0")) {
          double low = Double.parseDouble(negative[5]);
          ordered += high > low ? 1 : high == low ? 0.5 : 0;
          pairs++;
        }
      }
    }
    return ordered / pairs;
  }
}
