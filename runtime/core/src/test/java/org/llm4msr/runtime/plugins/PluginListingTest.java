package org.llm4msr.runtime.plugins;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

class PluginListingTest {

  private static final PluginOrigin JAR =
      new PluginOrigin("/plugins/acme/two.jar", "3.2", "1.0", Path.of("/plugins/acme"));

  @Test
  void aTableHasWhatWorksFirstAndTheReasonsStandBelow() {
    MsrException error = new MsrException(ErrorType.PLUGIN, "plugin/NO_JAR", "It holds no jar.");
    PluginListing listing =
        new PluginListing(
            List.of(new PluginDescriptor(PluginKind.BACKBONE, "mine", "Works", "", "x.Y", JAR)),
            List.of(
                new BrokenPlugin(
                    null, "empty", new PluginOrigin("/plugins/empty", "?", null, null), error)));

    assertThat(listing.text())
        .isEqualTo(
            """
            state   kind      name   version  jar           description
            ok      backbone  mine   3.2      acme/two.jar  Works
            broken  -         empty  ?        empty         plugin/NO_JAR

            [plugin/NO_JAR] It holds no jar.
            """);
  }

  @Test
  void withoutPluginsOnlyTheHeadingsAreLeft() {
    assertThat(new PluginListing(List.of(), List.of()).text())
        .isEqualTo("state  kind  name  version  jar  description\n");
  }
}
