package org.llm4msr.tck;

import ai.djl.ndarray.types.DataType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.llm4msr.api.PluginFactory;
import org.llm4msr.runtime.model.DenseParameter;
import org.llm4msr.runtime.model.ModelShape;
import org.llm4msr.runtime.model.ParameterSnapshot;
import org.llm4msr.tck.code.NumberProducts;
import org.llm4msr.tck.harness.Finding;
import org.llm4msr.tck.harness.ModelData;
import org.llm4msr.tck.harness.ModelHarness;
import org.llm4msr.tck.harness.TestBatch;
import org.llm4msr.tck.harness.TestEngines;
import org.llm4msr.tck.harness.TestPass;
import org.llm4msr.tck.harness.TestSeed;
import org.llm4msr.tck.harness.TwoThreads;
import org.llm4msr.tck.rule.RequirementLevel;
import org.llm4msr.tck.rule.Rule;

/**
 * The rules of gradients and state, and the model that all rules of {@link ModelConformance} use.
 */
abstract class TrainingConformance<F extends PluginFactory<?>> extends PluginConformance<F> {

  /**
   * How far parameters are moved from their initial values, many of which are zero or symmetric.
   */
  private static final double SPREAD = 0.1;

  /** How far the input of a row is moved to find out whether its logit is flat there. */
  private static final double STEP = 1e-3;

  TrainingConformance(@SuppressWarnings("rawtypes") Class<? extends PluginFactory> service) {
    super(service);
  }

  /** Returns a whole model with the plugin as a part, over data of this shape. */
  abstract ModelHarness.Parts parts(ModelShape shape);

  /** Makes the model with parameters in general position, the same for the same seed. */
  final ModelHarness model(ModelShape shape) {
    return moved(parts(shape).seed(TestSeed.value()).create());
  }

  /** Moves parameters into general position. */
  static ModelHarness moved(ModelHarness model) {
    SplittableRandom random = new SplittableRandom(TestSeed.value());
    for (DenseParameter parameter : model.store().parameters()) {
      var values = parameter.values();
      for (int i = 0; i < parameter.size(); i++) {
        values.put(i, (float) (values.get(i) + random.nextGaussian() * SPREAD));
      }
    }
    model.store().push();
    return model;
  }

  /** Multiplies all parameters by a factor. */
  static void scale(ModelHarness model, float factor) {
    for (DenseParameter parameter : model.store().parameters()) {
      var values = parameter.values();
      for (int i = 0; i < parameter.size(); i++) {
        values.put(i, factor * values.get(i));
      }
    }
    model.store().push();
  }

  static TestBatch batch() {
    return ModelData.batch(ModelData.EVEN);
  }

  static float[] factors(TestBatch batch) {
    return ModelData.factors(batch);
  }

  /** Training reaches every parameter. */
  @Nested
  class Gradients {

    @Rule(
        id = "MODEL-20",
        says = "lets a gradient reach every parameter that it creates",
        checkFirst = {
          "a parameter that is created and never used",
          "stopGradient, or a value that left the graph through toFloatArray",
          "a part that only some scenarios or steps use: all of them are tried here"
        })
    final void everyParameterIsReached() {
      List<String> unreached = new ArrayList<>();
      try (ModelHarness model = model(ModelData.EVEN)) {
        model.store().parameters().forEach(parameter -> unreached.add(parameter.name()));
        unreached.removeIf(TrainingConformance.this::mayBeUnused);
        for (int step = 0; step < 4 && !unreached.isEmpty(); step++) {
          Map<String, float[]> gradients = model.train(batch(), factors(batch())).gradients();
          unreached.removeIf(name -> reaches(gradients.get(name)));
        }
      }
      Finding.unless(unreached.isEmpty(), "a gradient for all", "none for " + unreached);
    }

    @Rule(
        id = "MODEL-21",
        says = "lets a gradient reach every row of the input, unless its logit is flat there",
        checkFirst = {
          "the embedding tables learn from this gradient alone",
          "stopGradient, toFloatArray, or a new array made from values"
        })
    final void theInputIsReached() {
      try (ModelHarness model = model(ModelData.EVEN)) {
        ParameterSnapshot start = model.store().snapshot();
        TestPass pass = model.train(batch(), factors(batch()));
        int width = ModelData.EVEN.layout().width();
        boolean anyReached = false;
        for (int row = 0; row < batch().rows(); row++) {
          float[] own = Arrays.copyOfRange(pass.inputGradient(), row * width, (row + 1) * width);
          boolean reached = reaches(own);
          Finding.unless(
              reached || isFlat(model, start, row, pass.logits()[row]),
              "a gradient for the input of row " + row + ", with which its logit moves",
              "zeros");
          anyReached |= reached;
        }
        Finding.unless(anyReached, "a gradient for the input of some row", "zeros for all");
      }
    }

