package org.llm4msr.tck.zoo;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.api.model.Buffer;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Pass;
import org.llm4msr.tck.harness.TestEngines;

/** A flaw for each rule that all models keep. */
final class ModelFlaws {

  private static final AtomicInteger MODELS = new AtomicInteger();
  private static final Map<String, Integer> PLACES = new ConcurrentHashMap<>();

  private ModelFlaws() {}

  /** Spoils the result of a pass. */
  @FunctionalInterface
  interface Spoil {
    NDArray apply(Pass pass, NDArray x, NDArray y);
  }

  private static Supplier<Flaw> output(Spoil spoil) {
    return () ->
        new Flaw() {
          @Override
          NDArray output(Pass pass, NDArray x, NDArray y) {
            return spoil.apply(pass, x, y);
          }
        };
  }

  /** Adds something to the result if a condition on the pass holds. */
  private static Supplier<Flaw> where(java.util.function.Predicate<Pass> condition, float added) {
    return output((pass, x, y) -> condition.test(pass) ? y.add(added) : y);
  }

  static Map<String, Supplier<Flaw>> byRule() {
    Map<String, Supplier<Flaw>> flaws = new LinkedHashMap<>();
    flaws.put("RUN-01", OutOfOrder::new);
    flaws.put("MODEL-01", () -> new NeedsOfTheEngine(Set.of(), Set.of(EngineFeature.TOP_K)));
    flaws.put(
        "MODEL-02",
        output((pass, x, y) -> y.add(Flaw.perRow(x.exp().sum(new int[] {1}).mul(0), y))));
    flaws.put("MODEL-03", NeedsASecondScenario::new);
    flaws.put("MODEL-04", () -> new NeedsOfTheEngine(Set.of(EngineFeature.TOP_K), Set.of()));
    flaws.put("MODEL-10", where(pass -> rows(pass) == 1, 0.1f));
    flaws.put("MODEL-11", where(ModelFlaws::fallsFromFirstToLast, 0.1f));
    flaws.put("MODEL-12", where(ModelFlaws::hasOneOfManyScenarios, 0.1f));
    flaws.put("MODEL-13", where(ModelFlaws::lacksAScenario, Float.NaN));
    flaws.put("MODEL-14", where(ModelFlaws::hasALonelyRow, Float.NaN));
    flaws.put("MODEL-15", where(pass -> rows(pass) > 1000, 0.1f));
    flaws.put("MODEL-20", UnusedParameter::new);
    flaws.put("MODEL-21", CutInput::new);
    flaws.put("MODEL-22", output((pass, x, y) -> y.mul(0.5f).add(y.stopGradient().mul(0.5f))));
    flaws.put("MODEL-23", output(ModelFlaws::addVectorLoss));
    flaws.put("MODEL-24", CutsOneOfItsArrays::new);
    flaws.put("MODEL-30", HiddenState::new);
    flaws.put("MODEL-31", DependsOnInstance::new);
    flaws.put("MODEL-32", Drifts::new);
    flaws.put("MODEL-33", WritesInInference::new);
    flaws.put(
        "MODEL-34", TestEngines.tensors().isThreadSafe() ? SharesAField::new : BoundToAThread::new);
    flaws.put("MODEL-35", KeepsResults::new);
    flaws.put("MODEL-36", ChangingOrder::new);
    return flaws;
  }

  private static int rows(Pass pass) {
    return pass.scenarios().rows();
  }

  private static boolean fallsFromFirstToLast(Pass pass) {
    if (rows(pass) != 48) {
      return false;
    }
    int scenarios = pass.scenarios().groups();
    NDArray ranks =
        pass.manager().arange(scenarios).toType(ai.djl.ndarray.types.DataType.FLOAT32, true);
    float[] own = pass.scenarios().rowValues(ranks.reshape(new Shape(scenarios, 1))).toFloatArray();
    return own[0] > own[own.length - 1];
  }

  private static boolean hasOneOfManyScenarios(Pass pass) {
    return pass.scenarios().segments().size() == 1
        && pass.scenarios().groups() > 1
        && rows(pass) > 1;
  }

  private static boolean lacksAScenario(Pass pass) {
    return pass.training() && pass.scenarios().segments().size() < pass.scenarios().groups();
  }

  private static boolean hasALonelyRow(Pass pass) {
    return pass.training() && pass.scenarios().segments().stream().anyMatch(s -> s.rows() == 1);
  }

  private static NDArray addVectorLoss(Pass pass, NDArray x, NDArray y) {
    pass.addLoss("vector", y.mul(0.3f));
    return y;
  }

