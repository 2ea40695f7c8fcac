package org.llm4msr.runtime.plugins;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.File;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.knowledge.PromptBuilderFactory;
import org.llm4msr.api.knowledge.ScenarioPromptBuilder;

class PluginFoldersTest {

  private static final String GREETING =
      "package lib; public final class Greeting { public static String %s }";

  @TempDir Path root;

  @Test
  void twoPluginsHaveTheirOwnVersionsOfALibrary() {
    // The second version renamed the method: with one copy of the class one of the two would fail.
    Path first =
        TestJar.at(root.resolve("first/greeting-1.jar"))
            .source("lib.Greeting", GREETING.formatted("hello() { return \"version 1\"; }"))
            .build();
    Path second =
        TestJar.at(root.resolve("second/greeting-2.jar"))
            .source("lib.Greeting", GREETING.formatted("greet(int n) { return \"version 2\"; }"))
            .build();
    TestFactory firstFactory = TestFactory.named("One", "one").template("lib.Greeting.hello()");
    firstFactory.jar(root.resolve("first/one.jar")).with(first).build();
    TestFactory secondFactory = TestFactory.named("Two", "two").template("lib.Greeting.greet(1)");
    secondFactory.jar(root.resolve("second/two.jar")).with(second).build();

    PluginRegistry registry = registry();

    assertThat(registry.verify()).isEmpty();
    assertThat(product(registry, "one").template()).isEqualTo("version 1");
    assertThat(product(registry, "two").template()).isEqualTo("version 2");
    PluginOrigin origin = registry.describe(PluginKind.PROMPT_BUILDER, "one").origin();
    assertThat(origin.shortLocation()).isEqualTo("first/one.jar");
    assertThat(origin.folder()).isEqualTo(root.resolve("first"));
  }

  @Test
  void readsEachStandardFolderThatExists() {
    TestFactory.named("One", "one").jar(root.resolve("first/one/one.jar")).build();
    TestFactory.named("Two", "two").jar(root.resolve("second/two/two.jar")).build();
    String folders = "%1$s/first:%1$s/absent:%1$s/second".formatted(root);
    System.setProperty(PluginRegistry.FOLDER_PROPERTY, folders.replace(":", File.pathSeparator));
    try {
      assertThat(PluginRegistry.load(List.of()).names(PluginKind.PROMPT_BUILDER))
          .contains("one", "two");
    } finally {
      System.clearProperty(PluginRegistry.FOLDER_PROPERTY);
    }
  }

  @Test
  void aPluginSeesNeitherTheRuntimeNorItsLibraries() {
    String look =
        """
        static String see(String name) {
          try {
            return Class.forName(name).getClassLoader() == Look.class.getClassLoader() ? "own" : "shared";
          } catch (ClassNotFoundException e) {
            return "absent";
          }
        }
        """;
    TestFactory.named("Look", "look")
        .member(look)
        .template(
            """
            String.join(" ", see("org.llm4msr.runtime.experiment.Experiment"), see("com.google.inject.Guice"),
                see("com.fasterxml.jackson.databind.ObjectMapper"), see("org.llm4msr.api.Plugin"),
                see("ai.djl.Device"), see("org.apache.arrow.vector.ValueVector"),
                see("org.slf4j.Logger"), see("jakarta.validation.Constraint"), see("plug.Look"))
            """)
        .jar(root.resolve("look/look.jar"))
        .build();

    assertThat(product(registry(), "look").template())
        .isEqualTo("absent absent absent shared shared shared shared shared own");
  }

  @Test
  void creationAndCallsRunInThePluginsContextAndLeaveIt() {
    String where =
        "static String where() { return Thread.currentThread().getContextClassLoader().getName(); }"
            + " final String made = where();";
    TestFactory.named("Where", "where")
        .member(where)
        .template("made + \" \" + where()")
        .jar(root.resolve("folder/where.jar"))
        .build();
    ClassLoader before = Thread.currentThread().getContextClassLoader();

    PluginCall plugin = new PluginCall("The prompt builder 'where'");
    String template = ContextWrappers.of(plugin, product(registry(), "where")).template();

    assertThat(template).isEqualTo("plugin:folder plugin:folder");
    assertThat(Thread.currentThread().getContextClassLoader()).isSameAs(before);
  }

