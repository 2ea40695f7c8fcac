package org.llm4msr.tck.zoo;

import ai.djl.ndarray.NDArray;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.api.model.Sequence;

/** A flaw for each rule of models that read features. */
final class InputFlaws {

  private InputFlaws() {}

  static Map<String, Supplier<Flaw>> byRule() {
    Map<String, Supplier<Flaw>> flaws = new LinkedHashMap<>();
    flaws.put("INPUT-01", ReadsInSecret::new);
    flaws.put("INPUT-02", DeclaresInVain::new);
    flaws.put("INPUT-03", WantsOneWidth::new);
    Flaw changing = new ChangesItsMind();
    flaws.put("INPUT-04", () -> changing);
    flaws.put("SEQUENCE-01", DividesByTheEvents::new);
    flaws.put("SEQUENCE-02", DividesByTheLength::new);
    flaws.put("RECORD-01", ReadsValues::new);
    return flaws;
  }

  private static final class ReadsInSecret extends Flaw {
    @Override
    NDArray read(Features features, NDArray y) {
      return y.add(features.scenarioTable().sum());
    }
  }

  private static final class DeclaresInVain extends Flaw {
    @Override
    Set<ModelInput> inputs() {
      return Set.of(ModelInput.SCENARIO_EMBEDDING);
    }
  }

  private static final class WantsOneWidth extends Flaw {
    @Override
    void create(ModelContext context) {
      if (!context.layout().uniform()) {
        throw new IllegalArgumentException("fields differ");
      }
    }
  }

  /** Declares another input where it is asked often and no model is made. */
  private static final class ChangesItsMind extends Flaw {
    private int asked;

    @Override
    void create(ModelContext context) {
      asked = 0;
    }

    @Override
    Set<ModelInput> inputs() {
      return ++asked == 14 ? Set.of(ModelInput.SCENARIO_EMBEDDING) : Set.of();
    }
  }

  /** Adds the mean of all numbers of a row's events. */
  private abstract static class ReadsEvents extends Flaw {
    @Override
    Set<ModelInput> inputs() {
      return Set.of(ModelInput.SEQUENCES);
    }

    @Override
    NDArray read(Features features, NDArray y) {
      if (features.sequences().isEmpty()) {
        return y;
      }
      Sequence sequence = features.sequences().get(0);
      NDArray sum = sequence.vectors().sum(new int[] {2}).sum(new int[] {1});
      return y.add(mean(sum, sequence.mask()).reshape(y.getShape()));
    }

    abstract NDArray mean(NDArray sum, NDArray mask);
  }

  private static final class DividesByTheEvents extends ReadsEvents {
    @Override
    NDArray mean(NDArray sum, NDArray mask) {
      return sum.div(mask.sum(new int[] {1}));
    }
  }

  private static final class DividesByTheLength extends ReadsEvents {
    @Override
    NDArray mean(NDArray sum, NDArray mask) {
      return sum.div(mask.getShape().get(1));
    }
  }

  private static final class ReadsValues extends Flaw {
    @Override
    NDArray read(Features features, NDArray y) {
      float sum = features.flat().sum().getFloat();
      return y.add(features.flat().sum().sub(sum));
    }
  }
}
