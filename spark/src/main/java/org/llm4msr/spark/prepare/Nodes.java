package org.llm4msr.spark.prepare;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.llm4msr.spark.home.LoadedRuntime;
import org.llm4msr.spark.home.RuntimePlace;
import org.llm4msr.spark.home.ShippedFolder;

/**
 * What every process of a job knows.
 *
 * @param runtime where the runtime is
 * @param plugins folders with plugins
 * @param memory bytes of a database of a task
 */
record Nodes(RuntimePlace runtime, List<String> plugins, Staging staging, long memory)
    implements Serializable {

  /** Returns what reads pieces in this process; the first task opens it. */
  Function<Object, Object> reading(ShippedFolder plan, String folder) {
    Map<String, Serializable> settings = new HashMap<>();
    settings.put("plan", plan.path().toString());
    settings.put("folder", folder);
    settings.put("plugins", new ArrayList<>(plugins));
    settings.put("memory", memory);
    return LoadedRuntime.of(runtime).open("OpenReading", settings);
  }

  /** Calls a function of the runtime. */
  Map<?, ?> call(String name, Map<String, Object> settings) {
    return (Map<?, ?>) LoadedRuntime.of(runtime).call(name, settings);
  }
}
