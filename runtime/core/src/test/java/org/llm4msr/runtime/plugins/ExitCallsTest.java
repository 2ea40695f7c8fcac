package org.llm4msr.runtime.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.PluginFactory;
import org.llm4msr.api.knowledge.PromptBuilderFactory;

/** Plugins that would end the process; this one would end too if a call were not replaced. */
class ExitCallsTest {

  private static final String LEAVER =
      """
      package lib;
      public final class Leaver {
        public static String leave() {
          System.exit(0);
          return "gone";
        }
      }
      """;

  @TempDir Path root;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "System.exit(0);                                              | System.exit(0)",
        "Runtime.getRuntime().exit(2);                                | Runtime.exit(2)",
        "Runtime.getRuntime().halt(3);                                | Runtime.halt(3)",
        "java.util.function.IntConsumer end = System::exit; end.accept(4); | System.exit(4)",
        "java.util.stream.IntStream.of(5).forEach(System::exit);      | System.exit(5)",
        "java.util.function.IntConsumer end = Runtime.getRuntime()::halt; end.accept(6);"
            + " | Runtime.halt(6)",
        "java.util.function.BiConsumer<Runtime, Integer> end = Runtime::exit;"
            + " end.accept(Runtime.getRuntime(), 7); | Runtime.exit(7)",
        "new Object() { void end() { System.exit(8); } }.end();       | System.exit(8)",
      })
  void aCallIsAnErrorThatNamesLineAndFolderAndThatNoPluginSwallows(String code, String call) {
    String member = "static String end() { try { %s } catch (Exception e) { } return null; }";
    TestFactory factory =
        TestFactory.named("Ends", "ends").member(member.formatted(code)).template("end()");
    factory.jar(root.resolve("leaving/ends.jar")).build();
    List<String> lines = factory.source().lines().toList();
    int line = lines.indexOf("  " + member.formatted(code)) + 1;

    PluginExit exit = catchThrowableOfType(PluginExit.class, () -> template("ends"));

    assertThat(line).isPositive();
    assertThat(exit.explained().getMessage())
        .matches(
            "\\[plugin/EXIT\\] plug\\.Ends(\\$1)?\\.end\\(Ends\\.java:%d\\) in the plugin folder leaving called \\Q%s\\E, which would have ended llm4msr\\. What is stored is kept\\. Throw an exception there, .*"
                .formatted(line, call));
  }

  @Test
  void aPrivateLibraryIsNamedAndStaysWhatItIs() throws IOException {
    Path library =
        TestJar.at(root.resolve("acme/leaver-1.jar"))
            .source("lib.Leaver", LEAVER)
            .source("lib.Stayer", "package lib; public final class Stayer {}")
            .build();
    TestFactory.named("Uses", "uses")
        .template("lib.Leaver.leave()")
        .jar(root.resolve("acme/uses.jar"))
        .with(library)
        .build();
    PluginRegistry registry = registry();

    PluginExit exit = catchThrowableOfType(PluginExit.class, () -> template("uses"));
    ClassLoader loader =
        registry.factory(PromptBuilderFactory.class, "uses").getClass().getClassLoader();

    assertThat(exit)
        .hasMessage(
            "lib.Leaver.leave(Leaver.java:4) in the plugin folder acme called System.exit(0)");
    Class<?> leaver = load(loader, "lib.Leaver");
    Class<?> stayer = load(loader, "lib.Stayer");
    assertThat(leaver.getPackage().getImplementationVersion()).isEqualTo("3.2");
    assertThat(leaver.getPackage()).isSameAs(stayer.getPackage());
    assertThat(leaver.getProtectionDomain().getCodeSource())
        .isEqualTo(stayer.getProtectionDomain().getCodeSource());
    assertThat(leaver.getProtectionDomain().getCodeSource().getLocation())
        .isEqualTo(library.toUri().toURL());
  }

  @Test
  void aFactoryThatEndsTheProcessWhenItIsMadeIsBroken() {
    String exit = " { Runtime.getRuntime().exit(0); }";
    TestFactory.named("Made", "made")
        .member("public Made()" + exit)
        .jar(root.resolve("made/p.jar"))
        .build();
    TestFactory.named("Loaded", "loaded")
        .member("static" + exit)
        .jar(root.resolve("loaded/p.jar"))
        .build();

    assertThat(registry().verify())
        .extracting(broken -> broken.error().getMessage())
        .hasSize(2)
        .allMatch(text -> text.startsWith("[plugin/EXIT] The prompt builder "))
        .anyMatch(text -> text.contains("plug.Made.<init>(Made.java:8) in the plugin folder made"))
        .anyMatch(text -> text.contains("plug.Loaded.<clinit>(Loaded.java:"));
  }

  @Test
  void theRightVersionOfAClassIsTakenFromAJarWithSeveral() throws IOException {
    Path jar =
        TestJar.at(root.resolve("multi/lib.jar"))
            .source("lib.Leaver", LEAVER.replace("exit(0)", "exit(17)"))
            .manifest("Multi-Release", "true")
            .build();
    Path other = TestJar.at(root.resolve(".other/lib.jar")).source("lib.Leaver", LEAVER).build();
    try (FileSystem from = FileSystems.newFileSystem(other);
        FileSystem to = FileSystems.newFileSystem(jar)) {
      Path versions = Files.createDirectories(to.getPath("META-INF/versions/17/lib"));
      Files.move(to.getPath("lib/Leaver.class"), versions.resolve("Leaver.class"));
      Files.copy(from.getPath("lib/Leaver.class"), to.getPath("lib/Leaver.class"));
    }
    TestFactory.named("Multi", "multi")
        .template("lib.Leaver.leave()")
        .jar(root.resolve("multi/multi.jar"))
        .with(other)
        .build();

    PluginExit exit = catchThrowableOfType(PluginExit.class, () -> template("multi"));

    assertThat(exit).hasMessageEndingWith("called System.exit(17)");
  }

  @Test
  void aSignedJarKeepsItsSignersAndAChangedOneIsRefused() throws Exception {
    TestFactory factory =
        TestFactory.named("Signed", "signed").member("static void end() { System.exit(0); }");
    Path jar = factory.template("\"\"").jar(root.resolve("signed/p.jar")).build();
    TestJar.sign(jar, root.resolve(".store"));

    PluginFactory<?> made = registry().factory(PromptBuilderFactory.class, "signed");
    assertThat(made.getClass().getProtectionDomain().getCodeSource().getCodeSigners()).hasSize(1);

    try (FileSystem files = FileSystems.newFileSystem(jar)) {
      Path code = files.getPath("plug/Signed.class");
      byte[] changed = Files.readAllBytes(code);
      changed[changed.length - 1] ^= 1;
      Files.write(code, changed);
    }
    assertThat(registry().broken())
        .singleElement()
        .satisfies(
            broken ->
                assertThat(broken.error())
                    .hasMessageStartingWith("[plugin/CORRUPT_JAR]")
                    .hasMessageContaining("its signature does not fit"));
  }

  @Test
  void aClassThatCannotBeReadIsReportedByTheJvm() throws IOException {
    Path jar =
        TestFactory.named("Newer", "newer")
            .member("static void end() { System.exit(0); }")
            .jar(root.resolve("newer/p.jar"))
            .build();
    try (FileSystem files = FileSystems.newFileSystem(jar)) {
      Path code = files.getPath("plug/Newer.class");
      byte[] changed = Files.readAllBytes(code);
      changed[7] = 99; // The class file version of Java 55.
      Files.write(code, changed);
    }

    assertThat(registry().broken())
        .singleElement()
        .satisfies(
            broken -> assertThat(broken.error()).hasMessageStartingWith("[plugin/JAVA_VERSION]"));
  }

  @Test
  void onlyClassesWithACallAreChanged() throws IOException {
    byte[] plain = code(PluginKind.class);
    assertThat(ExitCalls.areNamedIn(plain)).isFalse();
    byte[] naming = code(Naming.class);
    assertThat(ExitCalls.areNamedIn(naming)).isTrue();
    assertThat(ExitCalls.replacedIn(naming)).isEmpty();
    byte[] calling = code(Calling.class);
    assertThat(ExitCalls.areNamedIn(calling)).isTrue();
    Optional<byte[]> replaced = ExitCalls.replacedIn(calling);
    assertThat(replaced).isPresent();
    assertThat(ExitCalls.replacedIn(replaced.orElseThrow())).isEmpty();
    assertThat(ExitCalls.replacedIn(new byte[] {1, 2, 3})).isEmpty();
  }

  private static final class Naming {
    @SuppressWarnings("unused") // Looked at as a class file.
    static String exit(String reason) {
      return System.lineSeparator() + "exit " + reason;
    }
  }

  private static final class Calling {
    @SuppressWarnings("unused") // Looked at as a class file.
    static void end() {
      System.exit(0);
    }
  }

  private static byte[] code(Class<?> type) throws IOException {
    String name = type.getName().replace('.', '/') + ".class";
    try (InputStream in = type.getClassLoader().getResourceAsStream(name)) {
      return in.readAllBytes();
    }
  }

  private static Class<?> load(ClassLoader loader, String name) {
    try {
      return loader.loadClass(name);
    } catch (ClassNotFoundException e) {
      throw new AssertionError(e);
    }
  }

  private PluginRegistry registry() {
    return PluginRegistry.load(new ClassLoader(getClass().getClassLoader()) {}, List.of(root));
  }

  private String template(String name) {
    return template(registry().factory(PromptBuilderFactory.class, name));
  }

  private static <C extends Record> String template(PromptBuilderFactory<C> factory) {
    return factory.create(null, () -> Path.of("")).template();
  }
}
