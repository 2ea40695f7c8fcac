package org.llm4msr.runtime.assembly;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.llm4msr.runtime.calibration.Calibration;
import org.llm4msr.runtime.tables.Batch;

/**
 * A model that scores, and is not trained any further. {@link #score} is re-entrant: each call has
 * a workspace of its own, which later calls reuse, so there are as many as calls were ever under
 * way at once. On PyTorch, calls of several threads run at once; MXNet allows one thread only, so
 * there they wait for each other. Scores do not depend on what else is scored at the time. Made by
 * {@link ModelAssembly}.
 */
public final class InferenceModel implements AutoCloseable {

  private final AssembledModel assembled;
  private Calibration calibration = Calibration.NONE;

  /** Those that no call uses; the last one used comes first, since caches may still hold it. */
  private final ConcurrentLinkedDeque<PassWorkspace> idle = new ConcurrentLinkedDeque<>();

  InferenceModel(AssembledModel assembled) {
    this.assembled = assembled;
  }

  /**
   * Reads what was learned from the files of {@link ModelFiles}; before the first score.
   *
   * @param fitted turns logits into probabilities
   */
  public void read(Path folder, Calibration fitted) throws IOException {
    calibration = fitted;
    ModelFiles.read(assembled, folder);
    assembled.parameters().share();
  }

  /**
   * Scores a batch; on the calling thread where the engine allows it.
   *
   * @param batch not written to
   * @param probability of label 1; its first {@code batch.size} elements are filled
   * @throws org.llm4msr.api.MsrException {@code engine/INTERRUPTED} if the calling thread is
   *     interrupted before it begins
   */
  public void score(Batch batch, float[] probability) {
    assembled.engine().infer(() -> inWorkspace(batch, probability));
  }

  private void inWorkspace(Batch batch, float[] probability) {
    PassWorkspace last = idle.pollFirst();
    PassWorkspace workspace = last == null ? PassWorkspace.of(assembled) : last;
    try {
      workspace.predict(batch, probability);
      calibration.probabilities(batch.size, batch.scenario, probability, probability);
    } finally {
      idle.addFirst(workspace);
    }
  }

  /** Releases the model; after the last call has returned. */
  @Override
  public void close() {
    idle.clear();
    assembled.close();
  }
}
