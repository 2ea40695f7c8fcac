package org.llm4msr.serving.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtEngineProvider;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** What cannot be recorded is named with what to write in its place, and nothing is written. */
class RefusalTest {

  private static final Sizes SIZES = Sizes.above(4);

  private final NDManager engine = new PtEngineProvider().getEngine().newBaseManager();

  @AfterEach
  void close() {
    engine.close();
  }

  private interface Pass extends BiFunction<NDManager, NDArray, NDArray> {}

  private OnnxModel graph(Pass pass) {
    Recorder first = new Recorder(engine);
    Recorder second = new Recorder(engine);
    NDArray one = first.input("rows", engine.ones(new Shape(SIZES.first(), 3)));
    NDArray other = second.input("rows", engine.ones(new Shape(SIZES.second(), 3)));
    Value input = first.value(one);
    Value result = first.value(pass.apply(first.manager(), one));
    second.value(pass.apply(second.manager(), other));
    return new Translation(second.values(), SIZES)
        .write(Map.of("rows", input), Map.of("result", result));
  }

  private void assertRefused(Pass pass, String reason, String wayOut) {
    assertThatThrownBy(() -> graph(pass))
        .isInstanceOfSatisfying(
            MsrException.class,
            e -> {
              assertThat(e.type()).isEqualTo(ErrorType.PLUGIN);
              assertThat(e.code()).isEqualTo("compile/NOT_RECORDED");
            })
        .hasMessageContaining(reason)
        .hasMessageContaining("cannot be compiled; `score`")
        .hasMessageEndingWith(" run it as before. " + wayOut);
  }

  @Test
  void recordsWhatItKnows() {
    assertThat(graph((manager, x) -> x.mul(manager.create(2f)).sum(new int[] {1})).toBytes())
        .isNotEmpty();
  }

  @Test
  void refusesAnOperationWithoutCounterpart() {
    assertRefused(
        (manager, x) -> x.cumSum(0),
        "uses the operation cumSum, which has no counterpart in ONNX",
        "Use one that docs/plugins/backbone.md, What can be compiled, lists.");
  }

  @Test
  void refusesToCutAnotherAxisByAnIndexWhichSplitDoes() {
    assertRefused(
        (manager, x) -> x.get(":, 0:2"),
        "uses the operation get, with an index that is no range of the first axis: :, 0:2.",
        "Use split(indices, axis), which cuts along any axis.");
    assertThat(graph((manager, x) -> x.split(new long[] {2}, 1).get(0)).toBytes()).isNotEmpty();
  }

  @Test
  void refusesToReadValuesThatDifferFromRequestToRequest() {
    assertRefused(
        (manager, x) -> x.mul(x.sum().getFloat()),
        "reads values of an array (getFloat)",
        "Compute with arrays: maximum() and minimum(), or gt() and toType() as a mask, in place of"
            + " a branch.");
    assertThat(
            graph((manager, x) -> x.mul(x.gt(0).toType(DataType.FLOAT32, false)).maximum(0.5f))
                .toBytes())
        .isNotEmpty();
  }

  @Test
  void readsValuesOfConstants() {
    assertThat(graph((manager, x) -> x.mul(manager.create(2f).getFloat())).toBytes()).isNotEmpty();
  }

  @Test
  void refusesAnArrayFromElsewhere() {
    assertRefused(
        (manager, x) -> x.add(engine.create(1f)),
        "no part of the pass",
        "Make it by pass.manager() in each pass, or as a parameter or buffer.");
  }

  @Test
  void refusesAConstantThatIsAsLongAsTheBatch() {
    assertRefused(
        (manager, x) -> x.add(manager.ones(x.getShape())),
        "with a size that depends on the rows",
        "Give it one row, which broadcasts.");
    assertThat(graph((manager, x) -> x.add(manager.ones(new Shape(1, 3)))).toBytes()).isNotEmpty();
  }

  @Test
  void refusesSizesThatAreNoMultiplesOfTheRows() {
    assertRefused(
        (manager, x) -> {
          long half = x.getShape().get(0) / 2;
          return x.split(new long[] {half}).get(0);
        },
        "at places that depend on the rows",
        "Cut along another axis than the rows'.");
  }

  @Test
  void refusesNumbersThatDependOnTheRows() {
    String number = "a number that depends on the rows";
    String wayOut = "Compute it from arrays: mean() in place of a division by the rows.";
    assertRefused((manager, x) -> x.get("0:" + x.getShape().get(0)), number, wayOut);
    assertRefused((manager, x) -> x.div(x.getShape().get(0)), number, wayOut);
    assertRefused(
        (manager, x) -> x.mul(manager.ones(new Shape(x.getShape().get(0))).sum()),
        "whose constant numbers depend on the rows",
        "Make constants of the same numbers for any number of rows.");
  }

  @Test
  void aPassThatFailsIsRefusedWithItsError() {
    RequestPass failing =
        (pass, arrays) -> {
          throw new IllegalStateException("no luck");
        };
    assertThatThrownBy(() -> RequestGraphs.of(failing, engine, 1, 0))
        .hasMessageContaining("[compile/NOT_RECORDED]")
        .hasMessageContaining("fails while it is recorded: ")
        .hasMessageContaining("no luck")
        .hasMessageEndingWith(" RECORD-01 of the conformance kit shows where.");
  }

  @Test
  void aPassThatDrawsDropoutOrRepeatsItemsIsRefused() {
    assertThatThrownBy(
            () ->
                RequestGraphs.of(
                    (pass, arrays) -> pass.dropoutMask(new Shape(3), 0.5), engine, 1, 0))
        .hasMessageEndingWith(" Draw it only where pass.training().");
    assertThatThrownBy(
            () ->
                RequestGraphs.of(
                    (pass, arrays) -> pass.items().repeated(2).rowValues(arrays.ofRows("x", 1)),
                    engine,
                    1,
                    0))
        .hasMessageEndingWith(" Repeat what rowValues() gives.");
  }

  @Test
  void aPassWhoseOperationsDependOnTheRowsIsRefused() {
    AtomicInteger passes = new AtomicInteger();
    RequestPass changing =
        (pass, arrays) -> {
          NDArray x = arrays.ofRows("x", 1).squeeze(-1);
          return passes.getAndIncrement() == 0 ? x : x.neg();
        };
    assertThatThrownBy(() -> RequestGraphs.of(changing, engine, 1, 0))
        .hasMessageContaining("runs other operations for other numbers of rows.")
        .hasMessageEndingWith(" Have no branch and no loop depend on the number of rows.");
  }
}
