package org.llm4msr.tck;

import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.PluginFactory;
import org.llm4msr.runtime.engine.EngineFeatures;
import org.llm4msr.tck.harness.FeatureUse;
import org.llm4msr.tck.harness.Finding;
import org.llm4msr.tck.harness.ModelData;
import org.llm4msr.tck.harness.ModelHarness;
import org.llm4msr.tck.harness.TestBatch;
import org.llm4msr.tck.harness.TestEngines;
import org.llm4msr.tck.harness.TestPass;
import org.llm4msr.tck.rule.RequirementLevel;
import org.llm4msr.tck.rule.Rule;
import org.llm4msr.tck.rule.RuleInfo;

/**
 * The rules of all plugins that compute: backbones, fusion heads, meta networks. They run on the
 * engine of {@link TestEngines}; run them once per engine, each time in a JVM of its own.
 *
 * @param <F> the factory type of the kind
 */
@Tag("engine")
public abstract class ModelConformance<F extends PluginFactory<?>> extends TrainingConformance<F> {

  ModelConformance(@SuppressWarnings("rawtypes") Class<? extends PluginFactory> service) {
    super(service);
  }

  @Override
  boolean runsWithout(RuleInfo rule, Set<EngineFeature> lacking) {
    return super.runsWithout(rule, lacking)
        || (rule.id().equals("MODEL-04") && FeatureUse.visible().containsAll(lacking));
  }

  @Override
  Optional<String> excuse(RuleInfo rule) {
    if (hasAll() || rule.id().equals("MODEL-01") || rule.id().startsWith("PLUGIN-")) {
      return Optional.empty();
    }
    try {
      return FeatureUse.missing(this::inferAndTrain)
          .map(use -> "%s lacks %s; MODEL-01 tests that".formatted(TestEngines.name(), use));
    } catch (RuntimeException e) {
      return Optional.empty(); // The rule itself finds what keeps the model from running.
    }
  }

  @Override
  final boolean dependsOnTheEngine(RuleInfo rule) {
    return !rule.id().startsWith("PLUGIN-");
  }

  /** Returns whether the engine of this run has all features that a supported engine may have. */
  private static boolean hasAll() {
    return EngineFeatures.of(TestEngines.name()).containsAll(FeatureUse.visible());
  }

  @Override
  final void use() {
    inferAndTrain();
  }

  private void inferAndTrain() {
    try (ModelHarness model = model(ModelData.EVEN)) {
      model.infer(batch());
      model.train(batch(), factors(batch()));
    }
  }

  @Rule(
      id = "MODEL-01",
      says = "uses no feature of the engine that it does not declare",
      checkFirst = {
        "gather needs GATHER, scatter and put need SCATTER, topK needs TOP_K; an NDIndex with"
            + " addPickDim gathers as well",
        "other operations that MXNet lacks have no feature: matMul in place of batchMatMul, concat"
            + " with zeros in place of pad"
      })
  final void declaresWhatItUses() {
    if (hasAll()) {
      Set<EngineFeature> undeclared = FeatureUse.traced(this::inferAndTrain);
      undeclared.removeAll(declaredFeatures());
      Finding.unless(
          undeclared.isEmpty(),
          "engineFeatures(config) with " + undeclared,
          "it returns " + declaredFeatures());
    } else {
      FeatureUse.missing(this::inferAndTrain)
          .ifPresent(
              use -> {
                throw new Finding(
                    "operations that " + TestEngines.name() + " has, or engineFeatures(config)",
                    use + ", and engineFeatures(config) returns " + declaredFeatures());
              });
    }
  }

  @Rule(
      id = "MODEL-02",
      says = "gives finite numbers where inputs and knowledge are large",
      checkFirst = {
        "exp, log, division or sqrt without a bound: use softmax(-1), softPlus, add an epsilon",
        "a variance over one row is not a number"
      })
  final void isFinite() {
    TestBatch large = batch().scaled(30).knowledgeScaled(30);
    try (ModelHarness model = model(ModelData.EVEN)) {
      Finding.unlessFinite("logits", model.infer(large));
      Finding.unlessFinite("logits in training", model.train(large, factors(large)).logits());
    }
  }

  @Rule(
      id = "MODEL-03",
      says = "works with a single scenario in the data",
      checkFirst = {
        "split into one part is not allowed: ScenarioRouter and Gate take care of it",
        "loops over pairs of scenarios find none"
      })
  final void worksWithOneScenario() {
    TestBatch batch = ModelData.batch(ModelData.ONE_SCENARIO);
    try (ModelHarness model = model(ModelData.ONE_SCENARIO)) {
      Finding.unlessFinite("logits", model.infer(batch));
      Finding.unlessFinite("logits in training", model.train(batch, factors(batch)).logits());
    }
  }

  @Rule(
      id = "MODEL-04",
      level = RequirementLevel.SHOULD,
      says = "declares no engine feature that it can do without",
      checkFirst = {
        "engineFeatures(config) answers from the configuration: a feature that only some"
            + " settings need is declared for those settings only",
        "each feature declared excludes the engines that lack it"
      })
  final void namesNothingInVain() {
    Set<EngineFeature> inVain = EnumSet.noneOf(EngineFeature.class);
    inVain.addAll(declaredFeatures());
    inVain.retainAll(FeatureUse.visible());
    if (inVain.isEmpty()) {
      return;
    }
    if (hasAll()) {
      inVain.removeAll(FeatureUse.traced(this::inferAndTrain));
    } else if (FeatureUse.missing(this::inferAndTrain).isPresent()) {
      return; // Features that it would lack next cannot be observed.
    }
    Finding.unless(inVain.isEmpty(), "features that are used", inVain + ", which nothing uses");
  }

  /** The result of a row depends on that row only. */
  @Nested
  class Rows {

