package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The launcher in a copy of the checkout's outline, with stand-ins for java and Maven. */
class LauncherTest {

  /** Prints what it is given, or a version. */
  private static final String JAVA =
      """
      #!/bin/sh
      if [ "$1" = -version ]; then echo 'openjdk version "%s"' >&2; exit 0; fi
      for argument in "$@"; do echo "[$argument]"; done
      echo "OMP_WAIT_POLICY=$OMP_WAIT_POLICY DJL_OFFLINE=$DJL_OFFLINE"
      echo "GLIBC_TUNABLES=$GLIBC_TUNABLES"
      echo "LC_ALL=$LC_ALL"
      """;

  private static final Path ROOT = Path.of(System.getProperty("llm4msr.root"));
  private static final Set<String> NOT_RUN =
      Set.of("archetype", "end-to-end", "examples", "benchmarks", "spark/jars", "test-times");

  @TempDir Path folder;
  private Path root;
  private Path firstJar;
  private Path secondJar;

  @BeforeEach
  void copyOutline() throws IOException {
    assumeThat(System.getProperty("os.name") + System.getProperty("os.arch"))
        .as("the launcher runs on Linux on x86-64")
        .isEqualTo("Linuxamd64");
    root = folder.resolve("with space/checkout");
    firstJar = Files.createFile(folder.resolve("one.jar"));
    secondJar = Files.createFile(folder.resolve("two.jar"));
    Checkout.write(root, firstJar + ":" + secondJar);
    java("17.0.9");
  }

  /** Otherwise it runs what was built before a change. */
  @Test
  void looksAtTheSourcesOfEveryModuleThatItRuns() throws IOException {
    List<String> modules =
        Pattern.compile("<module>(.+)</module>")
            .matcher(Files.readString(ROOT.resolve("pom.xml")))
            .results()
            .map(module -> module.group(1).replaceFirst("plugins-.*", "plugins-*"))
            .filter(module -> !NOT_RUN.contains(module))
            .distinct()
            .toList();

    assertThat(Files.readString(ROOT.resolve("llm4msr")))
        .contains("\"$root\"/{" + String.join(",", modules) + "}/{,*/}pom.xml");
  }

  @Test
  void runsWhatIsBuiltFromAnyFolderAndThroughALink() throws Exception {
    Path link = Files.createSymbolicLink(folder.resolve("m"), root.resolve("llm4msr"));

    Path mine = Files.createFile(folder.resolve("my plugin.jar"));
    Outcome outcome =
        run(link, Map.of("LLM4MSR_CLASSPATH", mine.toString()), "train", "my file.yaml");

    assertThat(outcome.code()).isZero();
    assertThat(outcome.out().lines())
        .contains(
            "[@" + root.toRealPath() + "/jvm.options]",
            "[-Dllm4msr.plugins=%1$s/plugins:%1$s/plugins-llama-cpp/target/launcher/plugins]"
                .formatted(root.toRealPath()),
            "[%s:%s:%s]".formatted(firstJar, secondJar, mine),
            "[org.llm4msr.cli.Main]",
            "[train]",
            "[my file.yaml]",
            "OMP_WAIT_POLICY=PASSIVE DJL_OFFLINE=true",
            "GLIBC_TUNABLES=glibc.malloc.hugetlb=1");
  }