  @Test
  void everyMistakeOfPackingIsNamedWithItsRemedyAndTheOthersLoad() throws IOException {
    TestFactory.named("Good", "good").jar(root.resolve("good/good.jar")).build();
    Files.createDirectories(root.resolve("empty"));
    Files.writeString(Files.createDirectories(root.resolve("corrupt")).resolve("c.jar"), "no zip");
    TestFactory.named("Loose", "loose").jar(root.resolve("loose.jar")).build();
    TestFactory.named("Fat", "fat")
        .jar(root.resolve("bundled/fat.jar"))
        .source("org.llm4msr.api.Extra", "package org.llm4msr.api; public class Extra {}")
        .build();
    Files.copy(
        Files.createDirectories(root.resolve("api")).getParent().resolve("good/good.jar"),
        root.resolve("api/good.jar"));
    TestJar.at(root.resolve("api/llm4msr-api-0.1.0.jar"))
        .source("org.llm4msr.api.Extra", "package org.llm4msr.api; public class Extra {}")
        .build();
    TestJar.at(root.resolve("unregistered/u.jar"))
        .source("plug.Lost", TestFactory.named("Lost", "lost").source())
        .build();
    TestJar.at(root.resolve("library/l.jar"))
        .entry("META-INF/services/org.llm4msr.api.OldFactory", "a.B")
        .build();
    Files.createDirectories(root.resolve(".hidden"));
    Files.writeString(root.resolve("README.md"), "about this folder");

    PluginRegistry registry = registry();

    assertThat(registry.factory(PluginKind.PROMPT_BUILDER, "good")).isNotNull();
    assertThat(messages(registry))
        .satisfiesExactlyInAnyOrder(
            error -> is(error, "NO_JAR", "empty", "it holds no jar", "directly into it"),
            error ->
                is(error, "CORRUPT_JAR", "corrupt", "c.jar is not a readable jar", "Copy it again"),
            error -> is(error, "LOOSE_JAR", "loose.jar", "it is a jar", root + "/loose/loose.jar"),
            error -> is(error, "API_BUNDLED", "bundled", "fat.jar", "scope>provided", "shade"),
            error ->
                is(error, "API_BUNDLED", "api", "llm4msr-api-0.1.0.jar is the API", "Delete it"),
            error ->
                is(
                    error,
                    "NO_SERVICES",
                    "unregistered",
                    "plug.Lost carries @Plugin",
                    "annotationProcessorPaths"),
            error -> is(error, "NO_SERVICES", "library", "it has org.llm4msr.api.OldFactory"));
  }

