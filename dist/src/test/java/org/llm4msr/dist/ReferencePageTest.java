package org.llm4msr.dist;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ReferencePageTest {

  private static final Path PAGE =
      Path.of(System.getProperty("llm4msr.root"), "docs", "reference.md");

  @Test
  void thePageIsWhatTheRecordsSay() throws IOException {
    if (Boolean.getBoolean("reference.write")) {
      Files.writeString(PAGE, ReferencePage.text());
    }
    assertThat(PAGE)
        .as(
            "stale; write it with: mvn -pl dist -am -Dtest=ReferencePageTest"
                + " -Dsurefire.failIfNoSpecifiedTests=false -Dreference.write test")
        .hasContent(ReferencePage.text());
  }
}
