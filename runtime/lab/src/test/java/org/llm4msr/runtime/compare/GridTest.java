package org.llm4msr.runtime.compare;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.compare.ComparisonResult.Difference;
import org.llm4msr.runtime.compare.ComparisonResult.Model;
import org.llm4msr.runtime.compare.ComparisonResult.Score;
import org.llm4msr.runtime.compare.Uncontrolled.Reading;
import org.llm4msr.runtime.config.loading.AnyValue;

class GridTest {

  private static final String USER = "{user: shuffled}";

  private static Grid grid(List<String> experiments, List<String> fusions, String... controls) {
    ComparisonConfig config =
        new ComparisonConfig(
            experiments,
            List.of(1L),
            List.of(),
            fusions.stream().map(name -> new AnyValue(name, name)).toList(),
            Stream.of(controls).map(yaml -> new AnyValue(yaml, label(yaml))).toList(),
            Map.of(),
            Map.of(),
            null,
            false);
    return Grid.of(
        config,
        Path.of("grid.yaml"),
        List.of(),
        experiment -> "work",
        (experiment, overrides) -> !overrides.contains("model.fusion.name=none"));
  }

  private static String label(String yaml) {
    return yaml.equals(USER) ? "user shuffled" : yaml;
  }

  @Test
  void onlyModelsThatReadKnowledgeHaveControls() {
    Grid plain = grid(List.of("e.yaml"), List.of("none", "hierarchical"));
    Grid grid = grid(List.of("e.yaml"), List.of("none", "hierarchical"), "random", USER);

    assertThat(grid.axes()).containsExactly("fusion", "control");
    assertThat(grid.cells())
        .extracting(Cell::labels)
        .containsExactly(
            List.of("none", ""),
            List.of("hierarchical", ""),
            List.of("hierarchical", "random"),
            List.of("hierarchical", "user shuffled"));
    assertThat(grid.cells())
        .extracting(Cell::overrides)
        .containsExactly(
            List.of("model.fusion.name=none"),
            List.of("model.fusion.name=hierarchical", "knowledge.control=off"),
            List.of("model.fusion.name=hierarchical", "knowledge.control=random"),
            List.of("model.fusion.name=hierarchical", "knowledge.control={user: shuffled}"));
    assertThat(grid.cells()).extracting(Cell::baseline).containsExactly(true, false, false, false);
    assertThat(grid.group(grid.cells().get(0))).hasSize(4);
    assertThat(grid.cells().subList(0, 2))
        .extracting(Cell::toString)
        .as("runs have the names that they have without controls")
        .isEqualTo(plain.cells().stream().map(Cell::toString).toList());
    assertThat(grid.cells().get(2)).hasToString("hierarchical + random");
  }

  @Test
  void aControlIsComparedWithTheModelThatItReplaces() {
    Grid grid = grid(List.of("e.yaml"), List.of(), "random");

    assertThat(grid.axes()).containsExactly("experiment", "control");
    assertThat(grid.cells())
        .extracting(Cell::labels)
        .containsExactly(List.of("e", ""), List.of("e", "random"));
    assertThat(grid.cells()).extracting(Cell::baseline).containsExactly(true, false);
    assertThat(grid.group(grid.cells().get(0))).hasSize(2);

    Grid two = grid(List.of("e.yaml", "f.yaml"), List.of(), "random");
    assertThat(two.cells()).extracting(Cell::baseline).containsExactly(true, false, false, false);
  }

  @Test
  void aGainWithoutAControlIsTold() {
    Grid plain = grid(List.of("e.yaml"), List.of("none", "hierarchical"));
    Grid controlled = grid(List.of("e.yaml"), List.of("none", "hierarchical"), "random");

    assertThat(uncontrolled(plain, 0.01, true)).containsExactly("hierarchical");
    assertThat(uncontrolled(plain, 0.01, false)).as("not significant").isEmpty();
    assertThat(uncontrolled(plain, -0.01, true)).as("a loss").isEmpty();
    assertThat(uncontrolled(controlled, 0.01, true)).isEmpty();
    assertThat(uncontrolled(grid(List.of("e.yaml"), List.of("epnet", "hierarchical")), 0.01, true))
        .as("both read it")
        .isEmpty();
    assertThat(Uncontrolled.note(List.of("hierarchical")))
        .isEqualTo(
            "No control: hierarchical gained, but vectors that say nothing may gain as well."
                + " `controls: [shuffled]` trains models that read them.");
    assertThat(Uncontrolled.note(List.of())).isEmpty();
  }

  /** Every model but the baseline differs from it by the same. */
  private static List<String> uncontrolled(Grid grid, double mean, boolean significant) {
    Uncontrolled uncontrolled = new Uncontrolled();
    for (Cell cell : grid.cells()) {
      String name = cell.labels().get(0);
      boolean control = cell.toString().contains("random");
      uncontrolled.put(
          cell,
          name.equals("none") ? Reading.NOTHING : control ? Reading.CONTROL : Reading.KNOWLEDGE);
    }
    Difference difference = new Difference(mean, null, null, null, 0.5, significant);
    List<Model> models =
        grid.cells().stream()
            .map(cell -> model(cell, cell.baseline() ? null : difference))
            .toList();
    return uncontrolled.of(grid, models);
  }

  private static Model model(Cell cell, Difference difference) {
    return new Model(
        cell.labels(),
        cell.group(),
        cell.baseline(),
        List.of(),
        List.of(),
        List.of(new Score(1, 0.5, null, false, difference)),
        null);
  }
}
