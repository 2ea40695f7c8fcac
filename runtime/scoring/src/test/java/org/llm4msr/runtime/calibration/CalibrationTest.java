package org.llm4msr.runtime.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.calibration.Calibration.Line;

class CalibrationTest {

  private static final Calibration TWO =
      new Calibration(List.of(new Line("a", 2, -1, 10), new Line("b", 0.5, 0, 0)));

  private static final Calibration LABELLED =
      new Calibration(TWO.scenarios(), Map.of("like", List.of(new Line("a", 3, 0.5, 4))));

  /** 1 / (1 + exp(-(2 * 1 - 1))) = .731059; 1 / (1 + exp(-.5)) = .622459. */
  @Test
  void eachScenarioHasItsLine() {
    float[] values = {1, 1, 9};

    TWO.probabilities(2, new int[] {0, 1, 0}, values, values);

    assertThat(values).usingComparatorWithPrecision(1e-6f).containsExactly(.731059f, .622459f, 9);
  }

  /** 1 / (1 + exp(-1)) = .731059. */
  @Test
  void withoutOneALogitIsUsedAsItIs() {
    float[] probability = new float[1];

    Calibration.NONE.probabilities(1, new int[] {5}, new float[] {1}, probability);

    assertThat(probability[0]).isCloseTo(.731059f, within(1e-6f));
  }

  @Test
  void comesBackFromJson() throws JsonProcessingException {
    ObjectMapper json = new ObjectMapper();

    assertThat(json.readValue(json.writeValueAsString(TWO), Calibration.class)).isEqualTo(TWO);
    assertThat(json.readValue(json.writeValueAsString(LABELLED), Calibration.class))
        .isEqualTo(LABELLED);
  }

  /** Files of models with one label are as they were. */
  @Test
  void readsFilesWithoutFurtherLabels() throws JsonProcessingException {
    ObjectMapper json = new ObjectMapper();
    String before =
        "{\"scenarios\":[{\"scenario\":\"a\",\"slope\":2.0,\"offset\":-1.0,\"rows\":10}]}";
    Calibration one = new Calibration(List.of(new Line("a", 2, -1, 10)));

    assertThat(json.readValue(before, Calibration.class)).isEqualTo(one);
    assertThat(json.writeValueAsString(one)).isEqualTo(before);
  }

  /** 1 / (1 + exp(-(3 * 1 + .5))) = .970688; the other label is used as it is. */
  @Test
  void eachLabelHasLinesOfItsOwn() {
    float[][] logits = {{1}, {1}};

    LabelCalibrations.of(LABELLED, List.of("buy", "like"))
        .probabilities(1, new int[] {0}, logits, logits);

    assertThat(logits[0][0]).isCloseTo(.731059f, within(1e-6f));
    assertThat(logits[1][0]).isCloseTo(.970688f, within(1e-6f));
  }

  @Test
  void findsScenariosThatAreNotThoseOfTheModel() {
    assertThat(LABELLED.others(List.of("a", "b"))).isEqualTo(List.of("a"));
    assertThat(TWO.others(List.of("a", "b"))).isEmpty();
    assertThat(Calibration.NONE.others(List.of("a"))).isEmpty();
  }

  @Test
  void refusesWhatWouldTurnTheOrderRound() {
    assertThatThrownBy(() -> new Line("a", -1, 0, 5))
        .hasMessage("scenario a has slope -1.0 and offset 0.0");
    assertThatThrownBy(() -> new Line("a", 1, Double.NaN, 5)).hasMessageContaining("NaN");
  }
}
