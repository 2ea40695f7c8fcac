package org.llm4msr.checking;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TimeZone;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.data.DatasetGeneratorFactory;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.api.features.FeatureSourceFactory;
import org.llm4msr.runtime.plugins.TestFactory;
import org.llm4msr.runtime.plugins.TestJar;
import org.llm4msr.runtime.plugins.check.CheckFinding;
import org.llm4msr.runtime.plugins.check.CheckStep;
import org.llm4msr.runtime.plugins.check.CheckStep.State;

class PluginChecksTest {

  private static final int JAVA_25 = 69;

  @TempDir Path root;

  @Test
  void aSoundPluginPassesEveryStep() throws IOException {
    Ranker.sound().jar(root.resolve("acme/acme.jar")).build();

    List<CheckStep> steps = check(root, null);

    assertThat(steps).allSatisfy(step -> assertThat(step.findings()).as(step.name()).isEmpty());
    assertThat(steps)
        .extracting(CheckStep::name)
        .containsExactly("jars", "plugins", "linkage", "settings", "creation", "rules");
    assertThat(step(steps, "linkage").detail()).startsWith("3 classes of the plugin");
    assertThat(step(steps, "creation").detail()).contains("48 rows scored", "training step");
    assertThat(step(steps, "rules").detail())
        .matches("3\\d of \\d\\d rules kept, 0 broken, \\d not run");
    assertThat(step(steps, "rules").notes()).anyMatch(note -> note.contains("--slow runs them"));
  }

  @Test
  void oneFolderOfJarsIsCheckedAsItIs() throws IOException {
    Ranker.sound().jar(root.resolve("acme/acme.jar")).build();

    List<CheckStep> steps = check(root.resolve("acme"), null);

    assertThat(findings(steps)).isEmpty();
    assertThat(step(steps, "rules").subject()).isEqualTo("backbone acme");
  }

