package org.llm4msr.tck.zoo;

import ai.djl.ndarray.NDArray;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.ModelInput;

/** A flaw for each rule of models that read features. */
final class InputFlaws {

  private InputFlaws() {}

  static Map<String, Supplier<Flaw>> byRule() {
    Map<String, Supplier<Flaw>> flaws = new LinkedHashMap<>();
    flaws.put("INPUT-01", ReadsInSecret::new);
    flaws.put("INPUT-02", DeclaresInVain::new);
    flaws.put("INPUT-03", WantsOneWidth::new);
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

  private static final class ReadsValues extends Flaw {
    @Override
    NDArray read(Features features, NDArray y) {
      float sum = features.flat().sum().getFloat();
      return y.add(features.flat().sum().sub(sum));
    }
  }
}
