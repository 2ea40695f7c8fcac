package org.llm4msr.runtime.compare;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.compare.ComparisonResult.Column;
import org.llm4msr.runtime.compare.ComparisonResult.Model;
import org.llm4msr.runtime.compare.ComparisonResult.Score;

/** Tables for papers, with names that mean something to LaTeX. */
class TableWriterTest {

  @Test
  void everyCharacterThatLatexReadsIsEscaped() {
    Model model =
        new Model(
            List.of("A\\B x^2", "50%} ~a", "{c}_$#&"),
            List.of(),
            true,
            List.of(),
            List.of(),
            List.of(new Score(1, 0.5, null, false, null)),
            null);
    ComparisonResult result =
        new ComparisonResult(
            "test",
            List.of(1L),
            List.of("a_b", "plain", "c"),
            List.of(new Column("all", 10)),
            List.of(model),
            List.of(),
            Map.of(),
            false);

    assertThat(new TableWriter(result).latex())
        .contains("a\\_b & plain & c & all \\\\\n")
        .contains(
            "A\\textbackslash{}B x\\textasciicircum{}2"
                + " & 50\\%\\} \\textasciitilde{}a"
                + " & \\{c\\}\\_\\$\\#\\& & 0.5000");
  }
}
