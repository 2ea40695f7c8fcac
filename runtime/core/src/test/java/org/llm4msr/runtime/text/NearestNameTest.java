package org.llm4msr.runtime.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NearestNameTest {

  @Test
  void aMisspeltWordIsNearWhateverItsCase() {
    assertThat(NearestName.of("pytroch", List.of("MXNet", "PyTorch"))).contains("PyTorch");
    assertThat(NearestName.hint("feet", List.of("search", "feed")))
        .isEqualTo(" Did you mean feed?");
    assertThat(NearestName.hint("feet", List.of("search"))).isEmpty();
  }

  @Test
  void aNumberIsNoMisspellingOfAnother() {
    assertThat(NearestName.of("99", List.of("9", "98"))).isEmpty();
    assertThat(NearestName.of("tab9", List.of("tab8"))).contains("tab8");
  }
}
