package org.llm4msr.plugins.datasets.generator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.Progress;
import org.llm4msr.plugins.datasets.Contexts;

class AmazonGeneratorTest {

  private static final List<String> CATEGORIES =
      List.of("Beauty", "Clothing_Shoes_and_Jewelry", "Health_and_Personal_Care");

  @TempDir Path folder;

  /** Eight tenths, one and one, at dates that are those of all categories. */
  @Test
  void partsAreDividedByTheirTime() throws IOException {
    generate("2023", true, false);
    List<Long> train = times("train");
    List<Long> valid = times("valid");
    List<Long> test = times("test");
    assertThat(List.of(train.size(), valid.size(), test.size())).containsExactly(2400, 300, 300);
    assertThat(train.get(2399)).isLessThan(valid.get(0));
    assertThat(valid.get(299)).isLessThan(test.get(0));
    assertThat(folder.resolve("Beauty.jsonl.gz")).doesNotExist();
    assertThat(folder.resolve("meta_Beauty.jsonl.gz")).exists();
  }

  private List<Long> times(String part) throws IOException {
    List<Long> times = new ArrayList<>();
    for (String category : CATEGORIES) {
      List<String> lines = lines("timestamp", category, part);
      assertThat(lines.get(0)).isEqualTo("user_id,parent_asin,rating,timestamp");
      assertThat(lines.subList(1, lines.size()))
          .isNotEmpty()
          .allMatch(line -> line.matches("A[0-9A-F]{9},B\\d{9},[1-5]\\.0,1[34]\\d{11}"));
      lines.stream().skip(1).map(line -> Long.valueOf(line.split(",")[3])).forEach(times::add);
    }
    return times.stream().sorted().toList();
  }

  @Test
  void aHistoryHasWhatItsUserReviewedBefore() throws IOException {
    generate("2023", true, true);
    int longest = 0;
    for (String category : CATEGORIES) {
      Map<String, List<String>> before = new HashMap<>();
      for (String part : List.of("train", "valid", "test")) {
        List<String> lines = lines("timestamp_w_his", category, part);
        assertThat(lines.get(0)).isEqualTo("user_id,parent_asin,rating,timestamp,history");
        for (String line : lines.subList(1, lines.size())) {
          String[] cells = line.split(",", -1);
          List<String> own = before.computeIfAbsent(cells[0], user -> new ArrayList<>());
          longest = Math.max(longest, own.size());
          int first = Math.max(0, own.size() - 50);
          assertThat(cells[4]).isEqualTo(String.join(" ", own.subList(first, own.size())));
          own.add(cells[1]);
        }
      }
    }
    assertThat(longest).as("more than a history has").isGreaterThan(60);
    try (Stream<Path> folders = Files.list(folder.resolve("5core"))) {
      assertThat(folders).hasSize(1);
    }
  }

  @ParameterizedTest
  @CsvSource({"2018, true, false, NO_PARTS", "2023, false, true, NO_HISTORY"})
  void settingsThatContradictEachOtherAreRefused(
      String release, boolean parts, boolean history, String code) throws IOException {
    assertThatThrownBy(() -> generate(release, parts, history))
        .hasMessageContaining("[data/" + code + "]");
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).isEmpty();
    }
  }

  private void generate(String release, boolean parts, boolean history) throws IOException {
    AmazonGeneratorConfig config =
        new AmazonGeneratorConfig(release, parts, history, 3_000, 10, 100, 7);
    new AmazonGeneratorFactory()
        .create(config, Contexts.of(folder, folder))
        .generate(Progress.NONE);
  }

  private List<String> lines(String division, String category, String part) throws IOException {
    Path below = folder.resolve("5core").resolve(division);
    return Files.readAllLines(below.resolve(category + "." + part + ".csv"));
  }
}
