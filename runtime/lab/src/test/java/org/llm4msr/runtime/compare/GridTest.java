package org.llm4msr.runtime.compare;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.compare.Controls.Reading;
import org.llm4msr.runtime.config.KnowledgeControl;
import org.llm4msr.runtime.config.KnowledgeControl.Kind;
import org.llm4msr.runtime.config.loading.AnyValue;

class GridTest {

  private static final String USER = "{user: shuffled}";

  private static Grid grid(List<String> experiments, List<String> fusions, String... controls) {
    return grid(experiments, fusions, List.of(controls), Map.of());
  }

  private static Grid grid(
      List<String> experiments,
      List<String> fusions,
      List<String> controls,
      Map<String, List<AnyValue>> more) {
    ComparisonConfig config =
        new ComparisonConfig(
            experiments,
            List.of(1L),
            List.of(),
            fusions.stream().map(name -> new AnyValue(name, name)).toList(),
            controls.stream().map(yaml -> new AnyValue(yaml, label(yaml))).toList(),
            more,
            Map.of(),
            null,
            false,
            null,
            "auc");
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
  void modelsWithoutAControlAreTold() {
    Grid plain = grid(List.of("e.yaml"), List.of("none", "hierarchical"));
    Grid controlled = grid(List.of("e.yaml"), List.of("none", "hierarchical"), "random");
    Grid both = grid(List.of("e.yaml"), List.of("epnet", "hierarchical"));

    assertThat(controls(plain).uncontrolled(plain)).containsExactly("hierarchical");
    assertThat(controls(controlled).uncontrolled(controlled)).isEmpty();
    assertThat(controls(both).uncontrolled(both)).containsExactly("epnet", "hierarchical");
    assertThat(Controls.missing(List.of("a", "b")))
        .isEqualTo(
            "No control: what a, b gained may be capacity and no knowledge, as vectors that know"
                + " nothing may gain too. Add `controls: [shuffled]` to the comparison.");
    assertThat(Controls.missing(List.of())).isEmpty();
  }

  @Test
  void aControlSharesTheGainOfTheModelInWhosePlaceItStands() {
    Grid grid = grid(List.of("e.yaml"), List.of("none", "concat", "hierarchical"), "random");
    Controls controls = controls(grid);

    assertThat(grid.cells().stream().map(cell -> controls.controlled(grid, cell)))
        .containsExactly(null, null, grid.cells().get(1), null, grid.cells().get(3));
    Grid both = grid(List.of("e.yaml"), List.of("epnet", "hierarchical"), "random");
    assertThat(both.cells().stream().map(cell -> controls(both).controlled(both, cell)))
        .as("there is no gain over nothing")
        .containsOnlyNulls();
  }

  @Test
  void theKindsThatAreThereAreExplained() {
    Controls controls = new Controls();
    Cell cell = grid(List.of("e.yaml"), List.of("none")).cells().get(0);
    controls.put(cell, new KnowledgeControl(null, Kind.SHUFFLED, Kind.OFF, Kind.CONSTANT));

    assertThat(controls.kinds()).containsExactly(Kind.CONSTANT, Kind.SHUFFLED);
    assertThat(Controls.explanation(controls.kinds()))
        .contains("The gain over a model that reads nothing is knowledge and capacity together");
    assertThat(Controls.explanation(List.of())).isEmpty();
    assertThat(Controls.explanation(Kind.CONSTANT))
        .startsWith("constant: every key reads the mean");
    assertThat(Controls.explanation(Kind.RANDOM)).startsWith("random: each key reads random");
  }

  @Test
  void modelsOfOtherDataOrVectorsHaveAWorkspaceOfTheirOwn() {
    assertThat(workspaces("dataset.minFrequency")).doesNotHaveDuplicates().hasSize(2);
    assertThat(workspaces("knowledge.minInteractions"))
        .doesNotHaveDuplicates()
        .hasSize(2)
        .allMatch(workspace -> workspace.startsWith("workspace=work/variants/mininteractions-"));
  }

  @Test
  void describesAModelByItsAxes() {
    List<AnyValue> rates = List.of(new AnyValue("1", "1"), new AnyValue("2", "2"));
    Map<String, List<AnyValue>> more = Map.of("training.optimizer.learningRate", rates);
    Grid grid = grid(List.of("e.yaml"), List.of("none", "hierarchical"), List.of("random"), more);

    assertThat(grid.cells().stream().map(grid::describe))
        .contains(
            "fusion none, optimizer.learningRate 2",
            "fusion hierarchical, control random, optimizer.learningRate 1");
  }

  @Test
  void describesAnUnchangedTrialOnce() {
    Cell unchanged = cell("0", Tuning.UNCHANGED, Tuning.UNCHANGED);
    Cell drawn = cell("1", "0.1", "8");
    Grid grid = new Grid(List.of("trial", "training.l2", "model.size"), List.of(unchanged, drawn));

    assertThat(grid.describe(unchanged)).isEqualTo("trial 0, as it is");
    assertThat(grid.describe(drawn)).isEqualTo("trial 1, training.l2 0.1, model.size 8");
  }

  private static Cell cell(String... labels) {
    return new Cell(Path.of("e.yaml"), List.of(labels), List.of(), false, null, List.of());
  }

  @Test
  void modelsThatReadTheSameVectorsInOtherWaysShareThem() {
    assertThat(workspaces("knowledge.components")).isEmpty();
    assertThat(workspaces("knowledge.missing")).isEmpty();
    assertThat(workspaces("model.embeddingSize")).isEmpty();
  }

  /** Returns the workspaces that models with two values of a setting are given. */
  private static List<String> workspaces(String setting) {
    List<AnyValue> values = List.of(new AnyValue("1", "1"), new AnyValue("2", "2"));
    Grid grid = grid(List.of("e.yaml"), List.of(), List.of(), Map.of(setting, values));
    return grid.cells().stream()
        .flatMap(cell -> cell.overrides().stream())
        .filter(override -> override.startsWith("workspace="))
        .toList();
  }

  private static Controls controls(Grid grid) {
    Controls controls = new Controls();
    for (Cell cell : grid.cells()) {
      boolean control = cell.toString().contains("random");
      controls.put(
          cell,
          cell.labels().get(0).equals("none")
              ? Reading.NOTHING
              : control ? Reading.CONTROL : Reading.KNOWLEDGE);
    }
    return controls;
  }
}
