package org.llm4msr.runtime.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.FeatureLayout;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.runtime.model.ModelShape;

class ModelMemoryTest {

  private static final long GIB = 1L << 30;
  private static final ModelShape SHAPE =
      new ModelShape(new FeatureLayout(List.of()), List.of(), 4);

  @Test
  void saysWhatTakesHowMuch() {
    assertThat(new ModelMemory(53_248, true, 1_000_000L, 2, "adam", 4_096, GIB, "backbone").text())
        .isEqualTo(
            "at least 1.0 GiB: 53,248 parameters 0.2 MiB, their gradients 0.2 MiB, the state of"
                + " adam 0.4 MiB, what layers give for 4,096 rows 1.0 GiB; tables with their state"
                + " 11.4 MiB");
    assertThat(new ModelMemory(GIB, false, null, 0, "sgd", 64, 0, "fusion").text())
        .isEqualTo(
            "more than 8.0 GiB: 1,073,741,824 parameters 4.0 GiB, their gradients 4.0 GiB, what"
                + " layers give for 64 rows 0.0 MiB; tables are counted once data is prepared");
  }

  @Test
  void isTooMuchForTheHeapOrTheMachine() {
    ModelMemory memory = new ModelMemory(GIB, true, GIB / 4, 2, "adam", 64, GIB, "meta/user");
    String needs =
        "training takes at least 20.0 GiB: 1,073,741,824 parameters 4.0 GiB, their gradients 4.0"
            + " GiB, the state of adam 8.0 GiB, what layers give for 64 rows 1.0 GiB; tables with"
            + " their state 3.0 GiB. Java's heap would hold 11.0 GiB of it, and its limit is ";

    assertThat(memory.tooMuch(11 * GIB, 20 * GIB)).isEmpty();
    assertThat(memory.tooMuch(8 * GIB, 32 * GIB))
        .contains(
            needs
                + "8.0 GiB; the machine has 32.0 GiB. Choose fewer or narrower layers, or a smaller"
                + " training.batchSize, or raise its limit with LLM4MSR_JAVA_OPTS=-Xmx17g");
    assertThat(memory.tooMuch(11 * GIB, 16 * GIB))
        .contains(
            needs
                + "11.0 GiB; the machine has 16.0 GiB. Choose fewer or narrower layers, or a"
                + " smaller training.batchSize");
  }

  @Test
  void namesTheSettingOnWhichMostDepends() {
    assertThat(key(GIB, 1, "backbone")).isEqualTo("model.backbone.name");
    assertThat(key(GIB, 1, "fusion")).isEqualTo("model.fusion.name");
    assertThat(key(GIB, 1, "meta/user")).isEqualTo("model.metaNetworks.user.name");
    assertThat(key(GIB, 1, "scenario")).isEqualTo("model.scenarioEmbeddingSize");
    assertThat(key(1, GIB, "backbone")).isEqualTo("model.embeddingSize");
  }

  private static String key(long parameters, long tableNumbers, String largest) {
    return new ModelMemory(parameters, true, tableNumbers, 2, "adam", 64, 0, largest).key();
  }

  @Test
  void arraysAreCountedByPartAndNotMade() {
    ParameterCount count = new ParameterCount(Long.MAX_VALUE);
    ModelContext tower = count.context("backbone", SHAPE).scope("towers").each("tower", 5);

    Parameter weight = parameter(tower, new Shape(3, 4));
    tower.watch(weight);
    tower.buffer("mean", new Shape(100), Initializer.zeros());
    parameter(count.context("fusion", SHAPE), new Shape(1L << 31, 1L << 20));

    assertThat(count.numbers()).isEqualTo(5 * 12 + (1L << 51));
    assertThat(count.widths()).isEqualTo(4 + (1L << 20));
    assertThat(count.largest()).isEqualTo("fusion");
    assertThat(weight.name()).isEqualTo("backbone/towers/tower.*/w");
    assertThatThrownBy(weight::array).hasMessageContaining("only counted");
  }

  @Test
  void countingEndsWhereItIsTooMuch() {
    ParameterCount large = new ParameterCount(1_000);
    ModelContext context = large.context("backbone", SHAPE);
    parameter(context, new Shape(999));
    assertThatThrownBy(() -> parameter(context, new Shape(2)))
        .isInstanceOf(ParameterCount.Enough.class);
    assertThat(large.numbers()).isEqualTo(1_000);

    ModelContext many = new ParameterCount(Long.MAX_VALUE).context("backbone", SHAPE);
    assertThatThrownBy(
            () -> {
              while (true) {
                parameter(many, new Shape(1));
              }
            })
        .isInstanceOf(ParameterCount.Enough.class);
  }

  private static Parameter parameter(ModelContext context, Shape shape) {
    return context.parameter("w", shape, Initializer.zeros(), Decay.YES);
  }
}
