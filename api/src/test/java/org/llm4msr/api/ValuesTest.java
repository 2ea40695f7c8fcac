package org.llm4msr.api;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.LayerSpec;
import org.llm4msr.api.model.MetaWeights;

/** Wrong values from plugins are refused where they are made, not where they are used. */
class ValuesTest {

  @Test
  void aPartThatIsMissingIsNamed() {
    List<RawTable> tables = List.of(RawTable.INTERACTIONS);
    List<String> none = List.of();
    assertThatNullPointerException()
        .isThrownBy(() -> new RawSchema(tables, List.of(), false, false, none, none, null))
        .withMessage("labelRule is null");
    assertThatNullPointerException()
        .isThrownBy(() -> new MetaWeights(null))
        .withMessage("arrays is null");
    assertThatNullPointerException()
        .isThrownBy(() -> new MsrException(ErrorType.DATA, null, "text"))
        .withMessage("code is null");
  }

  @Test
  void layersNeedAWidth() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LayerSpec(3, List.of(), Activation.RELU, Activation.NONE))
        .withMessage("widths are empty");
  }
}
