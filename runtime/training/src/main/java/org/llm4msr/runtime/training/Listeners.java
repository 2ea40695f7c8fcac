package org.llm4msr.runtime.training;

import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * The listeners of one call of training, in the order in which they hear.
 *
 * @param metrics progress, and what writes lines that a checkpoint counts on
 * @param given by the user; an error names the one that failed
 * @param checkpoints writes the checkpoint, when all others are ready for it
 */
record Listeners(
    List<TrainingListener> metrics, List<TrainingListener> given, TrainingListener checkpoints) {

  Listeners {
    metrics = List.copyOf(metrics);
    given = List.copyOf(given);
  }

  void tell(Consumer<TrainingListener> event) {
    metrics.forEach(event);
    given.forEach(listener -> tell(listener, event));
    event.accept(checkpoints);
  }

  private static void tell(TrainingListener listener, Consumer<TrainingListener> event) {
    try {
      event.accept(listener);
    } catch (RuntimeException e) {
      throw new MsrException(
          ErrorType.PLUGIN,
          "training/LISTENER_FAILED",
          "The training listener %s failed: %s. Correct it or leave it out, and run it again: training resumes from the last checkpoint."
              .formatted(listener.getClass().getName(), e),
          e);
    }
  }

  /** Tells each of the user's, whatever another does; ours are closed by who opened them. */
  void ended(TrainingListener.Ending ending) {
    @Nullable RuntimeException failure = null;
    for (TrainingListener listener : given) {
      try {
        tell(listener, each -> each.ended(ending));
      } catch (MsrException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
