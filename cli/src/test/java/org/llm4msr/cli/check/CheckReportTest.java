package org.llm4msr.cli.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.plugins.check.CheckFinding;
import org.llm4msr.runtime.plugins.check.CheckStep;
import org.llm4msr.runtime.plugins.check.CheckStep.State;

class CheckReportTest {

  @Test
  void findingsStandBelowNotesAndNotesBelowTheSteps() {
    CheckFinding finding =
        new CheckFinding("check/ENDED", "the process ended\nat once", "mine.jar", "Do not halt.");
    CheckReport report =
        CheckReport.of(
            List.of(
                new CheckStep("mine", "", "jars", State.OK, "2 jars", List.of(), List.of("old\nx")),
                new CheckStep(
                    "mine",
                    "backbone two",
                    "creation",
                    State.FAILED,
                    "it ended",
                    List.of(finding),
                    List.of())));

    assertThat(report.sound()).isFalse();
    assertThat(report.findings()).isEqualTo(1);
    assertThat(report.text())
        .isEqualTo(
            """
            folder  plugin        step      state   detail
            mine    -             jars      ok      2 jars
            mine    backbone two  creation  failed  it ended

            note: mine, jars: old
              x

            [check/ENDED] mine, backbone two creation: the process ended
              at once
              where:   mine.jar
              way out: Do not halt.
            """);
  }

  @Test
  void aSoundFolderIsSaidToBe() {
    CheckStep step = new CheckStep("mine", "", "jars", State.OK, "2 jars", List.of(), List.of());

    assertThat(CheckReport.of(List.of(step)).text())
        .isEqualTo(
            """
            folder  plugin  step  state  detail
            mine    -       jars  ok     2 jars

            Nothing is wrong.
            """);
  }
}
