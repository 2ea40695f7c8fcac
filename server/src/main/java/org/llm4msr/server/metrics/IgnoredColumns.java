package org.llm4msr.server.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.llm4msr.runtime.data.rows.ValueCheck;
import org.llm4msr.server.ranking.RankAnswer;
import org.llm4msr.serving.ranker.RankItem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Columns that requests to a model bring and that it does not read. They may be meant for another
 * version, so they are no error; but a name with a slip of the pen is one of them, too.
 */
final class IgnoredColumns {

  /** So many names are told apart: clients choose them. */
  static final int MOST = 20;

  private static final Logger LOG = LoggerFactory.getLogger(IgnoredColumns.class);
  private static final String OTHERS = "others";
  private static final int LONGEST = 64;

  private final String model;
  private final MeterRegistry registry;
  private final ConcurrentMap<String, Counter> counters = new ConcurrentHashMap<>();

  IgnoredColumns(String model, MeterRegistry registry) {
    this.model = model;
    this.registry = registry;
  }

  /** Counts those of a request. */
  void count(RankAnswer answer) {
    ValueCheck check = answer.ranker().valueCheck();
    count(answer.call().request().context().keySet(), check);
    for (RankItem item : answer.call().request().items()) {
      count(item.fields().keySet(), check);
    }
  }

  private void count(Set<String> names, ValueCheck check) {
    for (String name : names) {
      if (check.column(name) == null) {
        counter(name).increment();
      }
    }
  }

  private Counter counter(String name) {
    Counter known = counters.get(name);
    if (known != null) {
      return known;
    }
    boolean own = counters.size() < MOST && name.length() <= LONGEST;
    return counters.computeIfAbsent(own ? name : OTHERS, this::begin);
  }

  private Counter begin(String name) {
    LOG.warn(
        "Requests bring the column '{}', which the model {} does not read. llm4msr_ignored_values_total counts it.",
        name.replaceAll("[\\p{Cntrl}\\s]", "?"),
        model);
    return Counter.builder("llm4msr.ignored.values")
        .description("Values that requests brought in columns that the model does not read")
        .tag("model", model)
        .tag("column", name)
        .register(registry);
  }
}
