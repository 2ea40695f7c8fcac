package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The table of {@code docs/code-map.md} has the arrows of the architecture test and the
 * descriptions of the POMs. With {@code -Dreference.write} it is rewritten.
 */
class CodeMapTest {

  private static final String BEGIN = "<!-- modules: written by CodeMapTest -->\n";
  private static final String END = "<!-- end of modules -->\n";
  private static final Path PAGE = Modules.ROOT.resolve("docs/code-map.md");

  @Test
  void theMapIsThatOfTheArchitectureTest() throws IOException {
    String page = Files.readString(PAGE);
    String current =
        page.substring(0, page.indexOf(BEGIN) + BEGIN.length())
            + table(Pom.all())
            + page.substring(page.indexOf(END));
    if (Boolean.getBoolean("reference.write")) {
      Files.writeString(PAGE, current);
    }

    assertThat(Files.readString(PAGE))
        .as(
            "docs/code-map.md is stale; refresh it: mvn -pl end-to-end -am -Dtest=CodeMapTest"
                + " -Dsurefire.failIfNoSpecifiedTests=false -Dreference.write test")
        .isEqualTo(current);
  }

  @Test
  void theMapHasEveryModule() throws IOException {
    Map<String, Pom> poms = Pom.all();
    Set<String> built = new TreeSet<>(poms.keySet());
    built.removeIf(folder -> isFolderOfModules(folder, poms));
    // They are built as their authors build them, each without a parent.
    built.removeIf(folder -> folder.startsWith("examples/"));

    assertThat(Modules.names()).containsExactlyInAnyOrderElementsOf(built);
  }

  static Set<String> modules() {
    return Modules.names();
  }

  @ParameterizedTest
  @MethodSource("modules")
  void theArrowsAreTheDependenciesThatMavenKnows(String module) throws IOException {
    Map<String, Pom> poms = Pom.all();
    Map<String, String> folders =
        poms.keySet().stream()
            .collect(Collectors.toMap(folder -> poms.get(folder).artifact(), folder -> folder));
    Set<String> uses = new TreeSet<>();
    poms.get(module).uses().forEach(artifact -> uses.add(folders.get(artifact)));
    Set<String> direct = new TreeSet<>(uses);
    uses.forEach(used -> direct.removeAll(Modules.below(used)));

    assertThat(Modules.arrows(module)).containsExactlyInAnyOrderElementsOf(direct);
  }

  @Test
  void eachModuleStandsAfterThoseThatItUses() {
    List<String> above = new ArrayList<>();
    for (String module : Modules.names()) {
      assertThat(above).as(module).containsAll(Modules.arrows(module));
      above.add(module);
    }
  }

  private static boolean isFolderOfModules(String folder, Map<String, Pom> poms) {
    return !poms.get(folder).modules().isEmpty() && !folder.equals("examples");
  }

  private static String table(Map<String, Pom> poms) {
    StringBuilder text = new StringBuilder("| module | | may use |\n|---|---|---|\n");
    String group = "";
    for (String module : Modules.names()) {
      String parent = module.contains("/") ? module.substring(0, module.indexOf('/')) : "";
      if (!parent.equals(group) && !Modules.names().contains(parent)) {
        group = parent;
        if (!group.isEmpty()) {
          text.append("| **%s/** | *%s* | |\n".formatted(group, poms.get(group).description()));
        }
      }
      text.append(
          "| %s | %s | %s |\n"
              .formatted(
                  module,
                  poms.get(module).description(),
                  String.join(", ", Modules.arrows(module))));
    }
    return text.toString();
  }
}
