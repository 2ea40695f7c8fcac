package org.llm4msr.runtime.config.loading;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.runtime.config.loading.ConfigNode.Entry;
import org.llm4msr.runtime.config.loading.ConfigNode.Mapping;
import org.llm4msr.runtime.config.loading.ConfigNode.Scalar;
import org.llm4msr.runtime.config.loading.ConfigNode.Sequence;

/** Lines and columns are counted by hand, merged keys are those of YAML's type {@code merge}. */
class YamlReaderTest {

  private final Problems problems = new Problems();

  @Test
  void everyPartHasItsLineAndColumn() {
    ConfigNode root = read("# Begins below.\nmodel:\n  layers: [64, 32]\nworkspace: w\n");

    Sequence layers = new Sequence(List.of(text("64", 3, 12), text("32", 3, 16)), at(3, 11));
    Mapping model = new Mapping(Map.of("layers", new Entry(at(3, 3), layers)), at(3, 3));
    assertThat(root)
        .isEqualTo(
            new Mapping(
                Map.of(
                    "model",
                    new Entry(at(2, 1), model),
                    "workspace",
                    new Entry(at(4, 1), text("w", 4, 12))),
                at(2, 1)));
    assertThat(problems.list()).isEmpty();
  }

  @Test
  void keysStayInTheirOrder() {
    assertThat(entries(read("z: 1\na: 2\nm: 3\n")).keySet()).containsExactly("z", "a", "m");
  }

  @ParameterizedTest
  @ValueSource(strings = {"007", "0x1F", "1_000", "1e-3", "yes", "2020-01-01", "1:30", ".inf"})
  void valuesStayAsTheyWereWritten(String value) {
    assertThat(entries(read("a: " + value)).get("a").value()).isEqualTo(text(value, 1, 4));
  }