  @Test
  void findsBytesThatChangedInsideAJar() throws IOException {
    Path jar = Ranker.sound().jar(root.resolve("acme/acme.jar")).build();
    Ranker.change(jar, "", content -> content);
    Ranker.flip(jar, "A linear model", "A linear m0del"); // Java loads the class.

    List<CheckStep> steps = check(root, null);

    assertThat(step(steps, "linkage").state()).isEqualTo(State.SKIPPED);
    assertThat(findings(steps))
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.code()).isEqualTo("plugin/CORRUPT_JAR");
              assertThat(finding.what()).contains("an entry is damaged: its checksum is");
              assertThat(finding.where()).isEqualTo(jar + ", com/acme/RankerFactory.class");
            });
  }

  @Test
  void findsALibraryThatOnlyForwardNeeds() throws IOException {
    Path library =
        TestJar.at(root.resolve("library.jar"))
            .source(
                "lib.Maths",
                "package lib; public class Maths {"
                    + " public static <T> T same(T x) { return x; } }")
            .build();
    Path jar =
        Ranker.sound()
            .logit("lib.Maths.same(y)")
            .jar(root.resolve("plugins/acme/acme.jar"))
            .with(library)
            .build();

    List<CheckStep> steps = check(jar.getParent().getParent(), null);

    assertThat(step(steps, "linkage").findings())
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.code()).isEqualTo("plugin/MISSING_CLASS");
              assertThat(finding.what()).isEqualTo("the class lib.Maths is missing");
              assertThat(finding.where())
                  .isEqualTo("com.acme.Ranker.forward (Ranker.java:12) in acme.jar");
              assertThat(finding.wayOut())
                  .contains("Put the jar that holds it beside the plugin's");
            });
    assertThat(step(steps, "creation").findings())
        .extracting(CheckFinding::code)
        .containsExactly("plugin/MISSING_CLASS");
    assertThat(step(steps, "rules").notes()).anyMatch(n -> n.contains("cannot be created"));
  }

  @Test
  void findsAMethodThatAnotherVersionOfALibraryHas() throws IOException {
    Path library = root.resolve("acme/lib.jar");
    String source = "package lib; public class Maths { public static <T> T %s(T x) { return x; } }";
    TestJar.at(library).source("lib.Maths", source.formatted("same")).build();
    Ranker.sound()
        .logit("lib.Maths.same(y)")
        .jar(root.resolve("acme/acme.jar"))
        .with(library)
        .build();
    TestJar.at(library).source("lib.Maths", source.formatted("identity")).build();

    assertThat(step(check(root, null), "linkage").findings())
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.code()).isEqualTo("plugin/LINKAGE");
              assertThat(finding.what())
                  .isEqualTo(
                      "lib.Maths has no method same(java.lang.Object) that returns"
                          + " java.lang.Object");
            });
  }

  @Test
  void findsClassesOfANewerJavaInTheModelAlone() throws IOException {
    Path jar = Ranker.sound().jar(root.resolve("acme/acme.jar")).build();
    Ranker.change(
        jar,
        Ranker.MODEL,
        content -> {
          content[7] = JAVA_25;
          return content;
        });

    assertThat(step(check(root, null), "linkage").findings())
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.code()).isEqualTo("plugin/JAVA_VERSION");
              assertThat(finding.what())
                  .startsWith(
                      "the class com.acme.Ranker was compiled for Java 25 and this is Java");
              assertThat(finding.where()).isEqualTo("com.acme.Ranker in acme.jar");
            });
  }

  /** A library's own library that is missing counts where the plugin gets there. */
  @Test
  void tellsWhatALibraryNeedsFromWhatItMayDoWithout() throws IOException {
    Path others =
        TestJar.at(root.resolve("others.jar"))
            .source("deep.Needed", "package deep; public class Needed { public void run() {} }")
            .source("logs.Log", "package logs; public class Log { public void info() {} }")
            .source("asked.Extra", "package asked; public class Extra { public void run() {} }")
            .build();
    Path library =
        TestJar.at(root.resolve("plugins/acme/lib.jar"))
            .source(
                "lib.Maths",
                """
                package lib;
                import java.util.function.Supplier;
                public class Maths {
                  public static <T> T same(T x) {
                    Supplier<T> task = new Deep<>(x);
                    if (isThere()) { new asked.Extra().run(); }
                    try { new logs.Log().info(); } catch (NoClassDefFoundError e) { }
                    return task.get();
                  }
                  static boolean isThere() {
                    try { Class.forName("asked.Extra"); return true; } catch (ClassNotFoundException e) { return false; }
                  }
                }
                """)
            .source(
                "lib.Deep",
                """
                package lib;
                class Deep<T> implements java.util.function.Supplier<T> {
                  private final T x;
                  Deep(T x) { this.x = x; }
                  public T get() { new deep.Needed().run(); return x; }
                }
                """)
            .source(
                "lib.Unused",
                "package lib; public class Unused { public void log() { new logs.Log().info(); } }")
            .with(others)
            .build();
    Ranker.sound()
        .logit("lib.Maths.same(y)")
        .jar(root.resolve("plugins/acme/acme.jar"))
        .with(library)
        .build();

    CheckStep linkage = step(check(root.resolve("plugins"), null), "linkage");

    assertThat(linkage.findings())
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.what()).isEqualTo("the class deep.Needed is missing");
              assertThat(finding.where())
                  .startsWith(
                      "lib.Deep.get (Deep.java:5) in lib.jar, reached from"
                          + " com.acme.Ranker.forward (Ranker.java:12) in acme.jar");
            });
    assertThat(linkage.notes())
        .singleElement()
        .asString()
        .startsWith("lib.jar: ")
        .endsWith(": asked.Extra, logs.Log");
  }

  @Test
  void whatAPluginBreaksIsNamedByRule() throws IOException {
    Ranker.sound().logit("y.expandDims(-1)").jar(root.resolve("acme/acme.jar")).build();

    assertThat(step(check(root, null), "rules").findings())
        .extracting(CheckFinding::code)
        .contains("BACKBONE-01");
  }

  @Test
  void anotherDefaultLocaleIsFoundAndPutBack() throws IOException {
    Locale before = Locale.getDefault();
    Ranker.sound()
        .logit(
            """
            java.util.Optional.of(y).map(same -> {
              java.util.Locale.setDefault(java.util.Locale.forLanguageTag("ar-EG"));
              return same;
            }).get()""")
        .jar(root.resolve("acme/acme.jar"))
        .build();

    List<CheckStep> steps = check(root, null);

    assertThat(Locale.getDefault()).isEqualTo(before);
    assertThat(step(steps, "creation").detail())
        .isEqualTo("created; 48 rows scored, and one training step");
    assertThat(step(steps, "rules").detail()).matches("\\d+ of \\d+ rules kept, .*");
    for (String name : List.of("creation", "rules")) {
      assertThat(step(steps, name).findings())
          .singleElement()
          .satisfies(
              finding -> {
                assertThat(finding.code()).isEqualTo("GUARD-06");
                assertThat(finding.what()).contains("ar-EG in place of " + before.toLanguageTag());
                assertThat(finding.wayOut()).contains("never call Locale.setDefault");
              });
    }
  }

  /** It does so once, before any rule. */
  @Test
  void aFactoryThatSetsTheTimeZoneIsNamedByItsFolder() throws IOException {
    TimeZone before = TimeZone.getDefault();
    TestFactory.named("First", "first").jar(root.resolve("first/first.jar")).build();
    TestFactory.named("Words", "words")
        .member("static { java.util.TimeZone.setDefault(new java.util.SimpleTimeZone(1, \"x\")); }")
        .jar(root.resolve("words/words.jar"))
        .build();

    List<CheckStep> steps = check(root, null);

    assertThat(TimeZone.getDefault()).isEqualTo(before);
    assertThat(steps)
        .filteredOn(
            step -> step.findings().stream().anyMatch(found -> found.code().equals("GUARD-07")))
        .singleElement()
        .satisfies(
            step -> {
              assertThat(step.folder()).isEqualTo("words");
              assertThat(step.name()).isEqualTo("plugins");
            });
  }

  @Test
  void aLibraryThatIsIgnoredIsANote() throws IOException {
    TestFactory.named("Words", "words")
        .jar(root.resolve("words/words.jar"))
        .source("ai.djl.Device", "package ai.djl; public class Device {}")
        .build();

    assertThat(step(check(root, null), "plugins").notes())
        .singleElement()
        .asString()
        .contains("holds copies of ai.djl (words.jar), which are ignored");
  }

  /** The check does not know what the plugin's test waives. */
  @Test
  void whatAPluginShouldKeepIsANote() throws IOException {
    Ranker.sound().logit("y.mul(0.5)").jar(root.resolve("acme/acme.jar")).build();

    CheckStep rules = step(check(root, null), "rules");

    assertThat(rules.findings()).isEmpty();
    assertThat(rules.notes())
        .anyMatch(note -> note.contains("MODEL-25") && note.contains("[Ranker.java:12]"));
  }

  @Test
  void settingsWithoutADefaultComeFromAnExperiment() throws IOException {
    Ranker.sound()
        .settings(
            "@Setting(\"A bias\") boolean bias, @Setting(\"Sizes\") java.util.List<Integer> sizes")
        .jar(root.resolve("plugins/acme/acme.jar"))
        .build();

    List<CheckStep> without = check(root.resolve("plugins"), null);
    assertThat(step(without, "settings").findings())
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.code()).isEqualTo("config/INVALID");
              assertThat(finding.what()).contains("bias", "sizes");
              assertThat(finding.wayOut()).contains("--config FILE");
            });
    assertThat(step(without, "rules").state()).isEqualTo(State.SKIPPED);

    Path config =
        Files.writeString(
            root.resolve("shop.yaml"),
            """
            dataset: { name: raw, path: data }
            model: { backbone: { name: acme, bias: false, sizes: [3, 4] } }
            """);
    writeReader(
        "throw new MsrException(ErrorType.DATA, \"raw/NOTHING\", \"There is nothing in \" + context.folder() + \".\");");
    List<CheckStep> with = check(root.resolve("plugins"), config);
    assertThat(step(with, "backbone acme", "settings").detail()).isEqualTo("those of " + config);
    assertThat(step(with, "backbone acme", "rules").findings()).isEmpty();
    assertThat(step(with, "dataset reader raw", "creation").findings())
        .extracting(CheckFinding::code)
        .containsExactly("raw/NOTHING");
    assertThat(step(with, "dataset reader raw", "rules").notes())
        .anyMatch(note -> note.endsWith("they read sources that a test writes"));
  }

  /** An experiment needs a reader. */
  private void writeReader(String create) {
    TestJar.at(root.resolve("plugins/raw/raw.jar"))
        .source(
            "com.acme.raw.RawFactory",
            """
            package com.acme.raw;
            import org.llm4msr.api.*;
            import org.llm4msr.api.data.*;
            import java.nio.file.Path;
            import java.util.List;
            import org.apache.arrow.memory.BufferAllocator;
            import org.apache.arrow.vector.ipc.ArrowReader;
            import org.apache.arrow.vector.types.pojo.*;
            @Plugin(name = "raw", description = "Reads nothing")
            public final class RawFactory implements DatasetReaderFactory<RawFactory.Config> {
              public record Config() {}
              public Class<Config> configType() { return Config.class; }
              public DatasetReader create(Config config, DatasetContext context) {
                CREATE
              }
              private static final class Nothing implements DatasetReader {
                private static final Schema COLUMNS =
                    new Schema(List.of(Field.nullable("user", ArrowType.Utf8.INSTANCE)));
                public RawSchema schema() { throw new UnsupportedOperationException(); }
                public List<RawScenario> scenarios() { return List.of(); }
                public List<Path> sources() { return List.of(); }
                public ArrowReader open(RawTable table, BufferAllocator allocator) {
                  return new ArrowReader(allocator) {
                    public boolean loadNextBatch() { return false; }
                    public long bytesRead() { return 0; }
                    protected void closeReadSource() {}
                    protected Schema readSchema() { return COLUMNS; }
                  };
                }
                public void close() {}
              }
            }
            """
                .replace("CREATE", create))
        .service(DatasetReaderFactory.class, "com.acme.raw.RawFactory\n")
        .build();
  }

  /** A source that reads a file, and that no experiment can name. */
  private void writeSource() {
    TestJar.at(root.resolve("plugins/csv/csv.jar"))
        .source(
            "com.acme.csv.CsvFactory",
            """
            package com.acme.csv;
            import org.llm4msr.api.*;
            import org.llm4msr.api.features.*;
            import java.util.Map;
            import java.util.concurrent.*;
            @Plugin(name = "csv", description = "Knows nothing")
            public final class CsvFactory implements FeatureSourceFactory<CsvFactory.Config> {
              public record Config(@Setting("The file") String file) {}
              public Class<Config> configType() { return Config.class; }
              public FeatureSource create(Config config, FeatureContext context) {
                return new FeatureSource() {
                  public CompletionStage<FeatureValues> fetch(FeatureQuery query) {
                    return config.file().equals("users.csv")
                        ? CompletableFuture.completedFuture(new FeatureValues(
                            Map.of(), query.items().stream().map(item -> Map.<String, Object>of()).toList(), 0))
                        : CompletableFuture.failedFuture(new IllegalStateException("no " + config.file()));
                  }
                  public void close() {}
                };
              }
            }
            """)
        .service(FeatureSourceFactory.class, "com.acme.csv.CsvFactory\n")
        .build();
  }

  @Test
  void theSettingsOfASourceComeFromAServersFileOrFromOverrides() throws IOException {
    writeSource();
    Path plugins = root.resolve("plugins");
    Path config =
        Files.writeString(
            root.resolve("server.yaml"),
            """
            port: 9000
            models: { main: { bundle: nowhere } }
            features: { source: { name: csv, file: users.csv }, timeoutMillis: 5 }
            """);

    List<CheckStep> without = check(plugins, null);
    assertThat(step(without, "settings").findings().get(0).what())
        .contains("file (-D): is required but missing");
    assertThat(step(without, "settings").findings().get(0).wayOut())
        .isEqualTo(
            "Settings without a default come from an experiment or a server's file that names the"
                + " plugin (--config FILE), or from -D KEY=VALUE.");
    List<CheckStep> named = check(plugins, config);
    assertThat(findings(named)).isEmpty();
    assertThat(step(named, "settings").detail()).isEqualTo("those of " + config);
    assertThat(step(named, "creation").detail()).isEqualTo("created; it answered");
    List<CheckStep> given = check(plugins, null, "file=users.csv");
    assertThat(findings(given)).isEmpty();
    assertThat(step(given, "settings").detail()).isEqualTo("defaults, and -D");
    List<CheckStep> both = check(plugins, config, "file=other.csv");
    assertThat(step(both, "settings").detail()).isEqualTo("those of " + config + ", and -D");
    assertThat(step(both, "creation").detail())
        .isEqualTo("created; it failed: java.lang.IllegalStateException: no other.csv");
  }

  @Test
  void aPluginIsCheckedWithEachConfigurationThatNamesIt() throws IOException {
    writeSource();
    writeReader("return new Nothing();");
    Path shop = Files.writeString(root.resolve("e.yaml"), "dataset: { name: raw, path: data }");
    Path server = writeServer("users.csv");
    Path other = writeServer("other.csv");

    List<CheckStep> steps = checkWith(List.of(shop, server, other));

    assertThat(steps)
        .filteredOn(step -> step.name().equals("settings"))
        .extracting(CheckStep::subject, CheckStep::detail)
        .containsExactly(
            tuple("feature source csv", "those of " + server),
            tuple("feature source csv", "those of " + other),
            tuple("dataset reader raw", "those of " + shop));
    assertThat(steps)
        .filteredOn(step -> step.name().equals("creation"))
        .extracting(CheckStep::detail)
        .startsWith(
            "created; it answered",
            "created; it failed: java.lang.IllegalStateException: no other.csv");
  }

  private Path writeServer(String file) throws IOException {
    return Files.writeString(
        root.resolve(file + ".yaml"),
        "features: { source: { name: csv, file: %s } }".formatted(file));
  }

  @Test
  void noSettingsCountWhereAConfigurationCannotBeRead() throws IOException {
    writeSource();
    Path missing = root.resolve("missing.yaml");

    List<CheckStep> steps = checkWith(List.of(writeServer("users.csv"), missing));

    assertThat(step(steps, "config").detail()).isEqualTo("" + missing);
    assertThat(step(steps, "creation").state()).isEqualTo(State.SKIPPED);
  }

  @Test
  void aSettingThatNoPluginHasIsAFinding() throws IOException {
    writeSource();

    assertThat(findings(check(root.resolve("plugins"), null, "file=users.csv", "fil=x")))
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.code()).isEqualTo("check/NO_SETTING");
              assertThat(finding.where()).isEqualTo("-D fil=x");
            });
  }

  @Test
  void aPluginThatAServerNamesAndThatIsNotHereIsAFinding() throws IOException {
    writeSource();
    Path config =
        Files.writeString(root.resolve("server.yaml"), "features: { source: { name: cvs } }");

    assertThat(findings(check(root.resolve("plugins"), config)))
        .singleElement()
        .satisfies(
            finding -> assertThat(finding.what()).contains("features.source.name = cvs", "csv"));
  }

  @Test
  void runsWhatNeedsNoTestOfOtherKinds() throws IOException {
    TestFactory.named("Words", "words")
        .config("@Setting(value = \"A number\", defaultValue = \"1\") int x")
        .template("\"\" + 1")
        .jar(root.resolve("words/words.jar"))
        .build();

    List<CheckStep> steps = check(root, null);

    // Its builder refuses to write the prompt of a user.
    assertThat(step(steps, "creation").findings())
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.code()).isEqualTo("plugin/FAULT");
              assertThat(finding.what())
                  .contains(
                      "threw java.lang.UnsupportedOperationException\n  at plug.Words$1.userPrompt(Words.java:",
                      "It was about the user 'anna'.");
              assertThat(finding.where()).contains("plug.Words$1.userPrompt(Words.java:");
            });
    assertThat(step(steps, "rules").state()).isEqualTo(State.OK);
    assertThat(step(steps, "rules").notes())
        .anyMatch(note -> note.contains("it cannot be created and used"))
        .anyMatch(note -> note.startsWith("not run: PROMPT-23: it compares with other settings"));
  }

  @Test
  void aSoundGeneratorIsFoundSound() throws IOException {
    TestJar.at(root.resolve("plugins/clicks/clicks.jar"))
        .source(
            "com.acme.clicks.ClicksFactory",
            """
            package com.acme.clicks;
            import org.llm4msr.api.*;
            import org.llm4msr.api.data.*;
            @Plugin(name = "clicks", description = "Writes nothing")
            public final class ClicksFactory implements DatasetGeneratorFactory<ClicksFactory.Config> {
              public record Config() {}
              public Class<Config> configType() { return Config.class; }
              public DatasetGenerator create(Config config, DatasetContext context) {
                return progress -> {};
              }
            }
            """)
        .service(DatasetGeneratorFactory.class, "com.acme.clicks.ClicksFactory\n")
        .build();

    List<CheckStep> steps = check(root.resolve("plugins"), null);

    assertThat(findings(steps)).isEmpty();
    assertThat(step(steps, "creation").state()).isEqualTo(State.OK);
    assertThat(step(steps, "rules").notes())
        .containsExactly(
            "not run: RUN-01: it needs settings for a small log, which a test names",
            "not run: GENERATOR-01 to GENERATOR-14 (8): they need settings for logs of several"
                + " sizes, and the reader, which a test names");
  }

  @Test
  void aSoundReaderIsFoundSound() throws IOException {
    Ranker.sound().jar(root.resolve("plugins/acme/acme.jar")).build();
    writeReader("return new Nothing();");
    Path config =
        Files.writeString(
            root.resolve("shop.yaml"),
            """
            dataset: { name: raw, path: data }
            model: { backbone: { name: acme } }
            """);

    List<CheckStep> steps = check(root.resolve("plugins"), config);

    assertThat(step(steps, "dataset reader raw", "creation").detail())
        .startsWith("created; the first 0 interactions of");
    assertThat(step(steps, "dataset reader raw", "rules").findings()).isEmpty();
  }

  @Test
  void aFolderWithoutPluginsIsNoSoundOne() throws IOException {
    assertThat(findings(check(root, null)))
        .extracting(CheckFinding::code)
        .containsExactly("check/NO_PLUGINS");

    TestJar.at(root.resolve("empty/lib.jar")).source("lib.A", "package lib; class A {}").build();
    List<CheckStep> steps = check(root, null);
    assertThat(findings(steps))
        .extracting(CheckFinding::code)
        .containsExactly("plugin/NO_SERVICES");
    assertThat(step(steps, "linkage").state()).isEqualTo(State.SKIPPED);
  }

  private static List<CheckStep> check(Path folder, Path config, String... overrides)
      throws IOException {
    return check(folder, Stream.ofNullable(config).toList(), List.of(overrides));
  }

  private List<CheckStep> checkWith(List<Path> configs) throws IOException {
    return check(root.resolve("plugins"), configs, List.of());
  }

  private static List<CheckStep> check(Path folder, List<Path> configs, List<String> overrides)
      throws IOException {
    List<CheckStep> steps = new ArrayList<>();
    new PluginChecks(folder, configs, overrides, false, List.of()).run(steps::add);
    steps.removeIf(step -> step.state() == State.STARTED);
    return steps;
  }

  private static CheckStep step(List<CheckStep> steps, String name) {
    return steps.stream().filter(step -> step.name().equals(name)).findFirst().orElseThrow();
  }

  private static CheckStep step(List<CheckStep> steps, String subject, String name) {
    return step(steps.stream().filter(s -> s.subject().equals(subject)).toList(), name);
  }

  private static List<CheckFinding> findings(List<CheckStep> steps) {
    return steps.stream().flatMap(step -> step.findings().stream()).toList();
  }
}
