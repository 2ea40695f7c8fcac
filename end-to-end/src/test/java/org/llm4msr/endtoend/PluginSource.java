package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import javax.tools.ToolProvider;

/** Plugins that a test writes as source. */
final class PluginSource {

  private PluginSource() {}

  /**
   * Returns the source of a backbone without settings, whose sum of its input is weighted.
   *
   * @param name of the class; the plugin's is the same in lower case
   * @param begin a statement that {@code create} begins with, or nothing
   * @param logit an expression of {@code sums}, (B)
   */
  static String sumOfInput(String name, String begin, String logit) {
    return """
        import ai.djl.ndarray.NDArray;
        import ai.djl.ndarray.types.Shape;
        import org.llm4msr.api.Plugin;
        import org.llm4msr.api.model.*;

        @Plugin(name = "PLUGIN", description = "A weighted sum of its input")
        public final class NAME implements BackboneFactory<NAME.None> {
          public record None() {}

          public Class<None> configType() {
            return None.class;
          }

          public boolean hasHidden(None config) {
            return false;
          }

          public Backbone create(None config, ModelContext context) {
            BEGIN
            Shape shape = new Shape(context.layout().width(), 1);
            Parameter weight = context.parameter("weight", shape, Initializer.zeros(), Decay.YES);
            return new Backbone() {
              public int hiddenSize() {
                return 0;
              }

              public BackboneOutput forward(Pass pass, Features features) {
                NDArray sums = features.flat().matMul(weight.array()).squeeze(-1);
                return new BackboneOutput(null, LOGIT);
              }
            };
          }
        }
        """
        .replace("PLUGIN", name.toLowerCase(Locale.ROOT))
        .replace("NAME", name)
        .replace("BEGIN", begin)
        .replace("LOGIT", logit);
  }

  /**
   * Compiles a class and packs it into a plugin folder.
   *
   * @param folder gets the plugin folder {@code plugins}
   * @param name of the class
   */
  static void install(Path folder, String name, String source) throws IOException {
    install(folder, name, List.of(Files.writeString(folder.resolve(name + ".java"), source)));
  }

  /**
   * Compiles files and packs their classes into a plugin folder.
   *
   * @param folder gets the plugin folder {@code plugins}
   * @param name of the plugin's folder and jar
   */
  static void install(Path folder, String name, List<Path> files) throws IOException {
    Path classes = Files.createDirectories(folder.resolve("classes"));
    List<String> options = new ArrayList<>();
    options.add("-processorpath"); // From Java 23 on, processors of the class path run if named.
    options.add(System.getProperty("java.class.path"));
    options.addAll(List.of("-d", classes.toString()));
    files.forEach(file -> options.add(file.toString()));
    int outcome =
        ToolProvider.getSystemJavaCompiler().run(null, null, null, options.toArray(String[]::new));
    assertThat(outcome).isZero();
    Path target = Files.createDirectories(folder.resolve("plugins").resolve(name));
    pack(classes, target.resolve(name + ".jar"));
  }

  private static void pack(Path classes, Path jar) throws IOException {
    Path manifest = classes.resolve("META-INF/MANIFEST.MF");
    try (InputStream described = Files.newInputStream(manifest);
        JarOutputStream out =
            new JarOutputStream(Files.newOutputStream(jar), new Manifest(described));
        Stream<Path> files = Files.walk(classes)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (!file.equals(manifest)) {
          out.putNextEntry(new JarEntry(classes.relativize(file).toString()));
          Files.copy(file, out);
        }
      }
    }
  }
}
