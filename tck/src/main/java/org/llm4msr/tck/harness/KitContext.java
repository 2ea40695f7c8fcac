package org.llm4msr.tck.harness;

import java.nio.file.Path;
import org.llm4msr.api.TensorService;
import org.llm4msr.api.data.DatasetContext;
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.api.knowledge.PromptContext;

/** The context of plugins that work on files in a test. */
public record KitContext(Path folder, Path scratch, long memoryBytes, int threads)
    implements DatasetContext, EncoderContext, PromptContext {

  private static final int THREADS = 2;

  public static KitContext files(Path base, Path scratch) {
    return new KitContext(base, scratch, 0, THREADS);
  }

  public static KitContext dataset(Path folder, Path scratch, long memoryBytes) {
    return new KitContext(folder, scratch, memoryBytes, THREADS);
  }

  @Override
  public Path base() {
    return folder;
  }

  @Override
  public TensorService tensors() {
    return TestEngines.tensors();
  }
}
