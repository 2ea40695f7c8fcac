package org.llm4msr.runtime.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.data.prepared.PreparedScenario;
import org.llm4msr.runtime.data.prepared.SplitCounts;
import org.llm4msr.runtime.evaluation.EvaluationResult;
import org.llm4msr.runtime.evaluation.Metrics;

class EvaluationReportTest {

  private static PreparedScenario scenario(String key, String name) {
    return new PreparedScenario(key, name, "", new SplitCounts(1, 1, 1));
  }

  /** Jackson would take it for an address. */
  @Test
  void aRunMayLieBelowANameWithAColon() throws IOException {
    ObjectMapper json = new ObjectMapper();
    Metrics metrics = new Metrics("overall", 1, 1, Map.of("auc", 0.5));
    EvaluationReport report =
        new EvaluationReport(
            Path.of("/runs/10:30/a b"),
            "test",
            List.of(),
            new EvaluationResult(metrics, List.of(), List.of()),
            new EvaluationResult(metrics, List.of(), List.of()),
            List.of(),
            null,
            true,
            false,
            false);
    ObjectNode tree = json.valueToTree(report);
    tree.put("run", "/runs/10:30/a b");

    assertThat(json.treeToValue(tree, EvaluationReport.class)).isEqualTo(report);
  }

  @Test
  void titlesTellScenariosOfOneNameApartAndFromAllRows() {
    assertThat(
            EvaluationReport.titles(
                List.of(
                    scenario("a", "Feed"),
                    scenario("b", "Same"),
                    scenario("c", "Same"),
                    scenario("d", "overall"))))
        .containsExactly("Feed", "Same (b)", "Same (c)", "overall (d)");
  }
}