  @ParameterizedTest
  @CsvSource({"a:, true", "a: ~, true", "a: null, true", "a: \"\", false", "a: \"null\", false"})
  void nothingIsAnotherThanATextThatLooksLikeIt(String yaml, boolean empty) {
    assertThat(entries(read(yaml)).get("a").value().isEmpty()).isEqualTo(empty);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "# only this\n", "---\n"})
  void aDocumentWithoutContentIsEmpty(String yaml) {
    assertThat(read(yaml).isEmpty()).isTrue();
    assertThat(problems.list()).isEmpty();
  }

  @Test
  void ownKeysWinOverMergedOnesAndEarlierOverLater() {
    Map<String, Entry> root =
        entries(
            read(
                """
                base: &base {a: 1, b: 2}
                more: &more {b: 3, c: 4}
                one: {<<: *base, b: 9}
                both: {<<: [*base, *more]}
                """));

    assertThat(values(root.get("one"))).isEqualTo(Map.of("a", "1", "b", "9"));
    assertThat(values(root.get("both"))).isEqualTo(Map.of("a", "1", "b", "2", "c", "4"));
    assertThat(entries(root.get("one").value()).get("a").key())
        .as("where it was written")
        .isEqualTo(at(1, 14));
    assertThat(problems.list()).isEmpty();
  }

  @Test
  void onlyMappingsCanBeMerged() {
    read("a: {<<: 5}\nb: {<<: [{c: 1}, x]}\n");

    assertThat(problems())
        .containsExactly(
            "<< (e.yaml:1:9): must be a mapping, or a list of mappings, such as *NAME",
            "<< (e.yaml:2:18): must be a mapping, or a list of mappings, such as *NAME");
  }

  @Test
  void aKeyThatOccursTwiceIsNamedWithBothPlaces() {
    ConfigNode root = read("a: 1\nb: 2\na: 3\n");

    assertThat(problems())
        .containsExactly(
            "a (e.yaml:3:1): the key occurs twice in one mapping; first at e.yaml:1:1");
    assertThat(values(root)).isEqualTo(Map.of("a", "1", "b", "2"));
  }

  @Test
  void aKeyThatIsNoTextIsLeftOut() {
    ConfigNode root = read("? [a]\n: b\nc: d\n");

    assertThat(problems()).containsExactly("(e.yaml:1:3): a key must be plain text");
    assertThat(values(root)).isEqualTo(Map.of("c", "d"));
  }

  @Test
  void allProblemsOfAFileAreTold() {
    ConfigNode root = read("a: !own x\nb: \"x\\0y\"\nc: !<tag:yaml.org,2002:set> {d}\n");

    assertThat(problems())
        .hasSize(3)
        .satisfiesExactly(
            first -> assertThat(first).startsWith("(e.yaml:1:4): has the tag !own; "),
            second ->
                assertThat(second).isEqualTo("(e.yaml:2:4): holds the character U+0000. Remove it"),
            third ->
                assertThat(third)
                    .startsWith("(e.yaml:3:4): has the tag tag:yaml.org,2002:set; ")
                    .endsWith("Remove the tag"));
    assertThat(entries(root).values()).allMatch(entry -> entry.value().isEmpty());
    assertThat(problems.unreadable()).isFalse();
  }

  /** Of 30 lists in 30 others, that on level 51 is the twenty-first. */
  @Test
  void depthIsCountedThroughAliases() {
    String inner = "b: &b " + "[".repeat(30) + "x" + "]".repeat(30) + "\n";

    read(inner + "a: " + "[".repeat(18) + "*b" + "]".repeat(18) + "\n");
    assertThat(problems()).isEmpty();

    read(inner + "a: " + "[".repeat(30) + "*b" + "]".repeat(30) + "\n");
    assertThat(problems()).containsExactly("(e.yaml:1:27): is nested more than 50 deep");
  }

  /** A list of 1,998 has 1,999 parts; 50 of them, the root and the list of aliases 99,952. */
  @Test
  void partsAreCountedThroughAliases() {
    String yaml = "a: &a [x%s]\nb: [*a%s]\n".formatted(", x".repeat(1_997), ", *a".repeat(48));

    ConfigNode root = read(yaml + "c: [x" + ", x".repeat(46) + "]\n");
    assertThat(((Sequence) entries(root).get("c").value()).items())
        .hasSize(47)
        .noneMatch(ConfigNode::isEmpty);
    assertThat(problems()).isEmpty();

    read(yaml + "c: [x" + ", x".repeat(48) + "]\n");
    assertThat(problems())
        .as("told once, where the first above the limit stands")
        .containsExactly("(e.yaml:3:146): has more than 100,000 parts, aliases included");
  }

  @Test
  void whatIsNotYamlIsToldWithItsPlaceAndReason() {
    ConfigNode root = read("a: [1, 2\nb: 3\n");

    assertThat(root.isEmpty()).isTrue();
    assertThat(problems.unreadable()).isTrue();
    assertThat(problems())
        .singleElement()
        .asString()
        .matches(
            "\\(e\\.yaml:2:2\\): is not valid YAML: while parsing a flow sequence, expected ',' or"
                + " '\\]', but got .*");
  }

  @Test
  void aCharacterThatYamlForbidsIsToldWithoutAPlace() {
    assertThat(read("a: b\u0007\n").isEmpty()).isTrue();

    assertThat(problems.unreadable()).isTrue();
    assertThat(problems())
        .singleElement()
        .asString()
        .startsWith("(e.yaml:1:1): is not valid YAML: ");
  }

  @Test
  void theLineThatLooksLikeTheCauseIsToldInPlaceOfThatWhereReadingEnded() {
    read("training:\n  epochs:3\n  seed: 1\n");

    assertThat(problems())
        .containsExactly(
            "(e.yaml:2:3): `epochs:3` has no space behind its colon. Write `epochs: 3`");
    assertThat(problems.unreadable()).isTrue();
  }

  @Test
  void typographicQuotesAroundAPlainValueAreWarnedOf() {
    ConfigNode root = read("name: \u201Cmmoe\u201D\nquoted: '\u201Cx\u201D'\n");

    assertThat(values(root)).containsEntry("name", "\u201Cmmoe\u201D");
    assertThat(problems.list()).isEmpty();
    assertThat(problems.warnings())
        .singleElement()
        .asString()
        .startsWith("e.yaml:1:7: ")
        .contains("Write `\"mmoe\"`");
  }

  private ConfigNode read(String yaml) {
    return new YamlReader(2, "e.yaml", problems).read(yaml);
  }

  private List<String> problems() {
    return problems.list().stream().map(Problems.Problem::toString).toList();
  }

  private static Map<String, Entry> entries(ConfigNode node) {
    return ((Mapping) node).entries();
  }

  private static Map<String, String> values(Entry entry) {
    return values(entry.value());
  }

  private static Map<String, String> values(ConfigNode node) {
    Map<String, String> values = new HashMap<>();
    entries(node).forEach((key, entry) -> values.put(key, entry.value().quoted()));
    return values;
  }

  private static Scalar text(String text, int line, int column) {
    return new Scalar(text, false, at(line, column));
  }

  private static Origin at(int line, int column) {
    return new Origin(2, "e.yaml", line, column);
  }
}
