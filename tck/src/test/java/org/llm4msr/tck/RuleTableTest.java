package org.llm4msr.tck;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.llm4msr.tck.guard.Guard;
import org.llm4msr.tck.rule.RuleInfo;

/**
 * The table of rules in {@code docs/conformance.md} agrees with the kit. With {@code
 * -Dreference.write} the table is rewritten.
 */
class RuleTableTest {

  private static final String BEGIN = "<!-- rules: written by RuleTableTest -->\n";
  private static final String END = "<!-- end of rules -->\n";
  private static final Path PAGE =
      Path.of(System.getProperty("llm4msr.root"), "docs/conformance.md");

  @Test
  void thePageHasTheRulesOfTheKit() throws IOException {
    String page = Files.readString(PAGE);
    String current =
        page.substring(0, page.indexOf(BEGIN) + BEGIN.length())
            + tables()
            + page.substring(page.indexOf(END));
    if (Boolean.getBoolean("reference.write")) {
      Files.writeString(PAGE, current);
    }

    assertThat(Files.readString(PAGE))
        .as(
            "docs/conformance.md is stale; refresh it: mvn test -pl tck -am"
                + " -Dsurefire.failIfNoSpecifiedTests=false -Dtest=RuleTableTest"
                + " -Dreference.write")
        .isEqualTo(current);
  }

  private static String tables() {
    Map<String, List<RuleInfo>> groups =
        Stream.concat(
                Rules.KITS.stream().flatMap(kit -> Rules.of(kit).stream()),
                Arrays.stream(Guard.values()).map(Guard::rule))
            .distinct()
            .collect(
                Collectors.groupingBy(
                    rule -> rule.id().replaceFirst("-.*", ""), TreeMap::new, Collectors.toList()));
    return groups.entrySet().stream()
        .map(group -> table(group.getKey(), group.getValue()))
        .collect(Collectors.joining("\n"));
  }

  private static String table(String group, List<RuleInfo> rules) {
    return "### "
        + group
        + "\n\n| rule | | the plugin | check first |\n|---|---|---|---|\n"
        + rules.stream().map(RuleTableTest::row).collect(Collectors.joining());
  }

  private static String row(RuleInfo rule) {
    return "| %s | %s | %s | %s |\n"
        .formatted(
            rule.id(),
            rule.level() + (rule.slow() ? ", slow" : ""),
            cell(rule.says()),
            rule.checkFirst().stream()
                .map(RuleTableTest::cell)
                .collect(Collectors.joining("<br>")));
  }

  private static String cell(String text) {
    return text.replace("|", "\\|").replace("<", "&lt;");
  }
}
