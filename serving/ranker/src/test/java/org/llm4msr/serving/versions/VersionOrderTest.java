package org.llm4msr.serving.versions;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class VersionOrderTest {

  @Test
  void digitsCountAsNumbers() {
    List<String> ordered =
        List.of(
            "1",
            "2",
            "2-a",
            "010",
            "10",
            "2026-09-30",
            "2026-11-02",
            "99999999999999999999",
            "a",
            "v1.9",
            "v1.10",
            "v2");
    List<String> shuffled = new ArrayList<>(ordered);
    Collections.shuffle(shuffled, new Random(3));
    shuffled.sort(new VersionOrder());
    assertThat(shuffled).containsExactlyElementsOf(ordered);
    assertThat(ModelVersions.isNewer("v10", "v9")).isTrue();
    assertThat(ModelVersions.isNewer("v9", "v9")).isFalse();
  }
}
