package org.llm4msr.api.data;

import java.io.IOException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.Stability;

/** Writes raw files in a published format from a stated model: any size, seeded. */
@FunctionalInterface
@Stability(level = Stability.Level.STABLE, since = "0.1")
public interface DatasetGenerator {

  /**
   * Writes the files into the folder of the context, and a file {@code GENERATED.json} that labels
   * them as generated and states the model, the seed and the known ground truth. Called once.
   *
   * @param progress counts interactions
   */
  void generate(Progress progress) throws IOException;
}
