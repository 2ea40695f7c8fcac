package org.llm4msr.runtime.knowledge.extraction;

import java.util.List;
import java.util.function.LongSupplier;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A plan, and some of the prompts to read, by which an encoder is timed. */
public final class DrawnPlan {

  private static final Logger LOG = LoggerFactory.getLogger(DrawnPlan.class);

  private final ExtractionPlan plan;
  private final List<Planner.Drawn> drawn;

  DrawnPlan(ExtractionPlan plan, List<Planner.Drawn> drawn) {
    this.plan = plan;
    this.drawn = drawn;
  }

  /** Returns the plan, without a time. */
  public ExtractionPlan plan() {
    return plan;
  }

  /**
   * Returns the plan with the time of an encoder, which reads at most 512 prompts for it; without a
   * time, and with a warning, if it refuses one.
   */
  public ExtractionPlan timed(KnowledgeEncoder encoder) {
    return timed(encoder, System::nanoTime);
  }

  ExtractionPlan timed(KnowledgeEncoder encoder, LongSupplier ticker) {
    try {
      return plan.with(new Stopwatch(encoder, ticker).time(plan, drawn));
    } catch (MsrException e) {
      if (e.retryable()) {
        throw e;
      }
      LOG.warn("The time could not be measured: {}", e.getMessage());
      return plan;
    }
  }
}
