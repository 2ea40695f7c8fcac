package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Each public type that authors of plugins may ever have imported is there, or the table of moved
 * types in CHANGELOG.md says where it is now. With {@code -Dreference.write} new types are added to
 * {@code public-types.txt}, from which none is ever removed.
 */
class PublicTypesTest {

  private static final Pattern PUBLIC =
      Pattern.compile(
          "(?m)^public (?:(?:abstract|final|sealed|non-sealed) )*(?:@?interface|class|record|enum) ");

  private static final Pattern ROW =
      Pattern.compile(
          "\\| `(org\\.llm4msr\\.[\\w.]+)` \\| (?:`(org\\.llm4msr\\.[\\w.]+)`|gone: .+?) \\| `(llm4msr-[\\w-]+)` \\|");

  private static final Path KNOWN =
      Modules.ROOT.resolve("end-to-end/src/test/resources/public-types.txt");

  /** Where a type is now; no type where it is gone. */
  private record Line(String now, String artifact) {}

  @Test
  void aPublicTypeThatIsNoLongerThereHasALine() throws IOException {
    Set<String> gone = new TreeSet<>(Files.readAllLines(KNOWN));
    gone.removeAll(forAuthors());

    assertThat(table().keySet())
        .as(
            "a change that moves or removes a public type adds its line to CHANGELOG.md, Moved types")
        .containsAll(gone);
  }

  @Test
  void everyPublicTypeIsKnown() throws IOException {
    Set<String> known = new TreeSet<>(Files.readAllLines(KNOWN));
    Set<String> present = forAuthors();
    if (Boolean.getBoolean("reference.write")) {
      known.addAll(present);
      Files.write(KNOWN, known);
    }

    assertThat(known)
        .as(
            "public-types.txt lacks new types; add them: mvn test -pl end-to-end -am"
                + " -Dsurefire.failIfNoSpecifiedTests=false -Dtest=PublicTypesTest"
                + " -Dreference.write")
        .containsAll(present);
  }

  @Test
  void everyLineLeadsToATypeOfItsArtifact() throws IOException {
    Map<String, String> artifacts = artifacts();
    assertThat(table()).hasSizeGreaterThan(50);
    table()
        .forEach(
            (before, line) -> {
              assertThat(artifacts).as("moved").doesNotContainKey(before);
              assertThat(artifacts).as(before).containsValue(line.artifact());
              if (!line.now().isEmpty()) {
                assertThat(artifacts).as(before).containsEntry(line.now(), line.artifact());
              }
            });
  }

  private static Map<String, Line> table() throws IOException {
    String page = Files.readString(Modules.ROOT.resolve("CHANGELOG.md"));
    Map<String, Line> lines = new TreeMap<>();
    Matcher row = ROW.matcher(page);
    while (row.find()) {
      lines.put(row.group(1), new Line(row.group(2) == null ? "" : row.group(2), row.group(3)));
    }
    return lines;
  }

  /** Returns the public types of the SPI, the processor, the kit and the toolkit. */
  private static Set<String> forAuthors() throws IOException {
    Set<String> types = new TreeSet<>();
    for (String module : modules()) {
      if (module.matches("api|processor|tck|toolkit/.*")) {
        types.addAll(types(module));
      }
    }
    return types;
  }

  /** Returns the artifact of each public type. */
  private static Map<String, String> artifacts() throws IOException {
    Map<String, String> artifacts = new TreeMap<>();
    for (String module : modules()) {
      String pom = Files.readString(Modules.ROOT.resolve(module).resolve("pom.xml"));
      String own = pom.substring(pom.indexOf("</parent>"));
      String artifact = own.replaceFirst("(?s).*?<artifactId>(.*?)</artifactId>.*", "$1");
      types(module).forEach(type -> artifacts.put(type, artifact));
    }
    return artifacts;
  }

  private static Set<String> modules() {
    return Modules.names().stream()
        .filter(module -> Files.isDirectory(sources(module)))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Path sources(String module) {
    return Modules.ROOT.resolve(module).resolve("src/main/java");
  }

  private static Set<String> types(String module) throws IOException {
    Path sources = sources(module);
    Set<String> types = new TreeSet<>();
    try (Stream<Path> files = Files.walk(sources)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
        if (PUBLIC.matcher(Files.readString(file)).find()) {
          String name = sources.relativize(file).toString();
          types.add(name.substring(0, name.length() - ".java".length()).replace('/', '.'));
        }
      }
    }
    return types;
  }
}
