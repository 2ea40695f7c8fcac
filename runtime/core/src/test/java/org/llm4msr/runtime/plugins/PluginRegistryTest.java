package org.llm4msr.runtime.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.PromptBuilderFactory;

/** Plugins on the class path. */
class PluginRegistryTest {

  @TempDir Path folder;
  private final List<URL> jars = new ArrayList<>();

  @Test
  void listsWithoutCreating() throws IOException {
    add(TestFactory.named("Good", "good").jar(folder.resolve("good.jar")));
    TestFactory lazy = TestFactory.named("Lazy", "lazy").member("static { boom(); }");
    add(lazy.jar(folder.resolve("lazy.jar")));

    PluginRegistry registry = registry();

    assertThat(registry.names(PluginKind.PROMPT_BUILDER)).contains("good", "lazy");
    assertThat(registry.broken()).isEmpty();
    PluginDescriptor good = registry.describe(PluginKind.PROMPT_BUILDER, "good");
    assertThat(good.description()).isEqualTo("Works");
    assertThat(good.origin().location()).endsWith("good.jar");
    assertThat(good.origin().shortLocation()).isEqualTo("good.jar");
    assertThat(good.origin().version()).isEqualTo("3.2");
    assertThat(good.origin().spiVersion()).isEqualTo("1.0");
  }

  @Test
  void createsAFactoryOnce() throws IOException {
    add(TestFactory.named("Good", "good").jar(folder.resolve("good.jar")));

    PluginRegistry registry = registry();
    PromptBuilderFactory<?> first = registry.factory(PromptBuilderFactory.class, "good");

    assertThat(first.configType().getSimpleName()).isEqualTo("Config");
    assertThat(registry.factory(PluginKind.PROMPT_BUILDER, "good")).isSameAs(first);
  }

  @Test
  void aClassPathNeedNotStateTheSpiVersion() throws IOException {
    add(TestFactory.named("Good", "good").jar(folder.resolve("good.jar")).spi(""));
    assertThat(registry().verify()).isEmpty();
  }

  @Test
  void aDuplicateNameIsRefusedWithBothJars() throws IOException {
    add(TestFactory.named("One", "twin").jar(folder.resolve("one.jar")));
    add(TestFactory.named("Two", "twin").jar(folder.resolve("two.jar")));

    PluginRegistry registry = registry();

    assertThat(registry.names(PluginKind.PROMPT_BUILDER)).doesNotContain("twin");
    MsrException error =
        catchThrowableOfType(
            MsrException.class, () -> registry.factory(PluginKind.PROMPT_BUILDER, "twin"));
    assertThat(error.code()).isEqualTo("plugin/DUPLICATE");
    assertThat(error).hasMessageContaining("one.jar").hasMessageContaining("two.jar");
  }

  @Test
  void anUnknownNameListsWhatThereIsAndTheNearest() throws IOException {
    add(TestFactory.named("Good", "compact").jar(folder.resolve("good.jar")));

    MsrException error =
        catchThrowableOfType(
            MsrException.class, () -> registry().factory(PluginKind.PROMPT_BUILDER, "compcat"));

    assertThat(error)
        .hasMessage(
            "[plugin/UNKNOWN] There is no prompt builder \"compcat\": there are compact. Did you mean"
                + " compact? `llm4msr plugins list` shows all.");
  }

  @Test
  void settingsThatHoldThemselvesAreRefused() throws IOException {
    add(
        TestFactory.named("Tree", "tree")
            .config("int depth, List<Branch> branches")
            .member("public record Branch(java.util.Map<String, Config> leaves) {}")
            .jar(folder.resolve("tree.jar")));

    MsrException error =
        catchThrowableOfType(
            MsrException.class, () -> registry().factory(PluginKind.PROMPT_BUILDER, "tree"));

    assertThat(error)
        .hasMessageStartingWith("[plugin/RECURSIVE_SETTINGS] ")
        .hasMessageContaining("its setting leaves of Branch holds a Config again")
        .hasMessageContaining("Give each depth a record of its own.");
  }

  /** Sees the test's jars and the API, not what lies in the runtime's own test folders. */
  private PluginRegistry registry() {
    return PluginRegistry.load(
        new URLClassLoader(jars.toArray(URL[]::new), PluginRegistry.class.getClassLoader()),
        List.of());
  }

  private void add(TestJar jar) throws IOException {
    jars.add(jar.build().toUri().toURL());
  }
}
