package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginRegistry;

class ReferencePageTest {

  private static final Path ROOT = Path.of(System.getProperty("llm4msr.root"));
  private static final Path PAGE = ROOT.resolve("docs/reference.md");

  @Test
  void thePageIsWhatTheRecordsSay() throws IOException {
    if (Boolean.getBoolean("reference.write")) {
      Files.writeString(PAGE, ReferencePage.text());
    }
    assertThat(PAGE)
        .as(
            "stale; write it with: mvn -pl end-to-end -am -Dtest=ReferencePageTest"
                + " -Dsurefire.failIfNoSpecifiedTests=false -Dreference.write test")
        .hasContent(ReferencePage.text());
  }

  @ParameterizedTest
  @ValueSource(strings = {"README.md", "README.zh-CN.md"})
  void theReadmeNamesEveryPlugin(String readme) throws IOException {
    PluginRegistry plugins = PluginRegistry.load();
    List<String> names =
        Stream.of(PluginKind.values())
            .flatMap(kind -> plugins.plugins(kind).stream())
            .map(plugin -> "`" + plugin.name() + "`")
            .toList();
    assertThat(names).hasSizeGreaterThan(40);
    assertThat(Files.readString(ROOT.resolve(readme))).contains(names);
  }
}
