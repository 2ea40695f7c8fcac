package org.llm4msr.server.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.data.rows.RowVectors;
import org.llm4msr.server.ranking.RankAnswer;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.VectorNorms;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Requests to a model whose first vector of an item is far from those of the bundle: it may be of
 * another language model of the same width, which tells the model nothing that it knows.
 */
final class FarVectors {

  private static final Logger LOG = LoggerFactory.getLogger(FarVectors.class);

  private final String model;
  private final Counter counter;
  private final AtomicBoolean told = new AtomicBoolean();

  FarVectors(String model, MeterRegistry registry) {
    this.model = model;
    counter =
        Counter.builder("llm4msr.far.vectors")
            .description("Requests with an item's vector that is far from those of the bundle")
            .tag("model", model)
            .register(registry);
  }

  /** Counts a request. */
  void count(RankAnswer answer) {
    VectorNorms norms = answer.ranker().vectorNorms(Level.ITEM);
    if (norms == null) {
      return;
    }
    for (RankItem item : answer.call().request().items()) {
      if (item.fields().get(RowVectors.COLUMN) instanceof List<?> vector) {
        check(vector, norms);
        return;
      }
    }
  }

  private void check(List<?> vector, VectorNorms norms) {
    double squares = 0;
    for (Object each : vector) {
      double number = each instanceof Number any ? any.doubleValue() : 0;
      squares += number * number;
    }
    String far = norms.warning(Math.sqrt(squares));
    if (far != null) {
      counter.increment();
      if (told.compareAndSet(false, true)) {
        LOG.warn(
            "A request to the model {} brings a vector in {}: {} llm4msr_far_vectors_total counts such requests.",
            model,
            RowVectors.COLUMN,
            far);
      }
    }
  }
}
