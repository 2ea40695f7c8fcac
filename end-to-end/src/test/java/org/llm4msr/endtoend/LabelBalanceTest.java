package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.cli.InProcess;

/** How rare each label is, and what its rows count, in what training prints and in reports. */
class LabelBalanceTest {

  private static final int TRAINING_ROWS = LabelledShop.ROWS * 4 / 6;

  /** Positives count 0.7, negatives 0.3, and rows of feed twice that. */
  private static final String[] SETTINGS = {
    LabelledShop.LABELS,
    "training.epochs=1",
    "training.scenarioWeights={feed: 2}",
    "training.loss={name: focal, gamma: 1.5, alpha: 0.75, labelSmoothing: 0.2}",
    "model.backbone={name: shared-bottom, bottom: [8], tower: [4]}",
    "model.fusion=none"
  };

  private static final String LOSS =
      "focal, gamma 1.5; positives times 0.75, negatives times 0.25; labels 0.1 and 0.9;"
          + " scenario feed times 2";

  @TempDir static Path folder;
  private static List<String> rows;
  private static String printed;
  private static JsonNode json;

  @BeforeAll
  static void train() throws IOException {
    SmallShop shop = LabelledShop.write(folder, 1, 1000);
    rows = Files.readAllLines(folder.resolve("raw/inter.csv")).subList(1, 1 + TRAINING_ROWS);
    InProcess.run("data", "prepare", shop.experiment().toString());
    printed = train(shop.experiment());
    json = new ObjectMapper().readTree(train(shop.experiment(), "--json")).path("result");
    InProcess.run(with("report", shop.experiment()));
  }

  private static String train(Path experiment, String... more) {
    return InProcess.run(with("train", experiment, more));
  }

  private static String[] with(String command, Path experiment, String... more) {
    List<String> arguments = new ArrayList<>(List.of(command, experiment.toString()));
    arguments.addAll(List.of(more));
    List.of(SETTINGS).forEach(setting -> arguments.add("-D" + setting));
    return arguments.toArray(String[]::new);
  }

  /** Rows of a scenario whose column of the raw file, the last or the one before, has some text. */
  private static long count(String scenario, int fromTheEnd, String text) {
    return rows.stream()
        .map(row -> row.split(",", -1))
        .filter(cells -> scenario.isEmpty() || cells[2].equals(scenario))
        .filter(cells -> cells[cells.length - fromTheEnd].equals(text))
        .count();
  }

  private static String shown(String form, Object... values) {
    return String.format(Locale.ROOT, form, values);
  }

  @Test
  void trainingPrintsTheBalanceOfEachLabelAndTheLoss() {
    long liked = count("", 2, "1");
    long known = liked + count("", 2, "0");
    long bought = count("", 1, "9.5");

    assertThat(printed)
        .contains("\npositives: ", shown(" %% of %,d training rows, ", TRAINING_ROWS))
        .contains(
            shown(
                "\npositives of like: %.2f %% of %,d training rows, ",
                100.0 * liked / known, known))
        .contains(
            shown(
                "\npositives of buy: %.2f %% of %,d training rows, ",
                100.0 * bought / TRAINING_ROWS, TRAINING_ROWS))
        .contains("\nloss: " + LOSS);
  }

  @Test
  void jsonHasTheSumsOfEachScenario() {
    assertThat(json.path("loss").asText()).isEqualTo(LOSS);
    assertThat(json.path("furtherLabels")).hasSize(2);
    for (JsonNode scenario : json.at("/furtherLabels/1/scenarios")) {
      String name = scenario.path("scenario").asText();
      long bought = count(name, 1, "9.5");
      long others = count(name, 1, "0");
      double factor = name.equals("feed") ? 2 : 1;
      // Labels 0.9 and 0.1 of factors 0.75 and 0.25.
      double positive = factor * (0.9 * 0.75 + 0.1 * 0.25) * bought;
      double negative = factor * (0.1 * 0.75 + 0.9 * 0.25) * others;
      assertThat(scenario.path("rows").asLong()).isEqualTo(bought + others);
      assertThat(scenario.path("positives").asLong()).isEqualTo(bought);
      assertThat(scenario.path("positiveWeight").asDouble()).isCloseTo(positive, within(1e-6));
      assertThat(scenario.path("weight").asDouble()).isCloseTo(positive + negative, within(1e-6));
    }
    for (JsonNode scenario : json.at("/furtherLabels/0/scenarios")) {
      boolean feed = scenario.path("scenario").asText().equals("feed");
      assertThat(scenario.path("rows").asLong() > 0).isEqualTo(feed);
    }
  }

  @Test
  void aReportHasThem() {
    long liked = count("feed", 2, "1");
    long known = liked + count("feed", 2, "0");

    assertThat(folder.resolve("work/runs/default/report.html"))
        .content()
        .contains("Labels in training", "Loss: " + LOSS + ".")
        .contains(
            shown(
                "<td class=\"label\">like</td><td class=\"label\">feed</td><td>%,d</td><td>100.00 %%</td>"
                    + "<td>%.2f %%</td>",
                known, 100.0 * liked / known));
  }
}
