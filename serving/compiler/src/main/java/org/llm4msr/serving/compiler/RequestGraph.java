package org.llm4msr.serving.compiler;

import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.serving.ranker.GraphSession;
import org.llm4msr.serving.recording.OnnxModel;
import org.llm4msr.serving.recording.RequestGraphs;

/** The graphs of one scenario, loaded. */
final class RequestGraph implements AutoCloseable {

  private final GraphSession scorer;
  private final @Nullable GraphSession source;
  private final @Nullable GraphSession expand;

  RequestGraph(RequestGraphs graphs) {
    scorer = new GraphSession(graphs.scorer().toBytes());
    source = session(graphs.source());
    expand = session(graphs.expand());
  }

  private static @Nullable GraphSession session(@Nullable OnnxModel model) {
    return model == null ? null : new GraphSession(model.toBytes());
  }

  /**
   * Computes the logits of rows of one user, by the outputs of the graph.
   *
   * @param rows what the model reads of them, by input
   * @param knowledge of the user (K), empty where the model reads none
   */
  Map<String, FloatBuffer> results(Map<String, FloatBuffer> rows, FloatBuffer knowledge) {
    Map<String, FloatBuffer> inputs = new HashMap<>(rows);
    if (source != null && expand != null) {
      inputs.putAll(expand.run(source.run(Map.of(RequestGraphs.USER, knowledge))));
    }
    return scorer.run(inputs);
  }

  @Override
  public void close() {
    scorer.close();
    if (source != null && expand != null) {
      source.close();
      expand.close();
    }
  }
}