  @Test
  void everyMistakeOfAFactoryIsNamedWithItsRemedyAndTheOthersLoad() {
    TestFactory.named("Good", "good").jar(root.resolve("good/good.jar")).build();
    broken("static", "member", "static { boom(); }");
    broken("constructor", "member", "public Broken() { boom(); }");
    broken("hidden", "member", "public Broken(int x) {}");
    broken("anonymous", "annotation", "");
    broken("badname", "annotation", "@Plugin(name = \"Bad_Name\", description = \"\")");
    TestFactory.named("Broken", "spi").jar(root.resolve("spi/p.jar")).spi("9.4").build();
    TestFactory.named("Broken", "newer").jar(root.resolve("newer/p.jar")).spi("1.7").build();
    TestFactory.named("Broken", "unstated").jar(root.resolve("unstated/p.jar")).spi("").build();
    TestJar.at(root.resolve("absent/p.jar"))
        .service(PromptBuilderFactory.class, "plug.Absent # a comment")
        .build();
    TestFactory.named("Broken", "parent")
        .member("public static class Base {}")
        .jar(root.resolve("parent/p.jar"))
        .source("plug.Child", child("extends plug.Gone"))
        .source("plug.Gone", "package plug; public class Gone {}")
        .without("plug.Gone")
        .service(PromptBuilderFactory.class, "plug.Child")
        .build();
    TestFactory.named("Broken", "wrongkind")
        .jar(root.resolve("wrongkind/p.jar"))
        .service(PromptBuilderFactory.class, "")
        .service(org.llm4msr.api.model.BackboneFactory.class, "plug.Broken")
        .build();

    PluginRegistry registry = registry();

    assertThat(registry.factory(PluginKind.PROMPT_BUILDER, "good")).isNotNull();
    assertThat(messages(registry))
        .satisfiesExactlyInAnyOrder(
            error ->
                is(
                    error,
                    "STATIC_INITIALIZER",
                    "static",
                    "IllegalStateException: boom",
                    "create()"),
            error -> is(error, "BROKEN", "constructor", "IllegalStateException: boom", "create()"),
            error -> is(error, "NO_CONSTRUCTOR", "hidden", "no public constructor", "plug.Broken"),
            error -> is(error, "NO_ANNOTATION", "anonymous", "no @Plugin", "Add @Plugin"),
            error -> is(error, "BAD_NAME", "badname", "\"Bad_Name\"", "[a-z]"),
            error -> is(error, "SPI_VERSION", "spi", "SPI version 9.4 and this runtime serves 1.0"),
            error ->
                is(error, "SPI_VERSION", "newer", "SPI version 1.7 and", "Use a newer llm4msr"),
            error -> is(error, "NO_SPI_VERSION", "unstated", "serves 1.0", "<manifestFile>"),
            error -> is(error, "MISSING_PROVIDER", "absent", "plug.Absent", "clean package"),
            error ->
                is(
                    error,
                    "MISSING_CLASS",
                    "parent",
                    "the class plug.Gone is missing",
                    "copy-dependencies"),
            error -> is(error, "NOT_A_FACTORY", "wrongkind", "BackboneFactory but is not one"));
    MsrException strict = catchThrowableOfType(MsrException.class, registry::requireSound);
    assertThat(strict).hasMessageStartingWith("[plugin/BROKEN] 11 plugins cannot be used:");
  }

  @Test
  void aMissingClassThatShowsInACallNamesFolderAndVersions() {
    TestJar.at(root.resolve("calls/lib.jar"))
        .source("lib.Greeting", GREETING.formatted("hello() { return \"\"; }"))
        .build();
    TestFactory.named("Calls", "calls")
        .template("lib.Greeting.hello()")
        .jar(root.resolve("calls/calls.jar"))
        .with(root.resolve("calls/lib.jar"))
        .build();
    TestJar.at(root.resolve("calls/lib.jar"))
        .source("lib.Greeting", GREETING.formatted("other() { return \"\"; }"))
        .build();

    PluginRegistry registry = registry();
    LinkageError error =
        catchThrowableOfType(LinkageError.class, () -> product(registry, "calls").template());

    assertThat(LinkageErrors.explain(error, registry))
        .hasMessageStartingWith("[plugin/LINKAGE] Code of the plugin folder calls cannot be used:")
        .hasMessageContainingAll(
            "NoSuchMethodError",
            "lib.Greeting.hello",
            "SPI 1.0 of this runtime",
            "DJL api-0.36.0.jar",
            "Arrow arrow-vector-19.0.0.jar",
            "calls.jar (compiled with SPI 1.0)");
  }

  /** The JVM throws another error from the second time on. */
  @Test
  void aStaticInitialiserThatThrowsInACallNamesItsClassEachTime() {
    String thrown = "if (true) throw new IllegalStateException(\"boom\");";
    TestFactory.named("Late", "late")
        .template("Model.text()")
        .jar(root.resolve("late/late.jar"))
        .source(
            "plug.Model",
            "package plug; class Model { static { %s } static String text() { return \"\"; } }"
                .formatted(thrown))
        .build();
    PluginRegistry registry = registry();
    ScenarioPromptBuilder prompts = product(registry, "late");

    for (int call = 0; call < 2; call++) {
      LinkageError error = catchThrowableOfType(LinkageError.class, prompts::template);

      assertThat(LinkageErrors.explain(error, registry))
          .hasMessageStartingWith(
              "[plugin/STATIC_INITIALIZER] Code of the plugin folder late cannot be used: a static"
                  + " initialiser of plug.Model threw ")
          .hasMessageContaining("IllegalStateException: boom");
    }
  }

