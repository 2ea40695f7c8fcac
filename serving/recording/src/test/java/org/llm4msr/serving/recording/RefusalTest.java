package org.llm4msr.serving.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtEngineProvider;
import java.util.Map;
import java.util.function.BiFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** What cannot be recorded is named, and nothing is written. */
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

  private void assertRefused(Pass pass, String reason) {
    assertThatThrownBy(() -> graph(pass))
        .isInstanceOfSatisfying(
            MsrException.class,
            e -> {
              assertThat(e.type()).isEqualTo(ErrorType.PLUGIN);
              assertThat(e.code()).isEqualTo("compile/NOT_RECORDED");
            })
        .hasMessageContaining(reason)
        .hasMessageContaining("cannot be compiled; `score`");
  }

  @Test
  void recordsWhatItKnows() {
    assertThat(graph((manager, x) -> x.mul(manager.create(2f)).sum(new int[] {1})).toBytes())
        .isNotEmpty();
  }

  @Test
  void refusesAnOperationWithoutCounterpart() {
    assertRefused(
        (manager, x) -> x.cumSum(0), "uses the operation cumSum, which has no counterpart in ONNX");
  }

  @Test
  void refusesToReadValuesThatDifferFromRequestToRequest() {
    assertRefused((manager, x) -> x.mul(x.sum().getFloat()), "reads values of an array (getFloat)");
  }

  @Test
  void readsValuesOfConstants() {
    assertThat(graph((manager, x) -> x.mul(manager.create(2f).getFloat())).toBytes()).isNotEmpty();
  }

  @Test
  void refusesAnArrayFromElsewhere() {
    assertRefused((manager, x) -> x.add(engine.create(1f)), "no part of the pass");
  }

  @Test
  void refusesAConstantThatIsAsLongAsTheBatch() {
    assertRefused(
        (manager, x) -> x.add(manager.ones(x.getShape())), "with a size that depends on the rows");
  }

  @Test
  void refusesSizesThatAreNoMultiplesOfTheRows() {
    assertRefused(
        (manager, x) -> {
          long half = x.getShape().get(0) / 2;
          return x.split(new long[] {half}).get(0);
        },
        "at places that depend on the rows");
  }

  @Test
  void refusesNumbersThatDependOnTheRows() {
    assertRefused(
        (manager, x) -> x.get("0:" + x.getShape().get(0)), "a number that depends on the rows");
    assertRefused((manager, x) -> x.div(x.getShape().get(0)), "a number that depends on the rows");
    assertRefused(
        (manager, x) -> x.mul(manager.ones(new Shape(x.getShape().get(0))).sum()),
        "whose constant numbers depend on the rows");
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
        .hasMessageContaining("no luck");
  }
}