    /**
     * Returns whether a logit does not change when the input of its row moves one way or the other:
     * a row whose units are all dead may be near the kink of one.
     */
    private boolean isFlat(ModelHarness model, ParameterSnapshot start, int row, float logit) {
      for (double step : new double[] {STEP, -STEP}) {
        model.store().restore(start);
        model.rewind();
        TestPass moved = model.train(batch().inputMoved(row, step), factors(batch()));
        if (moved.logits()[row] == logit) {
          return true;
        }
      }
      return false;
    }

    @Rule(
        id = "MODEL-22",
        says = "has the gradient that differences of its loss show",
        checkFirst = {
          "stopGradient on a part of what the logit depends on",
          "values that leave the graph (toFloatArray) and come back"
        })
    final void theGradientIsRight() {
      try (ModelHarness model = model(ModelData.EVEN)) {
        new GradientCheck(model, batch(), factors(batch())).ofAll();
      }
    }

    @Rule(
        id = "MODEL-23",
        says = "adds to the loss finite float32 scalars only",
        checkFirst = {
          "sum() or mean() before pass.addLoss",
          "a double factor makes float64 of some operations: toType(FLOAT32, false)"
        })
    final void lossTermsAreScalars() {
      try (ModelHarness model = model(ModelData.EVEN)) {
        for (TestPass.Loss loss : model.train(batch(), factors(batch())).losses()) {
          Finding.unlessEqual("values in the term " + loss.name(), 1, loss.values().length);
          Finding.unlessEqual("type of the term " + loss.name(), DataType.FLOAT32, loss.type());
          Finding.unlessFinite("loss term " + loss.name(), loss.values());
        }
      }
    }

    @Rule(
        id = "MODEL-24",
        level = RequirementLevel.SHOULD,
        says = "has that gradient for each array of parameters by itself",
        checkFirst = {
          "stopGradient on what one part reads, such as a gate: the others' gradient hides it",
          "a published model that cuts a gradient on purpose waives this rule and says where"
        })
    final void theGradientOfEachArrayIsRight() {
      try (ModelHarness model = model(ModelData.EVEN)) {
        new GradientCheck(model, batch(), factors(batch())).ofEach();
      }
    }

    @Rule(
        id = "MODEL-25",
        level = RequirementLevel.SHOULD,
        says = "multiplies arrays by numbers with toolkit.model.Scale",
        checkFirst = {
          "DJL's mul, div and pow with a number release it before PyTorch's backward pass reads it:"
              + " the gradient is occasionally wrong, and no test shows it",
          "where no gradient passes they are safe, and Scale.by is as well"
        })
    final void numbersOutliveTheForwardPass() {
      Set<String> places = NumberProducts.reachedFrom(factory().getClass());
      Finding.unless(
          places.isEmpty(), "no NDArray.mul(Number), div(Number) or pow(Number)", places);
    }
  }

  /** Returns whether some element of a gradient is not zero. */
  static boolean reaches(float @Nullable [] gradient) {
    if (gradient == null) {
      return false;
    }
    Finding.unlessFinite("gradient", gradient);
    for (float value : gradient) {
      if (value != 0) {
        return true;
      }
    }
    return false;
  }

  /** Returns whether a parameter of another part may be unused through no fault of the plugin. */
  boolean mayBeUnused(String parameter) {
    return false;
  }

  /** The state of a model is in its parameters and buffers, and nowhere else. */
  @Nested
  class State {

    @Rule(
        id = "MODEL-30",
        says = "computes the same after saving and loading",
        checkFirst = {
          "state in a Java field: make it a parameter or a buffer",
          "arrays fetched once in the constructor: call array() in every pass",
          "values drawn by the plugin itself in place of an Initializer"
        })
    final void survivesSaving() {
      ParameterSnapshot saved;
      float[] before;
      try (ModelHarness model = model(ModelData.EVEN)) {
        trainTwice(model);
        saved = model.store().snapshot();
        before = model.infer(batch());
      }
      try (ModelHarness loaded = parts(ModelData.EVEN).seed(TestSeed.value() + 1).create()) {
        loaded.store().restore(saved);
        Finding.unlessSame("logits after loading", before, loaded.infer(batch()));
      }
    }

    @Rule(
        id = "MODEL-31",
        says = "trains and computes the same from the same seed",
        checkFirst = {
          "java.util.Random, Math.random, the clock, hash order, static counters",
          "dropout or noise other than by pass.dropoutMask, Dropout or GroupedRows.dropout"
        })
    final void repeatsFromASeed() {
      Map<String, float[]> first = run();
      Map<String, float[]> second = run();
      first.forEach(
          (array, values) ->
              Finding.unlessSame(
                  array + " in the second run", values, second.getOrDefault(array, new float[0])));
    }