  @Test
  void runsTheJarsOfAnArchiveAndBuildsNothing() throws Exception {
    Path archive = folder.toRealPath().resolve("an archive");
    Path launcher = Files.createDirectories(archive.resolve("bin")).resolve("llm4msr");
    Files.copy(root.resolve("llm4msr"), launcher, StandardCopyOption.COPY_ATTRIBUTES);
    Path lib = Files.createDirectory(archive.resolve("lib"));
    Path first = Files.createFile(lib.resolve("first.jar"));
    Path second = Files.createFile(lib.resolve("second.jar"));

    Outcome outcome = run(launcher, Map.of(), "--help");

    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.out().lines())
        .contains("[@" + archive + "/jvm.options]", "[%s:%s]".formatted(first, second));
    assertThat(archive).isDirectoryNotContaining("glob:**/dist");
  }

  @Test
  void leavesWhatTheUserSetInTheEnvironment() throws Exception {
    Map<String, String> set = Map.of("OMP_WAIT_POLICY", "ACTIVE", "GLIBC_TUNABLES", "");
    Outcome outcome = run(root.resolve("llm4msr"), set, "--help");
    assertThat(outcome.out()).contains("OMP_WAIT_POLICY=ACTIVE", "GLIBC_TUNABLES=\n");
  }

  @ParameterizedTest
  @CsvSource({"C, C.UTF-8", "'', C.UTF-8", "de_DE.utf8, de_DE.utf8", "zh_CN.UTF-8, zh_CN.UTF-8"})
  void namesFilesInUnicodeWhateverTheLocale(String set, String used) throws Exception {
    Map<String, String> environment = Map.of("LC_ALL", set, "LC_CTYPE", "", "LANG", "");
    assertThat(run(root.resolve("llm4msr"), environment, "--help").out())
        .contains("LC_ALL=" + used + "\n");
  }

  @Test
  void refusesAClassPathWithHoles() throws Exception {
    Path launcher = root.resolve("llm4msr");
    Outcome outcome = run(launcher, Map.of("LLM4MSR_CLASSPATH", firstJar + ":/no.jar"), "--help");
    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.err()).contains("LLM4MSR_CLASSPATH names /no.jar");

    Files.delete(secondJar);
    outcome = run(launcher, Map.of(), "--help");
    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.err()).contains(secondJar + ", which llm4msr needs, does not exist");
  }

  @Test
  void refusesAnOldJava() throws Exception {
    java("11.0.2");
    Outcome outcome = run(root.resolve("llm4msr"), Map.of(), "--help");
    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.err()).contains("is Java 11; 17 or newer is needed");
  }

  @Test
  void tellsWhatAJavaSaysThatFails() throws Exception {
    Checkout.script(
        folder.resolve("jdk/bin/java"), "#!/bin/sh\necho 'no libjvm.so here' >&2; exit 1\n");
    Outcome outcome = run(root.resolve("llm4msr"), Map.of(), "--help");
    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.err())
        .contains("llm4msr: `" + folder + "/jdk/bin/java -version` failed: no libjvm.so here. Fix");
  }

  /** With it, cd prints the folder that it found. */
  @Test
  void aSearchPathOfTheShellChangesNothing() throws Exception {
    Path launcher = Path.of("with space/checkout/llm4msr");
    Outcome outcome = run(launcher, Map.of("CDPATH", folder.toString()), "--help");
    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.out().lines()).contains("[@" + root.toRealPath() + "/jvm.options]");
  }

  /** Of what libraries do with memory and native code, which later releases are to forbid. */
  @ParameterizedTest
  @CsvSource({"17.0.9, false", "21.0.5, false", "24, true", "25.0.1, true"})
  void tellsANewJavaWhatItNeedNotWarnOf(String version, boolean hasOptions) throws Exception {
    java(version);
    String out = run(root.resolve("llm4msr"), Map.of(), "--help").out();
    List<String> options =
        List.of("[--enable-native-access=ALL-UNNAMED]", "[--sun-misc-unsafe-memory-access=allow]");
    assertThat(out.lines().filter(options::contains).toList())
        .isEqualTo(hasOptions ? options : List.of());
  }

  @Test
  void refusesAnotherPlatformThanItIsBuiltFor() throws Exception {
    Path bin = Files.createDirectories(folder.resolve("bin"));
    Checkout.script(
        bin.resolve("uname"), "#!/bin/sh\n[ \"$1\" = -s ] && echo Darwin || echo arm64\n");
    Outcome outcome = run(root.resolve("llm4msr"), path(bin), "--help");
    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.err()).contains("built for linux-x86_64", "this is osx-aarch64");

    Files.writeString(
        root.resolve("dist/target/launcher/dependencies.txt"), "native-osx-aarch64.jar");
    outcome = run(root.resolve("llm4msr"), path(bin), "--help");
    assertThat(outcome.code()).as(outcome.err()).isZero();
    // No JVM but that of Linux knows -XX:+UseTransparentHugePages of jvm.options.
    assertThat(outcome.out().lines()).contains("[-XX:+IgnoreUnrecognizedVMOptions]");
  }

  @Test
  void buildsWhatIsOlderThanItsSourcesAndSaysWhyThatFailed() throws Exception {
    Files.writeString(root.resolve("api/pom.xml"), "<!-- changed -->");
    Files.setLastModifiedTime(
        root.resolve("api/pom.xml"), FileTime.from(Instant.now().plusSeconds(60)));
    Path bin = Files.createDirectories(folder.resolve("bin"));
    Checkout.script(bin.resolve("mvn"), "#!/bin/sh\necho '[ERROR] no such artifact'\nexit 1\n");

    Outcome outcome = run(root.resolve("llm4msr"), path(bin), "--help");

    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.err())
        .contains("llm4msr: building", "build.log", "[ERROR] no such artifact", "the build failed");
    assertThat(outcome.out()).isEmpty();
  }

  /** With the tools of a system that is not GNU's, too. */
  @Test
  void runsTheJarThatItBuiltAmongThoseOfOtherVersions() throws Exception {
    Path target = root.resolve("dist/target/launcher");
    Files.delete(target.resolve("classpath.txt"));
    for (String name : List.of("0.1.0", "0.3.0")) {
      Path old = Files.createFile(target.resolve("llm4msr-dist-" + name + ".jar"));
      Files.setLastModifiedTime(old, FileTime.from(Instant.parse("2020-01-01T00:00:00Z")));
    }
    Path built = target.resolve("llm4msr-dist-0.2.0.jar");
    Path bin = Files.createDirectories(folder.resolve("bin"));
    Checkout.script(
        bin.resolve("mvn"),
        "#!/bin/sh\ntouch '%s'; printf %%s '%s' > '%s'\n"
            .formatted(built, firstJar, target.resolve("dependencies.txt")));
    Checkout.script(
        bin.resolve("find"),
        """
        #!/bin/sh
        case " $* " in *" -printf "*) echo "find: -printf: unknown primary or operator" >&2; exit 1 ;; esac
        PATH=${PATH#*:}; exec find "$@"
        """);

    Outcome outcome = run(root.resolve("llm4msr"), path(bin), "--help");

    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.out().lines()).contains("[%s:%s]".formatted(built.toRealPath(), firstJar));
  }

  private static Map<String, String> path(Path first) {
    return Map.of("PATH", first + ":" + System.getenv("PATH"));
  }

  private void java(String version) throws IOException {
    Path bin = Files.createDirectories(folder.resolve("jdk/bin"));
    Checkout.script(bin.resolve("java"), JAVA.formatted(version));
  }

  private record Outcome(int code, String out, String err) {}

  private Outcome run(Path launcher, Map<String, String> environment, String... arguments)
      throws Exception {
    ProcessBuilder builder = new ProcessBuilder();
    builder.command().add(launcher.toString());
    builder.command().addAll(java.util.List.of(arguments));
    builder.directory(folder.toFile());
    builder.environment().remove("OMP_WAIT_POLICY");
    builder.environment().remove("DJL_OFFLINE");
    builder.environment().remove("GLIBC_TUNABLES");
    builder.environment().put("JAVA_HOME", folder.resolve("jdk").toString());
    builder.environment().putAll(environment);
    Path out = folder.resolve("stdout");
    Path err = folder.resolve("stderr");
    builder.redirectOutput(out.toFile()).redirectError(err.toFile());
    Process process = builder.start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return new Outcome(
        process.exitValue(), Files.readString(out, UTF_8), Files.readString(err, UTF_8));
  }
}
