package org.llm4msr.server.explanation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.data.rows.RowValue;
import org.llm4msr.runtime.data.rows.RowValue.Origin;
import org.llm4msr.runtime.data.rows.RowValue.State;
import org.llm4msr.runtime.data.rows.ScoringColumn;
import org.llm4msr.runtime.terms.ScoreParts;
import org.llm4msr.server.ranking.Origins;
import org.llm4msr.server.ranking.SourceReport;
import org.llm4msr.serving.ranker.RankExplanation;
import org.llm4msr.serving.ranker.RankExplanation.ItemPart;
import org.llm4msr.serving.ranker.RankExplanation.Part;

class ExplanationsTest {

  private static RowValue value(String column, Origin origin) {
    return new RowValue(new ScoringColumn(column, "categorical", false), "x", origin, State.KNOWN);
  }

  private static Map<String, Object> told(String column, String origin) {
    return Map.of("column", column, "value", "x", "origin", origin, "state", "KNOWN");
  }

  @Test
  void valuesOfASourceAreToldFromThoseOfTheRequest() {
    Part shared =
        new Part(
            List.of(
                value("hour", Origin.CONTEXT),
                value("city", Origin.CONTEXT),
                value("age", Origin.STORED_USER)),
            List.of());
    Part own =
        new Part(
            List.of(
                value("kind", Origin.ITEM),
                value("price", Origin.ITEM),
                value("city", Origin.CONTEXT)),
            List.of());
    ScoreParts score = new ScoreParts(1, 0.5, 0, List.of(), List.of());
    RankExplanation explanation =
        new RankExplanation("none", "d", shared, List.of(new ItemPart(own, score)));
    SourceReport report = new SourceReport("OK", null, null);
    Origins origins = new Origins(Set.of("city", "age"), List.of(Set.of("price")), report);

    assertThat(Explanations.ofAll(explanation, origins).get("values"))
        .isEqualTo(
            List.of(told("hour", "CONTEXT"), told("city", "SOURCE"), told("age", "STORED_USER")));
    assertThat(Explanations.ofItem(explanation, 0, origins).get("values"))
        .isEqualTo(List.of(told("kind", "ITEM"), told("price", "SOURCE"), told("city", "SOURCE")));
    assertThat(Explanations.ofItem(explanation, 0, null).get("values"))
        .isEqualTo(List.of(told("kind", "ITEM"), told("price", "ITEM"), told("city", "CONTEXT")));
  }

  @Test
  void whatBecameOfAskingTheSourceIsTold() {
    Part none = new Part(List.of(), List.of());
    RankExplanation explanation = new RankExplanation("none", "d", none, List.of());
    SourceReport ok = new SourceReport("OK", null, null);
    SourceReport failed = new SourceReport("ERROR", "mine/DOWN", "It is down.");

    assertThat(Explanations.ofAll(explanation, Origins.none(failed)).get("source"))
        .isEqualTo(Map.of("outcome", "ERROR", "code", "mine/DOWN", "message", "It is down."));
    assertThat(Explanations.ofAll(explanation, Origins.none(ok)).get("source"))
        .isEqualTo(Map.of("outcome", "OK"));
    assertThat(Explanations.ofAll(explanation, null)).doesNotContainKey("source");
  }
}
