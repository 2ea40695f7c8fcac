package org.llm4msr.spark.extract;

import java.io.Serializable;
import java.util.List;
import java.util.Map;
import org.llm4msr.spark.home.LoadedRuntime;
import org.llm4msr.spark.home.RuntimePlace;
import scala.Function1;
import scala.collection.Iterator;

/**
 * Has the encoder of this process read one call, a partition of its own; the first loads it.
 *
 * @param runtime where the runtime is
 * @param settings what the encoder is loaded with; the same for all calls of a job
 */
record EncodeCall(RuntimePlace runtime, Map<String, Serializable> settings)
    implements Function1<Iterator<List<String>>, Object>, Serializable {

  @Override
  public Object apply(Iterator<List<String>> partition) {
    return LoadedRuntime.of(runtime).open("OpenEncoding", settings).apply(partition.next());
  }
}