    @Rule(
        id = "MODEL-10",
        says = "gives a row alone the logit that it gets in a batch",
        checkFirst = {
          "squeeze() without an axis also drops a batch axis of length 1",
          "statistics over the batch belong to training: use running ones in inference"
        })
    final void rowsAreIndependent() {
      try (ModelHarness model = model(ModelData.EVEN)) {
        float[] together = model.infer(batch());
        for (int row = 0; row < together.length; row += 5) {
          float[] alone = model.infer(batch().rows(row));
          Finding.unlessEqual("logits of row " + row + " alone", 1, alone.length);
          Finding.unlessClose("logit of row " + row + " alone", together[row], alone[0]);
        }
      }
    }

    @Rule(
        id = "MODEL-11",
        says = "gives rows their logits whatever order they come in",
        checkFirst = {
          "grouping.order(x) needs grouping.restore(y) at the end",
          "blocks().ofRows(x) needs blocks().toRows(y) of the same grouping"
        })
    final void orderDoesNotMatter() {
      try (ModelHarness model = model(ModelData.EVEN)) {
        float[] forward = model.infer(batch());
        int rows = forward.length;
        int[] reversed = IntStream.range(0, rows).map(i -> rows - 1 - i).toArray();
        float[] backward = model.infer(batch().rows(reversed));
        for (int row = 0; row < rows; row++) {
          Finding.unlessClose(
              "logit of row " + row + " in reversed order", forward[row], backward[rows - 1 - row]);
        }
      }
    }

    @Rule(
        id = "MODEL-12",
        says = "gives the rows of one scenario the logits that they get among others",
        checkFirst = {
          "with one segment there is nothing to split: ScenarioRouter takes care of it",
          "groups are ranks of scenarios, not places in segments()"
        })
    final void aBatchOfOneScenarioIsTheSame() {
      try (ModelHarness model = model(ModelData.EVEN)) {
        float[] together = model.infer(batch());
        for (int scenario = 0; scenario < ModelData.SCENARIOS; scenario++) {
          int only = scenario;
          float[] alone = model.infer(batch().ofScenarios(s -> s == only));
          int next = 0;
          for (int row = 0; row < together.length; row++) {
            if (batch().scenario()[row] == scenario) {
              String description = "logit of row " + row + " among scenario " + scenario;
              Finding.unlessClose(description, together[row], alone[next++]);
            }
          }
        }
      }
    }

    @Rule(
        id = "MODEL-13",
        says = "trains on a batch in which a scenario has no rows",
        checkFirst = {
          "segments() leaves empty scenarios out: never take a mean over no rows",
          "groups() counts all scenarios, segments() those with rows"
        })
    final void aScenarioMayHaveNoRows() {
      staysFinite(batch().ofScenarios(s -> s != 1));
    }

    @Rule(
        id = "MODEL-14",
        says = "trains on a batch in which a scenario has one row",
        checkFirst = {
          "one row has no variance: PartitionedNorm and BatchNorm use running statistics then",
          "the engine's own batch normalisation makes the running variance NaN"
        })
    final void aScenarioMayHaveOneRow() {
      int single =
          IntStream.range(0, batch().rows()).filter(r -> is(r, 1)).findFirst().orElseThrow();
      staysFinite(
          batch()
              .rows(
                  IntStream.range(0, batch().rows())
                      .filter(row -> row == single || !is(row, 1))
                      .toArray()));
    }

    private boolean is(int row, int scenario) {
      return batch().scenario()[row] == scenario;
    }

    private void staysFinite(TestBatch batch) {
      try (ModelHarness model = model(ModelData.EVEN)) {
        TestPass pass = model.train(batch, factors(batch));
        Finding.unlessFinite("logits", pass.logits());
        pass.gradients().forEach((name, g) -> Finding.unlessFinite("gradient of " + name, g));
        model
            .store()
            .bufferValues()
            .forEach((name, values) -> Finding.unlessFinite("buffer " + name, values));
        Finding.unlessFinite("logits afterwards", model.infer(batch()));
      }
    }

    @Rule(
        id = "MODEL-15",
        says = "gives rows of a large batch the logits that they get in small ones",
        checkFirst = {
          "many rows per group are handled differently from few: GroupedRows knows both",
          "counts of users or blocks that were fixed at creation"
        })
    @Tag("slow")
    final void sizeDoesNotMatter() {
      TestBatch large = ModelData.batch(ModelData.EVEN, 3000, 700);
      try (ModelHarness model = model(ModelData.EVEN)) {
        float[] together = model.infer(large);
        for (int from = 0; from + 7 < large.rows(); from += 211) {
          float[] few = model.infer(large.rows(IntStream.range(from, from + 7).toArray()));
          for (int i = 0; i < few.length; i++) {
            Finding.unlessClose("logit of row " + (from + i), together[from + i], few[i]);
          }
        }
      }
    }
  }

  /** What lets a model leave the engine. */
  @Nested
  class Recording {

    @Rule(
        id = "RECORD-01",
        level = RequirementLevel.SHOULD,
        says = "can be compiled: does outside training what a graph of operations can",
        checkFirst = {
          "no value of an array is read in Java, and no branch depends on one",
          "sizes are constants or multiples of the rows, whatever these are above twice the scenarios",
          "columns are cut by split(indices, axis), not by an index; docs/plugins/backbone.md lists"
              + " the operations that can be recorded"
        })
    final void canBeRecorded() {
      try (ModelHarness model = parts(ModelData.EVEN).create()) {
        for (int scenario = 0; scenario < batch().scenarioTable().length; scenario++) {
          model.record(batch(), scenario);
        }
      } catch (MsrException e) {
        throw new Finding("a graph", e);
      }
    }
  }
}
