package org.llm4msr.runtime.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

class WarningsTest {

  private static final Logger LOG = LoggerFactory.getLogger(WarningsTest.class);

  @Test
  void keepsEachWarningOnceAndInOneLine() {
    String lines;
    try (Warnings warnings = Warnings.collect()) {
      LOG.info("nothing");
      LOG.warn("slow:\nby {}", 3);
      LOG.warn("slow:\nby {}", 3);
      LOG.error("of https://me:secret@host");
      lines = warnings.lines();
    }
    LOG.warn("later");

    assertThat(lines).isEqualTo("slow: by 3\nof https://me:***@host");
  }

  @Test
  void keepsSoMany() {
    try (Warnings warnings = Warnings.collect()) {
      for (int i = 0; i < 2 * Warnings.MOST; i++) {
        LOG.warn("number {}", i);
      }
      assertThat(warnings.lines().lines()).hasSize(Warnings.MOST);
    }
  }
}