  static final class GivesProbabilities extends Flaw {
    @Override
    NDArray output(Pass pass, NDArray x, NDArray y) {
      return Activation.sigmoid(y);
    }
  }

  private static final class OutOfOrder extends Flaw {
    @Override
    NDArray output(Pass pass, NDArray x, NDArray y) {
      throw new IllegalStateException(ZooTest.OUT_OF_ORDER);
    }
  }

  private static final class NeedsASecondScenario extends Flaw {
    @Override
    void create(ModelContext context) {
      context.scenarios().get(1);
    }
  }

  private static final class UnusedParameter extends Flaw {
    @Override
    void create(ModelContext context) {
      context.parameter("unused", new Shape(2), Initializer.ones(), Decay.NO);
    }
  }

  private static final class CutInput extends Flaw {
    @Override
    NDArray input(Pass pass, NDArray x) {
      return x.stopGradient();
    }
  }

  /** Multiplies by a gate whose parameter gets half of its gradient. */
  private static final class CutsOneOfItsArrays extends Flaw {
    private Parameter gate;

    @Override
    void create(ModelContext context) {
      gate = context.parameter("gate", new Shape(1), Initializer.ones(), Decay.NO);
    }

    @Override
    NDArray input(Pass pass, NDArray x) {
      NDArray value = gate.array();
      return x.mul(value.mul(0.5f).add(value.stopGradient().mul(0.5f)));
    }
  }

  private static final class HiddenState extends Flaw {
    private int steps;

    @Override
    NDArray output(Pass pass, NDArray x, NDArray y) {
      if (pass.training()) {
        steps++;
        return y;
      }
      return y.add(0.1f * steps);
    }
  }

  private static final class DependsOnInstance extends Flaw {
    private final int number = MODELS.incrementAndGet();

    @Override
    NDArray output(Pass pass, NDArray x, NDArray y) {
      return pass.training() ? y.mul(1 + 0.01f * (number % 50)) : y;
    }
  }

  private static final class Drifts extends Flaw {
    private int calls;

    @Override
    NDArray output(Pass pass, NDArray x, NDArray y) {
      return pass.training() ? y : y.add(1e-6f * calls++);
    }
  }

  private static final class WritesInInference extends Flaw {
    private Buffer calls;

    @Override
    void create(ModelContext context) {
      calls = context.buffer("calls", new Shape(1), Initializer.zeros());
    }

    @Override
    NDArray output(Pass pass, NDArray x, NDArray y) {
      // Two threads that replace a buffer at the same time would crash in native code.
      if (!pass.training() && !inKitThread()) {
        calls.set(calls.array().add(1));
      }
      return y;
    }
  }

  private static final class SharesAField extends Flaw {
    private final Shared shared = new Shared();

    @Override
    NDArray output(Pass pass, NDArray x, NDArray y) {
      return shared.isAnothers() ? y.add(0.1f) : y;
    }
  }

  private static final class BoundToAThread extends Flaw {
    private @Nullable Thread first;

    @Override
    NDArray output(Pass pass, NDArray x, NDArray y) {
      Thread current = Thread.currentThread();
      if (inKitThread() && first == null) {
        first = current;
      }
      return inKitThread() && first != current ? y.add(0.1f) : y;
    }
  }

  private static final class KeepsResults extends Flaw {
    private Buffer anchor;

    @Override
    void create(ModelContext context) {
      anchor = context.buffer("anchor", new Shape(1), Initializer.zeros());
    }

    @Override
    NDArray output(Pass pass, NDArray x, NDArray y) {
      NDArray kept = y.stopGradient().duplicate();
      kept.attach(anchor.array().getManager());
      NDScope.unregister(kept);
      return y;
    }
  }

  private static final class ChangingOrder extends Flaw {
    private Parameter first;
    private Parameter second;

    @Override
    void create(ModelContext context) {
      String place = context.buffer("place", new Shape(1), Initializer.zeros()).name();
      boolean even = PLACES.merge(place, 1, Integer::sum) % 2 == 0;
      first = scalar(context, even ? "a" : "b");
      second = scalar(context, even ? "b" : "a");
    }

    private static Parameter scalar(ModelContext context, String name) {
      return context.parameter(name, new Shape(1), Initializer.zeros(), Decay.NO);
    }

    @Override
    NDArray input(Pass pass, NDArray x) {
      return x.add(first.array().add(second.array()));
    }
  }

  private static boolean inKitThread() {
    return Thread.currentThread().getName().startsWith("conformance-");
  }
}
