package org.llm4msr.tck.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.llm4msr.tck.KitRun;
import org.llm4msr.tck.zoo.FormattedPrompts.Format;

/** Prompts in a format with escapes keep all rules where their test says how a reader sees them. */
class FormattedPromptsTest {

  private static volatile Format format = Format.JSON;

  static class Kit extends PromptZooTest.Kit {
    @Override
    protected String shown(String prompt) {
      return format.shown(prompt);
    }
  }

  @AfterEach
  void heal() {
    ZooPromptFactory.CAGE.clear();
  }

  private static KitRun run(Class<?> kit, Format written) {
    format = written;
    ZooPromptFactory.CAGE.put(() -> new FormattedPrompts(written));
    return KitRun.ofQuick(kit);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "XML_TWICE")
  void promptsThatAreEscapedRightlyKeepAllRules(Format written) {
    KitRun run = run(Kit.class, written);

    assertThat(run.failures()).as(run.text()).isEmpty();
    assertThat(run.passed()).anyMatch(name -> name.startsWith("PROMPT-06 "));
  }

  /** So the check of a packaged plugin, which has no test, finds no broken MUST rule. */
  @ParameterizedTest
  @EnumSource
  void withoutTheTestsWordOneRuleThatShouldBeKeptIsBroken(Format written) {
    KitRun run = run(PromptZooTest.Kit.class, written);

    assertThat(run.broken()).containsExactly("PROMPT-06");
    assertThat(run.text()).startsWith("PROMPT-06 SHOULD: ").contains("shown(prompt) of the test");
  }

  @ParameterizedTest
  @EnumSource(names = "XML_TWICE")
  void whatIsEscapedTwiceBreaksTheRule(Format written) {
    assertThat(run(Kit.class, written).broken()).containsExactly("PROMPT-06");
  }
}