    private Map<String, float[]> run() {
      Map<String, float[]> results = new TreeMap<>();
      try (ModelHarness model = model(ModelData.EVEN)) {
        for (int step = 0; step < 2; step++) {
          TestPass pass = model.train(batch(), factors(batch()));
          String at = " at step " + step;
          results.put("logits" + at, pass.logits());
          pass.gradients().forEach((name, g) -> results.put("gradient of " + name + at, g));
        }
        results.put("logits outside training", model.infer(batch()));
      }
      return results;
    }

    @Rule(
        id = "MODEL-32",
        says = "computes the same at every call outside training",
        checkFirst = {
          "dropout or noise that does not look at pass.training()",
          "caches that the first call fills"
        })
    final void inferenceRepeats() {
      try (ModelHarness model = model(ModelData.EVEN)) {
        trainTwice(model);
        float[] first = model.infer(batch());
        Finding.unlessSame("logits at the second call", first, model.infer(batch()));
      }
    }

    @Rule(
        id = "MODEL-33",
        says = "changes no parameter and no buffer outside training",
        checkFirst = {"buffer.set only where pass.training()", "in-place operations such as addi"})
    final void inferenceChangesNothing() {
      try (ModelHarness model = model(ModelData.EVEN)) {
        ParameterSnapshot before = model.store().snapshot();
        model.infer(batch());
        ParameterSnapshot after = model.store().snapshot();
        for (String name : before.names()) {
          int size = sizeOf(model, name);
          Finding.unlessSame(name, before.values(name, size), after.values(name, size));
        }
      }
    }

    private int sizeOf(ModelHarness model, String name) {
      return model.store().parameters().stream()
          .filter(parameter -> parameter.name().equals(name))
          .map(DenseParameter::size)
          .findFirst()
          .orElseGet(
              () ->
                  model.store().buffers().stream()
                      .filter(buffer -> buffer.name().equals(name))
                      .mapToInt(buffer -> Math.toIntExact(buffer.shape().size()))
                      .findFirst()
                      .orElseThrow());
    }

    @Rule(
        id = "MODEL-34",
        says =
            "may be called by two threads outside training: at once if the engine allows it,"
                + " else in turn",
        checkFirst = {"intermediate results in fields: keep them in local variables"})
    final void inferenceIsReentrant() throws InterruptedException {
      try (ModelHarness model = model(ModelData.EVEN)) {
        TestBatch other = batch().scaled(0.5f);
        List<TestBatch> batches = List.of(batch(), other);
        List<float[]> alone = batches.stream().map(model::infer).toList();
        TwoThreads.Work work =
            (thread, round) -> {
              float[] beside = model.infer(batches.get(thread));
              for (int row = 0; row < beside.length; row++) {
                Finding.unlessClose(
                    "logit of row " + row + " beside another thread",
                    alone.get(thread)[row],
                    beside[row]);
              }
            };
        boolean atOnce = TestEngines.tensors().isThreadSafe();
        new TwoThreads(4, atOnce ? work : work.inTurn()).run();
      }
    }

    @Rule(
        id = "MODEL-35",
        says = "keeps no array of one pass for the next",
        checkFirst = {
          "arrays created in a pass belong to pass.manager(), which is closed when it ends",
          "index arrays or masks in fields: create them again in each pass, or as a buffer"
        })
    final void keepsNoTemporaries() {
      try (ModelHarness model = model(ModelData.EVEN)) {
        trainTwice(model);
        model.infer(batch());
        int before = model.openArrays();
        for (int pass = 0; pass < 3; pass++) {
          model.infer(batch());
          model.train(batch(), factors(batch()));
        }
        Finding.unlessEqual("open arrays after further passes", before, model.openArrays());
      }
    }

    @Rule(
        id = "MODEL-36",
        says = "gives its parameters the same names and shapes whenever it is created",
        checkFirst = {
          "names built from counters, hash codes or the clock",
          "checkpoints find parameters by these names"
        })
    final void namesAreStable() {
      Finding.unlessEqual("names and shapes of the second model", names(), names());
    }

    private List<String> names() {
      try (ModelHarness model = parts(ModelData.EVEN).create()) {
        return model.store().parameters().stream().map(p -> p.name() + " " + p.shape()).toList();
      }
    }

    private void trainTwice(ModelHarness model) {
      model.train(batch(), factors(batch()));
      model.train(batch(), factors(batch()));
    }
  }
}
