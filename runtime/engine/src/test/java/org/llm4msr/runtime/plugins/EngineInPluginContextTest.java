package org.llm4msr.runtime.plugins;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EngineInPluginContextTest {

  @TempDir Path root;

  @Test
  void theTensorEngineIsFoundFromAPluginsContext() throws IOException {
    PluginClassLoader loader =
        new PluginClassLoader(root.resolve("p"), List.of(), getClass().getClassLoader());

    assertThat(loader.getResources("META-INF/services/ai.djl.engine.EngineProvider").nextElement())
        .isNotNull();
    assertThat(loader.getResource("native/lib/pytorch.properties")).isNotNull();
    assertThat(loader.getResource("logback-test.xml")).isNull();
    assertThat(loader.getResource("META-INF/services/org.slf4j.spi.SLF4JServiceProvider")).isNull();
  }
}
