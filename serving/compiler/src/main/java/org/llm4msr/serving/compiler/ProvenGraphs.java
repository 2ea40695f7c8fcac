package org.llm4msr.serving.compiler;

import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.assembly.InferenceModel;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.serving.recording.RequestGraphs;

/**
 * The graphs of a scenario, which give the model's probabilities.
 *
 * @param difference the largest one of two probabilities that were compared
 */
public record ProvenGraphs(RequestGraphs graphs, double difference) {

  /**
   * Records the scenarios of a model and compares each with the model.
   *
   * @param data that the model was trained on
   * @return the graphs by rank
   * @throws MsrException {@code compile/NOT_RECORDED} where the model does what no graph can,
   *     {@code compile/DIFFERS} where a graph gives other probabilities
   */
  public static List<ProvenGraphs> of(InferenceModel model, DatasetManifest data) {
    Proof proof = new Proof(model, data);
    ModelPass pass = new ModelPass(model);
    List<ProvenGraphs> proven = new ArrayList<>();
    for (String scenario : data.scenarioKeys()) {
      int rank = proven.size();
      RequestGraphs recorded = pass.record(rank);
      try (RequestGraph graph = new RequestGraph(recorded)) {
        proven.add(new ProvenGraphs(recorded, required(scenario, proof.of(graph, rank))));
      }
    }
    return proven;
  }

  private static double required(String scenario, double difference) {
    if (!(difference <= Compiler.TOLERANCE)) {
      throw new MsrException(
          ErrorType.PLUGIN,
          "compile/DIFFERS",
          "In the scenario %s the graph gives probabilities that differ from the model's by up to %.1e; %.0e is allowed. Something in the model depends on what was not recorded. Report it to the authors of the plugins that are not built in."
              .formatted(scenario, difference, Compiler.TOLERANCE));
    }
    return difference;
  }
}
