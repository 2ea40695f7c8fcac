package org.llm4msr.serving.recording;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.internal.NDArrayEx;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtEngineProvider;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.MsrException;

/**
 * The operations in {@code docs/plugins/backbone.md} are those of arrays that are translated. With
 * {@code -Dreference.write} the list is rewritten.
 */
class OperationsPageTest {

  private static final String BEGIN = "<!-- operations: written by OperationsPageTest -->\n";
  private static final String END = "<!-- end of operations -->\n";
  private static final Path PAGE =
      Path.of(System.getProperty("llm4msr.root"), "docs/plugins/backbone.md");
  private static final Sizes SIZES = Sizes.above(4);

  @Test
  void thePageHasWhatIsTranslated() throws IOException {
    String page = Files.readString(PAGE);
    String current =
        page.substring(0, page.indexOf(BEGIN) + BEGIN.length())
            + "| of | operations |\n|---|---|\n"
            + row("`NDArray`", NDArray.class, "")
            + row("`Activation` and `NDArrays`", NDArrayEx.class, "ex.")
            + page.substring(page.indexOf(END));
    if (Boolean.getBoolean("reference.write")) {
      Files.writeString(PAGE, current);
    }

    assertThat(Files.readString(PAGE))
        .as(
            "docs/plugins/backbone.md is stale; refresh it: mvn test -pl serving/recording -am"
                + " -Dsurefire.failIfNoSpecifiedTests=false -Dtest=OperationsPageTest"
                + " -Dreference.write")
        .isEqualTo(current)
        .contains("`matMul`", "`split`", "`relu`", "`concat`")
        .doesNotContain("`cumSum`");
  }

  private static String row(String title, Class<?> type, String prefix) {
    return "| %s | %s |\n"
        .formatted(
            title,
            Arrays.stream(type.getMethods())
                .filter(OperationsPageTest::givesArrays)
                .map(Method::getName)
                .distinct()
                .sorted()
                .filter(name -> isTranslated(prefix + name))
                .map("`%s`"::formatted)
                .collect(Collectors.joining(", ")));
  }

  private static boolean givesArrays(Method method) {
    return method.getReturnType() == NDArray.class || method.getReturnType() == NDList.class;
  }

  /** Without its arguments, an operation that is known fails in another way, or not at all. */
  private static boolean isTranslated(String operation) {
    try (NDManager engine = new PtEngineProvider().getEngine().newBaseManager()) {
      List<Value> values = recording(engine, SIZES.first(), operation);
      List<Value> twins = recording(engine, SIZES.second(), operation);
      new Translation(twins, SIZES)
          .write(Map.of("rows", values.get(0)), Map.of("result", values.get(1)));
      return true;
    } catch (MsrException e) {
      return !e.text().contains("no counterpart");
    } catch (RuntimeException e) {
      return true;
    }
  }

  private static List<Value> recording(NDManager engine, int rows, String operation) {
    NDArray array = engine.ones(new Shape(rows, 3));
    Value input = value(0, Value.INPUT, List.of(), array);
    return List.of(input, value(1, operation, List.of(input), array));
  }

  private static Value value(int number, String operation, List<Object> arguments, NDArray array) {
    return new Value(
        number, operation, arguments, array, Value.Source.ROWS, "rows", 0, 1, "The test");
  }
}
