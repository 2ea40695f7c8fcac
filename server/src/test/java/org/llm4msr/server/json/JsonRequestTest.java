package org.llm4msr.server.json;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import java.io.ByteArrayInputStream;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.api.MsrException;
import org.llm4msr.protocol.v1.RankRequest;
import org.llm4msr.server.ranking.RankCall;
import org.llm4msr.serving.ranker.RankItem;

/** Requests as JSON, beside Protobuf's own reading of the same text. */
class JsonRequestTest {

  private static RankCall read(String json) {
    return JsonRequest.read(new ByteArrayInputStream(json.getBytes(UTF_8)), 3);
  }

  @Test
  void readsWhatProtobufReads() throws InvalidProtocolBufferException {
    String json =
        """
        {"id": "r1", "model": "main", "user": "17", "scenario": "feed", "top": 2,
         "context": {"hour": 3, "day": 21.0, "far": 1e2, "price": 12.5, "tags": ["a", "c"], "new": true, "none": null,
                     "history": [7, {"item": "i9", "label": 0, "time": 5}]},
         "items": [{"id": "a4"}, {"id": "b7", "fields": {"price": 0.5}}]}
        """;
    RankRequest.Builder message = RankRequest.newBuilder();
    JsonFormat.parser().merge(json, message);

    RankCall call = read(json);

    assertThat(call.id()).isEqualTo(message.getId());
    assertThat(call.model()).isEqualTo(message.getModel());
    assertThat(call.top()).isEqualTo(message.getTop());
    assertThat(call.request().user()).isEqualTo(message.getUser());
    assertThat(call.request().scenario()).isEqualTo(message.getScenario());
    Map<String, ?> context = call.request().context();
    assertThat(context.keySet()).isEqualTo(message.getContextMap().keySet());
    assertThat(context.get("hour")).isEqualTo(3L);
    assertThat(context.get("day")).isEqualTo(21L); // As pandas and Go write 21.
    assertThat(context.get("far")).isEqualTo(100L);
    assertThat(context.get("price")).isEqualTo(12.5);
    assertThat(context.get("tags")).isEqualTo(List.of("a", "c"));
    assertThat(context.get("new")).isEqualTo(true);
    assertThat(context.get("none")).isNull();
    assertThat(context.get("history"))
        .isEqualTo(List.of(7L, Map.of("item", "i9", "label", 0L, "time", 5L)));
    assertThat(call.request().items())
        .containsExactly(new RankItem("a4"), new RankItem("b7", Map.of("price", 0.5)));
  }

  @Test
  void idsMayBeNumbersOfSixtyFourBits() {
    RankCall call =
        read(
            """
            {"user": 9007199254740993, "scenario": "feed", "items": [{"id": 17.0}, {"id": -4}]}
            """);

    assertThat(call.request().user()).isEqualTo(9007199254740993L); // 2^53 + 1 is no double.
    assertThat(call.request().items()).containsExactly(new RankItem(17L), new RankItem(-4L));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      value = {
        "[]~the body is a list, but should be an object",
        "`{\"user\": 1`~The body is no JSON at line 1, column 11",
        "`{\"user\": 1, \"user\": 2}`~Duplicate field 'user'",
        "`{\"user\": 1, \"scenario\": \"s\", \"items\": []} 2`~what follows the object",
        "`{\"user\": 1, \"scenario\": \"s\"}`~The key 'items' is missing",
        "`{\"user\": [1]}`~user is a list, but should be a text or a whole number",
        "`{\"user\": 1.5}`~user is '1.5', but should be a whole number",
        "`{\"user\": 99999999999999999999}`~user is '99999999999999999999'",
        "`{\"scenario\": 3}`~scenario is '3', but should be a text",
        "`{\"users\": 3}`~The key 'users' is not known",
        "`{\"top\": -1}`~top is '-1', but should be a whole number from 0",
        "`{\"items\": {}}`~items is an object, but should be a list",
        "`{\"items\": [{\"id\": 1}, {\"id\": null}]}`~items[1].id is 'null'",
        "`{\"items\": [{}]}`~items[0] has no id",
        "`{\"items\": [3]}`~items[0] is '3', but should be an object with the key 'id'",
        "`{\"items\": [{\"id\": 1, \"price\": 2}]}`~items[0] has the key 'price'",
        "`{\"items\": [{\"id\": 1, \"fields\": {\"a\": {}}}]}`~items[0].fields.a is an object",
        "`{\"context\": {\"a\": [[1]]}}`~context.a is a list, but should be a text",
        "`{\"context\": {\"a\": [7, {\"item\": 1, \"lable\": 0}]}}`~context.a[1] has the key 'lable'",
        "`{\"context\": {\"a\": [{\"item\": null}]}}`~context.a[0] has no item. Each event",
        "`{\"items\": [{\"id\": 1, \"fields\": {\"a\": [{\"item\": [1]}]}}]}`~items[0].fields.a[0].item is a list",
        "`{\"context\": {\"a\": 1e999}}`~context.a is '1e999', but should be a number of 64 bits",
      })
  void whatCannotBeReadIsNamedWithItsPlace(String json, String text) {
    assertThatThrownBy(() -> read(json))
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith("[serve/BAD_REQUEST]")
        .hasMessageContaining(text);
  }

  @Test
  void aValueThatIsLongIsShownInPart() {
    assertThatThrownBy(() -> read("{\"top\": \"" + "x".repeat(1000) + "\"}"))
        .satisfies(error -> assertThat(error.getMessage().length()).isLessThan(300));
  }

  @Test
  void aTextThatIsNoUtf8IsRefused() {
    byte[] body = "{\"scenario\": \"?\"}".getBytes(UTF_8);
    body[14] = (byte) 0xff;

    assertThatThrownBy(() -> JsonRequest.read(new ByteArrayInputStream(body), 3))
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith("[serve/BAD_REQUEST]");
  }

  @Test
  void moreItemsThanAreTakenEndTheReading() {
    assertThatThrownBy(
            () -> read("{\"items\": [{\"id\":1},{\"id\":2},{\"id\":3},{\"id\":4}, and no JSON"))
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith("[serve/TOO_LARGE]");
  }
}