  @Test
  void twoVersionsOfAPluginInOneFolderAreBothNamed() {
    TestFactory.named("One", "one").jar(root.resolve("one/one-1.0.jar")).build();
    TestFactory.named("One", "one").jar(root.resolve("one/one-1.1.jar")).build();
    TestFactory.named("Two", "two").jar(root.resolve("two/two.jar")).build();
    TestFactory.named("Other", "other").jar(root.resolve("two/other.jar")).build();

    PluginRegistry registry = registry();

    assertThat(registry.names(PluginKind.PROMPT_BUILDER)).contains("two", "other");
    assertThat(registry.broken())
        .singleElement()
        .extracting(broken -> broken.error().getMessage())
        .isEqualTo(
            "[plugin/TWO_VERSIONS] The plugin folder %s is left out: one-1.0.jar (version 3.2) and"
                    .formatted(root.resolve("one"))
                + " one-1.1.jar (version 3.2) both hold plug.One. Delete the one that is not"
                + " wanted; `mvn clean package` leaves no older one behind.");
  }

  @Test
  void aRootThatIsNamedTwiceIsTakenOnce() throws IOException {
    Path plugins = root.resolve("plugins");
    TestFactory.named("Good", "good").jar(plugins.resolve("good/good.jar")).build();
    Path link = Files.createSymbolicLink(root.resolve("link"), plugins);

    PluginRegistry registry =
        PluginRegistry.load(
            new ClassLoader(getClass().getClassLoader()) {},
            List.of(plugins, plugins.resolve("."), plugins, link));

    assertThat(registry.broken()).isEmpty();
    assertThat(registry.names(PluginKind.PROMPT_BUILDER)).contains("good");
  }

  @Test
  void aRootThatIsNotThereIsRefused() {
    MsrException error =
        catchThrowableOfType(
            MsrException.class,
            () -> PluginRegistry.load(getClass().getClassLoader(), List.of(root.resolve("no"))));
    assertThat(error.code()).isEqualTo("plugin/NO_FOLDER");
    assertThat(error).hasMessageContaining(root.resolve("no").toString());
  }

  @Test
  void whatIsDamagedOrTooNewInsideAJarIsNamedAndTheOthersLoad() throws IOException {
    TestFactory.named("Good", "good").jar(root.resolve("good/good.jar")).build();
    String services = "META-INF/services/" + PromptBuilderFactory.class.getName();
    damage(sound("services"), services, INVALID_BLOCK);
    damage(sound("class"), "plug/Broken.class", INVALID_BLOCK);
    TestJar.at(root.resolve("binary/p.jar"))
        .service(PromptBuilderFactory.class, "PK\u0003\u0004 \u001b[2J")
        .build();
    Path newer = sound("newer");
    try (FileSystem jar = FileSystems.newFileSystem(newer)) {
      byte[] code = Files.readAllBytes(jar.getPath("plug/Broken.class"));
      code[7] = 99; // The class file version of Java 55.
      Files.write(jar.getPath("plug/Broken.class"), code);
    }
    Files.createSymbolicLink(
        Files.createDirectory(root.resolve("link")).resolve("p.jar"), root.resolve("gone.jar"));

    PluginRegistry registry = registry();

    assertThat(registry.factory(PluginKind.PROMPT_BUILDER, "good")).isNotNull();
    assertThat(messages(registry))
        .allSatisfy(error -> assertThat(error).doesNotContain("\u001b"))
        .satisfiesExactlyInAnyOrder(
            error ->
                is(error, "CORRUPT_JAR", "services", "services file " + services, "ZipException"),
            error ->
                is(
                    error,
                    "CORRUPT_JAR",
                    "class",
                    "p.jar is damaged (plug/Broken.class: ZipException: ",
                    "Copy it again"),
            error -> is(error, "CORRUPT_JAR", "binary", "a line that is not a class name"),
            error -> is(error, "CORRUPT_JAR", "link", "p.jar is not a readable jar", "NoSuchFile"),
            error ->
                is(
                    error,
                    "JAVA_VERSION",
                    "newer",
                    "compiled for Java 55 and this is Java " + Runtime.version().feature(),
                    "<maven.compiler.release>17"));
  }

