package org.llm4msr.runtime.config.loading;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.config.loading.PluginDescription.Row;
import org.llm4msr.runtime.plugins.PluginDescriptor;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginOrigin;

class PluginDescriptionTest {

  private static final PluginOrigin ORIGIN = new PluginOrigin("/lib/two.jar", "3.2", "1.0", null);

  @Test
  void aTextShowsCapabilitiesOriginAndSettingsWithThoseBelowThem() {
    PluginDescriptor plugin =
        new PluginDescriptor(
            PluginKind.META_NETWORK, "mine", "Makes weights", "Chen 2026", "x.Y", ORIGIN);
    Row inner = new Row("from", "text", null, false, false, "Where", List.of());
    PluginDescription description =
        new PluginDescription(
            plugin,
            List.of("has a hidden state"),
            List.of(
                new Row("files", "a list", null, true, false, "Files", List.of(inner)),
                new Row("threads", "a number", "4", false, true, "Threads", List.of())));

    assertThat(description.text())
        .isEqualTo(
            """
            mine (meta network): Makes weights
              has a hidden state
              published in Chen 2026
              version 3.2, /lib/two.jar
              setting  default     allowed   meaning
              files    (required)  a list    Files
                from   (none)      text      Where
              threads  4           a number  Threads (operational)
              operational: decides only how the work is done; changing it does not require repeating any work
            """);
  }

  @Test
  void aPluginMayHaveNoSettings() {
    PluginDescriptor plugin =
        new PluginDescriptor(PluginKind.BACKBONE, "mine", "Works", "", "x.Y", ORIGIN);

    assertThat(new PluginDescription(plugin, List.of(), List.of()).text())
        .isEqualTo("mine (backbone): Works\n  version 3.2, /lib/two.jar\n  no settings\n");
  }
}
