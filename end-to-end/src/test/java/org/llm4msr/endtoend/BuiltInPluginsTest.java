package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.SpiVersion;
import org.llm4msr.runtime.plugins.PluginDescriptor;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginRegistry;

class BuiltInPluginsTest {

  @Test
  void allAreSoundAndStateTheSpiVersion() {
    PluginRegistry registry = PluginRegistry.load();

    assertThat(registry.verify()).isEmpty();
    assertThat(Stream.of(PluginKind.values()).flatMap(kind -> registry.plugins(kind).stream()))
        .hasSizeGreaterThanOrEqualTo(13)
        .extracting(PluginDescriptor::origin)
        .allSatisfy(
            origin -> assertThat(origin.spiVersion()).isEqualTo(SpiVersion.CURRENT.toString()));
  }
}
