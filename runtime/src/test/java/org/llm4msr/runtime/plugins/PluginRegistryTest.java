package org.llm4msr.runtime.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.PromptBuilderFactory;

/** Jars are compiled by the test, so that each can be broken in its own way. */
class PluginRegistryTest {

  @TempDir Path folder;
  private final List<URL> jars = new ArrayList<>();

  @Test
  void listsWithoutCreating() throws IOException {
    jar("good.jar", "1", factory("Good", "@Plugin(name = \"good\", description = \"Works\")", ""));
    jar(
        "lazy.jar",
        "1",
        factory("Lazy", "@Plugin(name = \"lazy\", description = \"\")", "static { boom(); }"));

    PluginRegistry registry = registry();

    assertThat(registry.names(PluginKind.PROMPT_BUILDER)).contains("good", "lazy");
    assertThat(registry.broken()).isEmpty();
    PluginDescriptor good = registry.describe(PluginKind.PROMPT_BUILDER, "good");
    assertThat(good.description()).isEqualTo("Works");
    assertThat(good.origin().location()).endsWith("good.jar");
    assertThat(good.origin().version()).isEqualTo("3.2");
    assertThat(good.origin().spiVersion()).isEqualTo("1");
  }

  @Test
  void createsAFactoryOnce() throws IOException {
    jar("good.jar", "1", factory("Good", "@Plugin(name = \"good\", description = \"\")", ""));

    PluginRegistry registry = registry();
    PromptBuilderFactory<?> first = registry.factory(PromptBuilderFactory.class, "good");

    assertThat(first.configType().getSimpleName()).isEqualTo("Config");
    assertThat(registry.factory(PluginKind.PROMPT_BUILDER, "good")).isSameAs(first);
  }

  @Test
  void everyKindOfBrokenProviderIsReportedAndTheOthersWork() throws IOException {
    String named = "@Plugin(name = \"%s\", description = \"\")";
    jar("static.jar", "1", factory("A", named.formatted("static"), "static { boom(); }"));
    jar(
        "constructor.jar",
        "1",
        factory("B", named.formatted("constructor"), "public B() { boom(); }"));
    jar("hidden.jar", "1", factory("C", named.formatted("hidden"), "public C(int x) {}"));
    jar("anonymous.jar", "1", factory("D", "", ""));
    jar("name.jar", "1", factory("E", named.formatted("Bad_Name"), ""));
    jar("spi.jar", "9", factory("F", named.formatted("spi"), ""));
    jar("good.jar", "1", factory("G", named.formatted("good"), ""));
    jarWithoutClass("missing.jar", "plug.Missing");

    PluginRegistry registry = registry();
    List<BrokenPlugin> broken = registry.verify();

    assertThat(registry.factory(PluginKind.PROMPT_BUILDER, "good")).isNotNull();
    assertThat(broken)
        .extracting(one -> Path.of(one.location()).getFileName() + "|" + one.error().getMessage())
        .satisfiesExactlyInAnyOrder(
            text ->
                assertThat(text).startsWith("static.jar").contains("IllegalStateException: boom"),
            text ->
                assertThat(text)
                    .startsWith("constructor.jar")
                    .contains("IllegalStateException: boom"),
            text ->
                assertThat(text).startsWith("hidden.jar").contains("no public constructor without"),
            text -> assertThat(text).startsWith("anonymous.jar").contains("no @Plugin annotation"),
            text -> assertThat(text).startsWith("name.jar").contains("\"Bad_Name\""),
            text ->
                assertThat(text)
                    .startsWith("spi.jar")
                    .contains("SPI version 9 and this runtime serves 1"),
            text ->
                assertThat(text)
                    .startsWith("missing.jar")
                    .contains("used: Provider plug.Missing not found"));
    assertThat(broken).allSatisfy(one -> assertThat(one.error().code()).isEqualTo("plugin/BROKEN"));
    assertThat(catchThrowableOfType(MsrException.class, registry::requireSound))
        .hasMessageStartingWith("[plugin/BROKEN] 7 plugins cannot be used:");
  }

