package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.inject.Guice;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.experiment.Experiments;
import org.llm4msr.runtime.experiment.RuntimeModule;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;
import org.llm4msr.runtime.plugins.PluginRegistry;

/**
 * An archive that Spark sends to executors, which have nothing else. It has the form of the one
 * that is distributed: jars in {@code lib}, here links, and plugins in {@code plugins}.
 */
@Tag("cluster")
class SparkArchiveTest {

  private static final String TOP = "llm4msr-1";

  @TempDir Path folder;

  @Test
  void executorsTakeRuntimeAndPluginsFromTheArchive() throws Exception {
    SmallShop shop = SmallShop.write(folder, 5, 200, 2000, 60, List.of("feed", "search"));
    PlacedEncoder.install(folder.resolve("mine"));
    Path plugins = folder.resolve("mine/plugins");
    Cli cli = new Cli(folder);
    SparkFolder.writeApplication(folder.resolve("checkout/spark/target/launcher/spark"));
    // The driver of an archive runs from the launcher's folder.
    Files.createSymbolicLink(folder.resolve("checkout/plugins"), plugins);
    List<Experiment> both = new ArrayList<>();
    for (String workspace : List.of("spark", "one")) {
      Experiment experiment = open(shop.experiment(), plugins, workspace);
      experiment.prepare(false, Progress.NONE);
      both.add(experiment);
    }
    both.get(1).extract(false, Progress.NONE);

    List<String> arguments = new ArrayList<>(List.of("spark", "extract"));
    arguments.add(shop.experiment().toString());
    arguments.addAll(List.of("-Dworkspace=spark", "-Dknowledge.encoder={name: placed}"));
    arguments.addAll(
        List.of("--master=local-cluster[1,1,1024]", "-Dspark.archive=" + archive(plugins)));
    SparkFolder.LOOPBACK.forEach(setting -> arguments.add("--conf=" + setting));
    Map<String, String> environment = SparkFolder.write(SharedFolder.make("llm4msr-spark-home"));
    Cli.Outcome outcome = cli.start(environment, arguments.toArray(String[]::new)).await();

    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(
            PlacedEncoder.answers(
                KnowledgeStore.open(folder.resolve("spark/knowledge")),
                KnowledgeStore.open(folder.resolve("one/knowledge"))))
        .allMatch(
            places ->
                places.matches(
                    "/\\S+/llm4msr/llm4msr-1/plugins/Placed/Placed.jar"
                        + " /\\S+/llm4msr/llm4msr-1/lib/\\S+"))
        .noneMatch(places -> places.contains(folder.resolve("image").toString()));
  }

  private static Experiment open(Path file, Path plugins, String workspace) {
    return Guice.createInjector(new RuntimeModule(PluginRegistry.load(List.of(plugins))))
        .getInstance(Experiments.class)
        .open(file, List.of("workspace=" + workspace, "knowledge.encoder={name: placed}"));
  }

  private Path archive(Path plugins) throws Exception {
    Path image = folder.resolve("image");
    Path lib = Files.createDirectories(image.resolve(TOP).resolve("lib"));
    int number = 0;
    for (String entry : Cli.classPath().split(File.pathSeparator)) {
      Path jar = lib.resolve("%04d.jar".formatted(++number));
      if (Files.isDirectory(Path.of(entry))) {
        pack(Path.of(entry), jar);
      } else {
        Files.createSymbolicLink(jar, Path.of(entry).toAbsolutePath());
      }
    }
    Path placed = Files.createDirectories(image.resolve(TOP).resolve("plugins/Placed"));
    Files.copy(plugins.resolve("Placed/Placed.jar"), placed.resolve("Placed.jar"));
    Path archive = folder.resolve("llm4msr.tar.gz");
    Process tar =
        new ProcessBuilder("tar", "-czf", archive.toString(), "-C", image.toString(), TOP)
            .inheritIO()
            .start();
    assertThat(tar.waitFor()).isZero();
    return archive;
  }

  private static void pack(Path classes, Path jar) throws IOException {
    try (OutputStream out = Files.newOutputStream(jar);
        JarOutputStream archive = new JarOutputStream(out);
        Stream<Path> files = Files.walk(classes)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        archive.putNextEntry(new JarEntry(classes.relativize(file).toString()));
        Files.copy(file, archive);
      }
    }
  }
}
