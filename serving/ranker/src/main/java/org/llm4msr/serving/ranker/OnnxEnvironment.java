package org.llm4msr.serving.ranker;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtLoggingLevel;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The environment of ONNX Runtime, kept until the process is gone. A hook of its library releases
 * it as soon as the process is told to end, while another thread may still load a graph, which then
 * uses what is freed: the process crashes in place of ending. The environment is counted, and one
 * more count, which nothing takes back, keeps it.
 */
final class OnnxEnvironment {

  private static final Logger LOG = LoggerFactory.getLogger(OnnxEnvironment.class);
  private static final OrtEnvironment ENVIRONMENT = kept();

  private OnnxEnvironment() {}

  /** Returns the only one of this process. */
  static OrtEnvironment get() {
    return ENVIRONMENT;
  }

  private static OrtEnvironment kept() {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try {
      Field api = Class.forName("ai.onnxruntime.OnnxRuntime").getDeclaredField("ortApiHandle");
      api.setAccessible(true);
      Method count =
          OrtEnvironment.class.getDeclaredMethod(
              "createHandle", long.class, int.class, String.class);
      count.setAccessible(true);
      int level = OrtLoggingLevel.ORT_LOGGING_LEVEL_WARNING.getValue();
      Object unused = count.invoke(null, api.getLong(null), level, "llm4msr");
    } catch (ReflectiveOperationException | RuntimeException e) {
      LOG.debug("A process that is told to end while it loads a graph may crash.", e);
    }
    return environment;
  }
}
