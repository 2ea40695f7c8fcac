package org.llm4msr.runtime.data.prepared;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;

/** Kinds in manifests. */
class FieldKindsTest {

  private static final JsonMapper JSON = JsonMapper.builder().addModule(FieldKinds.json()).build();

  private static String quoted(String text) throws JsonProcessingException {
    return JSON.writeValueAsString(text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "categorical",
        "multi-categorical",
        "numeric",
        "vector(16)",
        "bucketed(20)",
        "bucketed[18.0]",
        "bucketed[-1.0E-7, 0.1, 2.5E300]",
        "hashed(100000)",
        "multi-hashed(64)",
        "crossed[\"city\",\"kind\"]",
        "crossed[\"a \\\"b\\\", c\",\"]\"](300)"
      })
  void aKindIsReadAsItIsWritten(String text) throws JsonProcessingException {
    FieldKind kind = JSON.readValue(quoted(text), FieldKind.class);

    assertThat(FieldKinds.name(kind)).isEqualTo(text);
    assertThat(JSON.readValue(JSON.writeValueAsString(kind), FieldKind.class)).isEqualTo(kind);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "text",
        "vector",
        "bucketed",
        "bucketed[]",
        "bucketed[1.0,2.0]",
        "bucketed[1.0, -]",
        "hashed(9999999999)",
        "crossed",
        "crossed[city]",
        "crossed[null]"
      })
  void anotherTextIsNoKind(String text) {
    assertThatThrownBy(() -> JSON.readValue(quoted(text), FieldKind.class))
        .isInstanceOf(JsonProcessingException.class)
        .hasMessageContaining("expected categorical, multi-categorical");
  }

  private static PreparedField field(String name, FieldKind kind, int ids) {
    return new PreparedField(name, FieldRole.CONTEXT, kind, ids, 0, 0);
  }

  /** A manifest may come from another program, or be damaged. */
  @Test
  void fieldsThatDoNotFitTheirKindsAreNamed() {
    PreparedField city = field("city", new FieldKind.Categorical(), 4);
    PreparedField url = field("url", new FieldKind.Hashed(10, false), 11);
    PreparedField tags = field("tags", new FieldKind.Hashed(10, true), 11);
    FieldKind cross = new FieldKind.Crossed(List.of("city", "url"), 0);

    assertThat(FieldKinds.problem(List.of(city, url, tags, field("both", cross, 7)))).isNull();
    assertThat(FieldKinds.problem(List.of(city, field("both", cross, 7), url)))
        .isEqualTo("the field 'both' is a cross of [city, url], of which not all come before it");
    assertThat(
            FieldKinds.problem(
                List.of(
                    city,
                    tags,
                    field("both", new FieldKind.Crossed(List.of("city", "tags"), 0), 7))))
        .startsWith("the field 'both' is a cross of [city, tags]");
    assertThat(FieldKinds.problem(List.of(field("url", new FieldKind.Hashed(10, false), 9))))
        .isEqualTo("the field 'url' has 10 buckets and 9 ids");
    assertThat(
            FieldKinds.problem(
                List.of(
                    city, url, field("both", new FieldKind.Crossed(List.of("city", "url"), 5), 0))))
        .isEqualTo("the field 'both' has 5 buckets and 0 ids");
  }
}
