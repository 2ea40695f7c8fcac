package org.llm4msr.runtime.plugins;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.zip.ZipException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.PromptBuilderFactory;
import org.llm4msr.api.knowledge.ScenarioPromptBuilder;
import org.llm4msr.runtime.plugins.check.JarContents;

/** Jars whose bytes changed are told by their plugins, before any class of them is used. */
class DamagedJarsTest {

  /** Bytes in an entry of the directory of a jar. */
  private static final int BEFORE_NAME = 46;

  private static final int BEFORE_CHECKSUM = 16;

  @TempDir Path root;

  @Test
  void aSignedJarOfWhichAFactoryWasChangedIsNamedAndTheOthersLoad() throws Exception {
    sound("good");
    Path jar = sound("signed");
    TestJar.sign(jar, root.resolve(".store"));
    assertThat(registry().broken()).isEmpty();
    append(jar, "plug/Named.class");

    PluginRegistry registry = registry();

    assertThat(registry.factory(PluginKind.PROMPT_BUILDER, "good")).isNotNull();
    assertThat(messages(registry))
        .singleElement()
        .asString()
        .startsWith(
            "[plugin/CORRUPT_JAR] The prompt builder plug.Named cannot be used: p.jar is damaged"
                + " (plug/Named.class: its signature does not fit (")
        .contains(" digest error for plug/Named.class)");
  }

  @Test
  void aSignedJarOfWhichALaterClassWasChangedIsNamedByItsPlugin() throws Exception {
    Path jar =
        TestFactory.named("Named", "signed")
            .jar(root.resolve("signed/p.jar"))
            .source("plug.Model", "package plug; class Model {}")
            .build();
    TestJar.sign(jar, root.resolve(".store"));
    append(jar, "plug/Model.class");

    assertThat(refusal(registry(), "signed"))
        .matches(
            "\\[plugin/CORRUPT_JAR] The prompt builder signed cannot be used: p.jar is damaged"
                + " \\(plug/Model.class: its signature does not fit \\(SHA-\\d+ digest error for"
                + " plug/Model.class\\)\\)\\. Place: "
                + jar
                + "\\. Copy it again and compare its checksum \\(sha256sum\\) with the original's,"
                + " or build it again \\(mvn clean package\\)\\. If it was packed of several signed"
                + " jars, leave out their META-INF/\\*\\.SF, \\*\\.DSA and \\*\\.RSA\\.");
  }

  /** Java would load the class, and what is in the library. */
  @Test
  void aChangedByteOfAPluginOrItsLibraryIsNamedByItsPlugin() throws IOException {
    changeChecksum(sound("plugin"), "plug/Named.class");
    sound("library");
    changeChecksum(library(), "lib/Greeting.class");

    PluginRegistry registry = registry();

    assertThat(refusal(registry, "plugin"))
        .startsWith(
            "[plugin/CORRUPT_JAR] The prompt builder plugin cannot be used: p.jar is damaged"
                + " (plug/Named.class: its checksum is ")
        .contains(", and the jar states ", "Copy it again");
    assertThat(refusal(registry, "library"))
        .startsWith(
            "[plugin/CORRUPT_JAR] The prompt builder library cannot be used: lib.jar is damaged"
                + " (lib/Greeting.class: its checksum is ");
    assertThat(registry.names(PluginKind.PROMPT_BUILDER)).doesNotContain("plugin", "library");
  }

  @Test
  void damageOfALibraryWithoutAPluginIsToldOfTheFolder() throws IOException {
    changeChecksum(library(), "lib/Greeting.class");

    assertThat(messages(registry()))
        .singleElement()
        .asString()
        .startsWith(
            "[plugin/CORRUPT_JAR] The plugin folder %s is left out: lib.jar is damaged"
                .formatted(root.resolve("library")));
  }

  /** A jar on the class path is not read before its classes are loaded. */
  @Test
  void damageOnTheClassPathIsToldOfTheFactory() throws Exception {
    Path jar = sound("signed");
    TestJar.sign(jar, root.resolve(".store"));
    append(jar, "plug/Named.class");

    try (URLClassLoader host =
        new URLClassLoader(new URL[] {jar.toUri().toURL()}, getClass().getClassLoader())) {
      assertThat(messages(PluginRegistry.load(host, List.of())))
          .singleElement()
          .asString()
          .startsWith(
              "[plugin/CORRUPT_JAR] The prompt builder plug.Named cannot be used: its class")
          .contains("is not the one that was signed");
    }
  }

