package org.llm4msr.runtime.plugins;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.llm4msr.api.SpiVersion;

/** A jar that a test compiles and packs, so that it can be wrong in its own way. */
public final class TestJar {

  private final Path file;
  private final Map<String, String> sources = new TreeMap<>();
  private final Map<String, byte[]> entries = new TreeMap<>();
  private final List<String> options = new ArrayList<>(List.of("-proc:none"));
  private String classPath = System.getProperty("java.class.path");
  private final Map<String, String> attributes = new TreeMap<>();
  private String spi = SpiVersion.CURRENT.toString();

  private TestJar(Path file) {
    this.file = file;
  }

  public static TestJar at(Path file) {
    return new TestJar(file);
  }

  /** Adds a class. */
  public TestJar source(String className, String source) {
    sources.put(className, source);
    return this;
  }

  public TestJar entry(String name, String content) {
    entries.put(name, content.getBytes(StandardCharsets.UTF_8));
    return this;
  }

  public TestJar service(Class<?> service, String providers) {
    return entry("META-INF/services/" + service.getName(), providers);
  }

  /** States another SPI version; an empty text states none. */
  public TestJar spi(String version) {
    spi = version;
    return this;
  }

  /** Adds a line to the manifest. */
  public TestJar manifest(String name, String value) {
    attributes.put(name, value);
    return this;
  }

  /** Compiles against another jar as well. */
  public TestJar with(Path jar) {
    classPath += ":" + jar;
    return this;
  }

  /** Leaves classes of the sources out. */
  public TestJar without(String className) {
    entries.put(className, new byte[0]);
    return this;
  }

  public Path build() {
    try {
      Path work = Files.createTempDirectory(Files.createDirectories(file.getParent()), ".work");
      compile(work);
      write(work.resolve("classes"));
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void compile(Path work) throws IOException {
    Path classes = Files.createDirectories(work.resolve("classes"));
    if (sources.isEmpty()) {
      return;
    }
    options.addAll(List.of("-cp", classPath, "-d", classes.toString()));
    for (Map.Entry<String, String> source : sources.entrySet()) {
      Path java = work.resolve(source.getKey().replace('.', '/') + ".java");
      Files.createDirectories(java.getParent());
      options.add(Files.writeString(java, source.getValue()).toString());
    }
    int outcome =
        ToolProvider.getSystemJavaCompiler().run(null, null, null, options.toArray(String[]::new));
    assertThat(outcome).as("compilation of %s", file).isZero();
  }

  private void write(Path classes) throws IOException {
    Manifest manifest = new Manifest();
    Attributes main = manifest.getMainAttributes();
    main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    main.put(Attributes.Name.IMPLEMENTATION_VERSION, "3.2");
    if (!spi.isEmpty()) {
      main.putValue(SpiVersion.MANIFEST_ENTRY, spi);
    }
    attributes.forEach(main::putValue);
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(file), manifest);
        Stream<Path> compiled = Files.walk(classes)) {
      for (Path classFile : compiled.filter(Files::isRegularFile).toList()) {
        String name = classes.relativize(classFile).toString();
        if (!entries.containsKey(name.replace(".class", "").replace('/', '.'))) {
          put(out, name, Files.readAllBytes(classFile));
        }
      }
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        if (entry.getValue().length > 0) {
          put(out, entry.getKey(), entry.getValue());
        }
      }
    }
  }

  private static void put(JarOutputStream out, String name, byte[] content) throws IOException {
    out.putNextEntry(new JarEntry(name));
    out.write(content);
  }

  /**
   * Signs a jar.
   *
   * @param store gets the key
   */
  static void sign(Path jar, Path store) throws Exception {
    String key = "-genkeypair -alias me -keyalg EC -dname CN=me -storepass secret -keystore";
    tool("keytool", key, store.toString());
    tool("jarsigner", "-storepass secret -keystore", store.toString(), jar.toString(), "me");
  }

  /** Runs a program of the JDK; its first options stand in one text. */
  private static void tool(String name, String options, String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", name).toString());
    command.addAll(List.of(options.split(" ")));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
  }
}