  @Test
  void classesThatAreNotPackedAreToldHowToBe() throws IOException {
    Path classes = Files.createDirectories(root.resolve("mine/classes/plug"));
    Files.write(classes.resolve("Mine.class"), new byte[1]);

    assertThat(messages(registry()))
        .singleElement()
        .satisfies(
            error ->
                is(
                    error,
                    "NO_JAR",
                    "mine",
                    "it holds classes, and no jar. Pack them: `mvn package` does, or `jar --create"
                        + " --file mine.jar "));
  }

  @Test
  void copiesOfTheRuntimesLibrariesAreToldToBeIgnored() {
    String engine = "package ai.djl.own; public class Own {}";
    TestFactory.named("Own", "own")
        .jar(root.resolve("own/own.jar"))
        .source("ai.djl.own.Own", engine)
        .build();
    TestFactory.named("Fat", "fat")
        .jar(root.resolve("fat/fat.jar"))
        .source("ai.djl.own.Own", engine)
        .source("ai.djl.Device", "package ai.djl; public class Device {}")
        .build();
    TestJar.at(root.resolve("fat/arrow.jar"))
        .source(
            "org.apache.arrow.vector.ValueVector",
            "package org.apache.arrow.vector; public interface ValueVector {}")
        .build();

    assertThat(registry().ignoredLibraries())
        .containsExactly(
            "The plugin folder "
                + root.resolve("fat")
                + " holds copies of ai.djl (fat.jar) and org.apache.arrow (arrow.jar), which are"
                + " ignored: plugins use the runtime's. Leave them out: in the plugin's POM,"
                + " llm4msr-api has <scope>provided</scope>.");
  }

  /** The first byte of deflated data: a last block of a type that there is not. */
  private static final byte INVALID_BLOCK = 7;

  private Path sound(String name) {
    return TestFactory.named("Broken", name).jar(root.resolve(name + "/p.jar")).build();
  }

  /** Writes over the first byte of an entry's data. */
  private static void damage(Path jar, String entry, byte value) throws IOException {
    byte[] content = Files.readAllBytes(jar);
    String text = new String(content, ISO_8859_1);
    int name = text.indexOf(entry); // Of the local header, which comes before the directory.
    int extra = (content[name - 2] & 0xff) | (content[name - 1] & 0xff) << 8;
    content[name + entry.length() + extra] = value;
    Files.write(jar, content);
  }

  /** Writes a plugin that is named as its folder and wrong in one part. */
  private void broken(String name, String part, String text) {
    TestFactory factory = TestFactory.named("Broken", name);
    TestFactory wrong = part.equals("member") ? factory.member(text) : factory.annotation(text);
    wrong.jar(root.resolve(name + "/p.jar")).build();
  }

  private static String child(String parent) {
    String simple = Plugin.class.getSimpleName();
    return TestFactory.named("Child", "child")
        .source()
        .replace("class Child implements", "class Child " + parent + " implements")
        .replace("@" + simple, "@org.llm4msr.api." + simple);
  }

  private static void is(String error, String code, String folder, String... parts) {
    assertThat(error).startsWith(folder + " [plugin/" + code + "]").contains(parts);
  }

  /** Each message behind the name of the folder or loose jar that it is about. */
  private List<String> messages(PluginRegistry registry) {
    return registry.verify().stream()
        .map(
            plugin ->
                root.relativize(Path.of(plugin.origin().location())).getName(0)
                    + " "
                    + plugin.error().getMessage())
        .toList();
  }

  private PluginRegistry registry() {
    return PluginRegistry.load(new ClassLoader(getClass().getClassLoader()) {}, List.of(root));
  }

  private static ScenarioPromptBuilder product(PluginRegistry registry, String name) {
    return create(registry.factory(PromptBuilderFactory.class, name));
  }

  private static <C extends Record> ScenarioPromptBuilder create(PromptBuilderFactory<C> factory) {
    return factory.create(null, () -> Path.of(""));
  }
}