  @Test
  void aDuplicateNameIsRefusedWithBothJars() throws IOException {
    String same = "@Plugin(name = \"twin\", description = \"\")";
    jar("one.jar", "1", factory("One", same, ""));
    jar("two.jar", "1", factory("Two", same, ""));

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
    jar("good.jar", "1", factory("Good", "@Plugin(name = \"compact\", description = \"\")", ""));

    MsrException error =
        catchThrowableOfType(
            MsrException.class, () -> registry().factory(PluginKind.PROMPT_BUILDER, "compcat"));

    assertThat(error)
        .hasMessage(
            "[plugin/UNKNOWN] There is no prompt builder \"compcat\": there are compact. Did you mean"
                + " compact? `llm4msr plugins list` shows all.");
  }

  @Test
  void theSpiVersionIsTheOneThatTheBuildStamps() throws IOException {
    Path pom = Path.of(System.getProperty("llm4msr.root"), "pom.xml");
    assertThat(Files.readString(pom))
        .contains("<llm4msr.spi.version>" + PluginRegistry.SPI_VERSION + "</llm4msr.spi.version>");
  }

  /** Sees the test's jars and the API, not what lies in the runtime's own test folders. */
  private PluginRegistry registry() {
    return PluginRegistry.load(
        new URLClassLoader(jars.toArray(URL[]::new), PluginRegistry.class.getClassLoader()));
  }

  private static String factory(String name, String annotation, String member) {
    return """
        package plug;
        import java.nio.file.Path;
        import org.llm4msr.api.Plugin;
        import org.llm4msr.api.knowledge.*;
        %s
        public final class %s implements PromptBuilderFactory<%s.Config> {
          public record Config(int x) {}
          %s
          static void boom() { throw new IllegalStateException("boom"); }
          public Class<Config> configType() { return Config.class; }
          public ScenarioPromptBuilder create(Config config, Path base) { return null; }
        }
        """
        .formatted(annotation, name, name, member);
  }

  private void jar(String jar, String spiVersion, String source) throws IOException {
    String name = source.replaceAll("(?s).*public final class (\\w+) .*", "$1");
    Path work = Files.createDirectories(folder.resolve(jar + ".classes"));
    Path file = Files.writeString(work.resolve(name + ".java"), source);
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    String classPath = System.getProperty("java.class.path");
    int outcome =
        compiler.run(
            null,
            null,
            null,
            "-proc:none",
            "-cp",
            classPath,
            "-d",
            work.toString(),
            file.toString());
    assertThat(outcome).isZero();
    try (JarOutputStream out = open(jar, spiVersion, "plug." + name);
        var classes = Files.list(work.resolve("plug"))) {
      for (Path one : (Iterable<Path>) classes::iterator) {
        out.putNextEntry(new JarEntry("plug/" + one.getFileName()));
        out.write(Files.readAllBytes(one));
      }
    }
  }

  private void jarWithoutClass(String jar, String provider) throws IOException {
    open(jar, "1", provider).close();
  }

  private JarOutputStream open(String jar, String spiVersion, String provider) throws IOException {
    Manifest manifest = new Manifest();
    Attributes attributes = manifest.getMainAttributes();
    attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    attributes.put(Attributes.Name.IMPLEMENTATION_VERSION, "3.2");
    attributes.putValue(PluginOrigin.SPI_VERSION_ENTRY, spiVersion);
    Path file = folder.resolve(jar);
    JarOutputStream out = new JarOutputStream(Files.newOutputStream(file), manifest);
    out.putNextEntry(new JarEntry("META-INF/services/" + PromptBuilderFactory.class.getName()));
    out.write(provider.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    jars.add(file.toUri().toURL());
    return out;
  }
}
