package org.llm4msr.spark.score;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.llm4msr.spark.home.LoadedRuntime;
import org.llm4msr.spark.home.RuntimePlace;
import org.llm4msr.spark.home.ShippedFolder;

/**
 * The model of a job, as every process can load it.
 *
 * @param runtime where the runtime is
 * @param knowledge the vectors of new items, or null
 */
record ScoreModel(
    RuntimePlace runtime,
    ShippedFolder bundle,
    @Nullable ShippedFolder knowledge,
    List<String> overrides,
    List<String> plugins,
    String listSeparator)
    implements Serializable {

  /** Returns what scores in this process; the first task loads it. */
  Function<Object, Object> open() {
    return LoadedRuntime.of(runtime).open("OpenScoring", settings());
  }

  /**
   * Checks the job without loading the model.
   *
   * @param rows their columns
   * @return what the runtime tells of the bundle
   */
  Map<?, ?> describe(ScoreRequest request, List<String> rows) {
    Map<String, Object> settings = new HashMap<>(settings());
    settings.put("source", request.in());
    settings.put("columns", rows);
    settings.put("keep", request.keep());
    settings.put("own", ScoreColumns.own(request.skip()));
    return (Map<?, ?>) LoadedRuntime.of(runtime).call("DescribeScoring", settings);
  }

  private Map<String, Serializable> settings() {
    Map<String, Serializable> settings = new HashMap<>();
    settings.put("bundle", bundle.path().toString());
    if (knowledge != null) {
      settings.put("knowledge", knowledge.path().toString());
    }
    settings.put("overrides", new ArrayList<>(overrides));
    settings.put("plugins", new ArrayList<>(plugins));
    settings.put("listSeparator", listSeparator);
    return settings;
  }
}