  /** Its checksum is that of the damaged bytes. */
  @Test
  void aClassThatWasPackedDamagedIsToldWhereItIsLoaded() throws IOException {
    Path jar =
        TestFactory.named("Named", "late")
            .template("Late.text()")
            .jar(root.resolve("late/p.jar"))
            .source(
                "plug.Late", "package plug; class Late { static String text() { return \"\"; } }")
            .build();
    try (FileSystem files = FileSystems.newFileSystem(jar)) {
      Path late = files.getPath("plug/Late.class");
      Files.write(late, Arrays.copyOf(Files.readAllBytes(late), 40));
    }

    PluginRegistry registry = registry();
    PromptBuilderFactory<?> factory = registry.factory(PromptBuilderFactory.class, "late");
    ScenarioPromptBuilder prompts = factory.create(null, () -> root);
    LinkageError error = catchThrowableOfType(LinkageError.class, prompts::template);

    assertThat(LinkageErrors.explain(error, registry))
        .hasMessageStartingWith(
            "[plugin/CORRUPT_JAR] Code of the plugin folder late cannot be used: a jar is damaged:"
                + " a class in it cannot be read (ClassFormatError: ")
        .hasMessageContaining("Copy it again");
  }

  @Test
  void aClassWhoseBytesCannotBeUnpackedIsNotTakenForAMissingOne() {
    LinkageError error = new NoClassDefFoundError("lib/Greeting");
    error.initCause(new ClassNotFoundException("lib.Greeting", new ZipException("invalid block")));

    assertThat(LinkageErrors.explain(error, registry()))
        .hasMessageStartingWith("[plugin/CORRUPT_JAR]")
        .hasMessageContaining("a class in it cannot be read (ZipException: invalid block). Copy");
  }

  @Test
  void allThatIsDamagedInAJarIsToldByEntry() throws IOException {
    Path jar = sound("plugin");
    assertThat(JarContents.read(jar).damage()).isEmpty();
    assertThat(JarContents.read(jar).entries()).isGreaterThanOrEqualTo(3);

    changeChecksum(jar, "plug/Named.class");
    changeChecksum(jar, "META-INF/MANIFEST.MF");
    assertThat(JarContents.read(jar).damage())
        .extracting(JarContents.Damage::entry)
        .containsExactlyInAnyOrder("plug/Named.class", "META-INF/MANIFEST.MF");

    JarContents small = JarContents.read(jar, 200);
    assertThat(small.entries()).isLessThan(JarContents.read(jar).entries());
    assertThat(small.damage())
        .extracting(JarContents.Damage::entry)
        .containsExactly("META-INF/MANIFEST.MF");

    Files.writeString(jar, "no zip");
    assertThat(JarContents.read(jar).damage())
        .singleElement()
        .satisfies(damage -> assertThat(damage.text()).startsWith("not a readable jar (Zip"));
  }

  private Path sound(String name) {
    return TestFactory.named("Named", name).jar(root.resolve(name + "/p.jar")).build();
  }

  private Path library() {
    return TestJar.at(root.resolve("library/lib.jar"))
        .source("lib.Greeting", "package lib; public final class Greeting {}")
        .build();
  }

  private static void append(Path jar, String entry) throws IOException {
    try (FileSystem files = FileSystems.newFileSystem(jar)) {
      Files.write(files.getPath(entry), new byte[1], StandardOpenOption.APPEND);
    }
  }

  /** Changes the checksum that the directory of a jar states for an entry. */
  private static void changeChecksum(Path jar, String entry) throws IOException {
    byte[] content = Files.readAllBytes(jar);
    int name = new String(content, ISO_8859_1).lastIndexOf(entry);
    content[name - BEFORE_NAME + BEFORE_CHECKSUM] ^= 1;
    Files.write(jar, content);
  }

  private static String refusal(PluginRegistry registry, String name) {
    return catchThrowableOfType(
            MsrException.class, () -> registry.factory(PluginKind.PROMPT_BUILDER, name))
        .getMessage();
  }

  private static List<String> messages(PluginRegistry registry) {
    return registry.broken().stream().map(plugin -> plugin.error().getMessage()).toList();
  }

  private PluginRegistry registry() {
    return PluginRegistry.load(new ClassLoader(getClass().getClassLoader()) {}, List.of(root));
  }
}
