package org.llm4msr.benchmarks;

import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.stream.IntStream;
import org.hipparchus.stat.descriptive.rank.Median;

/**
 * Lets contenders run in turn, one round each, so that other load on the machine affects all, and
 * prints medians and their ratios to the first contender's. A ratio is also taken in every round:
 * its range shows how far to trust the median. Beside much other load, trust the ratios of the
 * fastest steps and of processor time.
 */
final class Contest {

  private static final int ROUNDS = Integer.getInteger("rounds", 12);
  private static final int STEPS = Integer.getInteger("steps", 40);

  private Contest() {}

  static void run(List<Contender> contenders) {
    List<List<List<StepTime>>> rounds = new ArrayList<>();
    for (Contender contender : contenders) {
      contender.time(4 * STEPS);
      rounds.add(new ArrayList<>());
    }
    for (int round = 0; round < ROUNDS; round++) {
      for (int c = 0; c < contenders.size(); c++) {
        rounds.get(c).add(contenders.get(c).time(STEPS));
      }
    }
    System.out.printf(
        "medians of %d steps of %d rows, in %d rounds, on %s%n",
        ROUNDS * STEPS, Setup.BATCH, ROUNDS, Processor.name());
    for (int c = 0; c < contenders.size(); c++) {
      print(contenders.get(c).name(), rounds.get(c), rounds.get(0));
    }
  }

  private static void print(String name, List<List<StepTime>> rounds, List<List<StepTime>> base) {
    double wall = wall(all(rounds));
    System.out.printf(
        "%-40s %8.1f ms %9.0f rows/s, processor %8.1f ms",
        name, wall, Setup.BATCH / wall * 1000, processor(all(rounds)));
    if (rounds != base) {
      DoubleSummaryStatistics ratios =
          IntStream.range(0, ROUNDS)
              .mapToDouble(round -> wall(rounds.get(round)) / wall(base.get(round)))
              .summaryStatistics();
      System.out.printf(
          "; ratio %.2f (rounds %.2f to %.2f), of the fastest steps %.2f, processor %.2f",
          wall / wall(all(base)),
          ratios.getMin(),
          ratios.getMax(),
          least(all(rounds)) / least(all(base)),
          processor(all(rounds)) / processor(all(base)));
    }
    System.out.println();
  }

  private static List<StepTime> all(List<List<StepTime>> rounds) {
    return rounds.stream().flatMap(List::stream).toList();
  }

  private static double wall(List<StepTime> times) {
    return new Median().evaluate(times.stream().mapToDouble(StepTime::wall).toArray());
  }

  private static double least(List<StepTime> times) {
    return times.stream().mapToDouble(StepTime::wall).min().orElseThrow();
  }

  private static double processor(List<StepTime> times) {
    return times.stream().mapToDouble(StepTime::processor).average().orElseThrow();
  }
}
