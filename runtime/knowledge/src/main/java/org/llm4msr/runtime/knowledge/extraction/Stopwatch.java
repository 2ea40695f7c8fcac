package org.llm4msr.runtime.knowledge.extraction;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.runtime.knowledge.extraction.ExtractionPlan.Estimate;

/** Measures how long an encoder reads, by calls that grow up to the size of those of a filling. */
final class Stopwatch {

  /** After so long, no other call is made. */
  private static final double ENOUGH_SECONDS = 5;

  private static final int GROWTH = 4;

  private final KnowledgeEncoder encoder;
  private final LongSupplier ticker;

  private record Call(List<Planner.Drawn> prompts, double seconds) {}

  /**
   * Makes a stopwatch.
   *
   * @param ticker nanoseconds since some moment
   */
  Stopwatch(KnowledgeEncoder encoder, LongSupplier ticker) {
    this.encoder = encoder;
    this.ticker = ticker;
  }

  /**
   * Estimates the time of a plan by the largest calls, without the first of several.
   *
   * @param drawn prompts of those to read, at least one
   */
  Estimate time(ExtractionPlan plan, List<Planner.Drawn> drawn) {
    List<Call> calls = calls(drawn);
    int largest = calls.stream().mapToInt(call -> call.prompts().size()).max().orElseThrow();
    List<Call> full = calls.stream().filter(call -> call.prompts().size() == largest).toList();
    List<Call> warm = full.size() == 1 ? full : full.subList(1, full.size());
    List<Planner.Drawn> read = warm.stream().flatMap(call -> call.prompts().stream()).toList();
    double seconds = warm.stream().mapToDouble(Call::seconds).sum();
    long tokens = read.stream().mapToLong(Planner.Drawn::tokens).sum();
    double share =
        tokens > 0 ? (double) plan.tokens() / tokens : (double) plan.read() / read.size();
    return new Estimate(
        seconds * share, read.stream().map(Planner.Drawn::name).toList(), tokens, seconds);
  }

  private List<Call> calls(List<Planner.Drawn> drawn) {
    List<Call> calls = new ArrayList<>();
    long start = ticker.getAsLong();
    int size = 1;
    int from = 0;
    while (from < drawn.size() && (from == 0 || since(start) < ENOUGH_SECONDS)) {
      int to = Math.min(from + size, drawn.size());
      calls.add(call(drawn.subList(from, to)));
      from = to;
      size = Math.min(size * GROWTH, Filling.CALL);
    }
    return calls;
  }

  private Call call(List<Planner.Drawn> prompts) {
    long start = ticker.getAsLong();
    encoder.encode(prompts.stream().map(Planner.Drawn::text).toList());
    return new Call(prompts, since(start));
  }

  private double since(long start) {
    return (ticker.getAsLong() - start) / 1e9;
  }
}
