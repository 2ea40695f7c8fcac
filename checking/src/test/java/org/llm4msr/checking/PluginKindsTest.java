package org.llm4msr.checking;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.llm4msr.runtime.plugins.check.CheckFinding;
import org.llm4msr.runtime.plugins.check.CheckStep;
import org.llm4msr.runtime.plugins.check.CheckStep.State;

/** The checks of heads, meta networks, encoders and prompt builders. */
class PluginKindsTest {

  @TempDir Path root;

  private static List<Arguments> sound() {
    return List.of(
        kind("fusion head small-head", SmallPlugins::head, "y", "created; 48 rows scored"),
        kind(
            "meta network small-layers", SmallPlugins::metaNetwork, "y", "created; 48 rows scored"),
        kind(
            "knowledge encoder small-encoder",
            SmallPlugins::encoder,
            "",
            "created; 2 texts encoded by counts"),
        kind(
            "prompt builder small-prompts",
            SmallPlugins::prompts,
            "history.user()",
            "created; prompts of"));
  }

  private static Arguments kind(
      String title, BiConsumer<Path, String> pack, String part, String told) {
    return Arguments.of(title, pack, part, told);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("sound")
  void aSoundPluginKeepsTheRules(
      String title, BiConsumer<Path, String> pack, String part, String told) throws IOException {
    List<CheckStep> steps = check(pack, part);

    assertThat(steps).allSatisfy(step -> assertThat(step.findings()).as(step.name()).isEmpty());
    assertThat(steps).extracting(CheckStep::state).containsOnly(State.OK);
    assertThat(step(steps, "creation").subject()).isEqualTo(title);
    assertThat(step(steps, "creation").detail()).startsWith(told);
    assertThat(step(steps, "rules").detail())
        .matches("\\d\\d of \\d\\d rules kept, 0 broken, [01] not run");
  }

  private List<CheckStep> check(BiConsumer<Path, String> pack, String part) throws IOException {
    pack.accept(root.resolve("small/small.jar"), part);
    List<CheckStep> steps = new ArrayList<>();
    new PluginChecks(root, List.of(), List.of(), false, List.of()).run(steps::add);
    steps.removeIf(step -> step.state() == State.STARTED);
    return steps;
  }

  private static List<Arguments> flaws() {
    return List.of(
        kind("fusion head", SmallPlugins::head, "y.expandDims(-1)", "FUSION-01"),
        kind("fusion head", SmallPlugins::head, "y.sub(y.mean())", "MODEL-10"),
        kind("meta network", SmallPlugins::metaNetwork, "y.sum(new int[] {1}, true)", "META-01"),
        kind("meta network", SmallPlugins::metaNetwork, "y.add(y.mean())", "MODEL-10"),
        kind("knowledge encoder", SmallPlugins::encoder, "counts[0] = Float.NaN;", "ENCODER-10"),
        kind(
            "knowledge encoder",
            SmallPlugins::encoder,
            "counts[0] = answers.size();",
            "ENCODER-21"),
        kind("prompt builder", SmallPlugins::prompts, "\"one\"", "PROMPT-01"));
  }

  @ParameterizedTest(name = "{0}: {2}")
  @MethodSource("flaws")
  void aFlawIsNamedByItsRule(String title, BiConsumer<Path, String> pack, String part, String rule)
      throws IOException {
    CheckStep rules = step(check(pack, part), "rules");

    assertThat(rules.subject()).startsWith(title);
    assertThat(rules.state()).isEqualTo(State.FAILED);
    assertThat(rules.findings()).extracting(CheckFinding::code).contains(rule);
  }

  /** What a plugin does to the parts around it is found where it is first used. */
  @Test
  void aWrongShapeIsFoundWithoutNamesOfClasses() throws IOException {
    CheckStep creation =
        step(check(SmallPlugins::metaNetwork, "y.sum(new int[] {1}, true)"), "creation");

    assertThat(creation.findings())
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.code()).isEqualTo("check/CREATION");
              assertThat(finding.what())
                  .isEqualTo(
                      "used as in a run, it was found wrong: expected the input of the backbone as laid out, (48, 20), but was (48, 1)");
            });
  }

  private static CheckStep step(List<CheckStep> steps, String name) {
    return steps.stream().filter(step -> step.name().equals(name)).findFirst().orElseThrow();
  }
}
