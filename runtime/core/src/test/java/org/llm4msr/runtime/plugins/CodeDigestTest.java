package org.llm4msr.runtime.plugins;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CodeDigestTest {

  @TempDir Path root;

  @Test
  void anotherBuildOfTheSameSourcesHasTheSameDigest() throws IOException {
    Path first = plugin("first").jar(root.resolve("first/one/one.jar")).build();
    Path second = root.resolve("second/one/renamed-1.1.jar");
    repack(first, second);

    assertThat(digest("second")).isEqualTo(digest("first")).hasSize(64);
    assertThat(Files.size(second)).isNotEqualTo(Files.size(first));
  }

  @Test
  void anotherConstantInTheCodeIsAnotherDigest() {
    plugin("first").jar(root.resolve("first/one/one.jar")).build();
    plugin("other").jar(root.resolve("second/one/one.jar")).build();

    assertThat(digest("second")).isNotEqualTo(digest("first"));
  }

  @Test
  void aPrivateLibraryCountsByNamesAndContents() {
    for (String folder : List.of("none", "same", "again", "content", "name")) {
      plugin("x").jar(root.resolve(folder + "/one/one.jar")).build();
    }
    TestJar.at(root.resolve("same/one/lib.jar")).entry("lib/table.txt", "1").build();
    TestJar.at(root.resolve("again/one/lib-2.jar")).entry("lib/table.txt", "1").build();
    TestJar.at(root.resolve("content/one/lib.jar")).entry("lib/table.txt", "2").build();
    TestJar.at(root.resolve("name/one/lib.jar")).entry("lib/other.txt", "1").build();

    assertThat(digest("again")).isEqualTo(digest("same"));
    assertThat(List.of(digest("none"), digest("same"), digest("content"), digest("name")))
        .doesNotHaveDuplicates();
  }

  @Test
  void isTheStatedFormula() throws Exception {
    Path jar = plugin("x").jar(root.resolve("first/one/one.jar")).build();
    List<String> lines = new ArrayList<>();
    try (JarFile file = new JarFile(jar.toFile())) {
      for (ZipEntry entry : Collections.list(file.entries())) {
        if (!entry.getName().equals("META-INF/MANIFEST.MF")) {
          byte[] content = file.getInputStream(entry).readAllBytes();
          lines.add(entry.getName() + " " + sha256(content));
        }
      }
    }
    Collections.sort(lines);

    assertThat(digest("first")).isEqualTo(sha256(String.join("\n", lines).getBytes(UTF_8)));
  }

  private static String sha256(byte[] content) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
  }

  private static TestFactory plugin(String constant) {
    return TestFactory.named("One", "one").template("\"" + constant + "\"");
  }

  private String digest(String plugins) {
    PluginRegistry registry =
        PluginRegistry.load(getClass().getClassLoader(), List.of(root.resolve(plugins)));
    return PluginStamp.of(
            PluginKind.PROMPT_BUILDER, "one", registry.factory(PluginKind.PROMPT_BUILDER, "one"))
        .digest();
  }

  /** Packs the entries in the opposite order, not compressed, of another time, in Maven's way. */
  private static void repack(Path jar, Path target) throws IOException {
    Files.createDirectories(target.getParent());
    try (JarFile in = new JarFile(jar.toFile());
        ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(target))) {
      out.setLevel(0);
      List<ZipEntry> entries = new ArrayList<>(Collections.list(in.entries()));
      Collections.reverse(entries);
      put(out, "META-INF/maven/g/a/pom.properties", "version=1.1".getBytes(UTF_8));
      for (ZipEntry entry : entries) {
        byte[] content = in.getInputStream(entry).readAllBytes();
        boolean manifest = entry.getName().equals(JarFile.MANIFEST_NAME);
        put(
            out,
            entry.getName(),
            manifest ? new String(content, UTF_8).replace("3.2", "3.3").getBytes(UTF_8) : content);
      }
    }
  }

  private static void put(ZipOutputStream out, String name, byte[] content) throws IOException {
    ZipEntry entry = new ZipEntry(name);
    entry.setTime(1_000_000_000_000L);
    out.putNextEntry(entry);
    out.write(content);
  }
}
