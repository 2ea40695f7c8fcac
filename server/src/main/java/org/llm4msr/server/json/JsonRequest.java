package org.llm4msr.server.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.text.Shortened;
import org.llm4msr.server.ranking.EventKeys;
import org.llm4msr.server.ranking.RankCall;
import org.llm4msr.server.ranking.RequestNumbers;
import org.llm4msr.server.refusal.Refusals;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;

/**
 * Reads the JSON form of the message {@code RankRequest}. It is stricter than that of Protobuf: a
 * key that is not known or stands there twice, and a value of another type, are refused with their
 * place.
 */
public final class JsonRequest {

  /** What the parser says of where it reads from, which is nowhere. */
  private static final Pattern SOURCE = Pattern.compile(" ?\\(?[^(\\[]*\\[Source:[^\\]]*\\]\\)?");

  private static final int DEEPEST = 16;
  private static final int LONGEST_TEXT = 1 << 20;

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(StreamReadFeature.AUTO_CLOSE_SOURCE)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(DEEPEST)
                  .maxStringLength(LONGEST_TEXT)
                  .build())
          .build();

  private static final int OUTSIDE = -1;

  private final JsonParser parser;
  private final int mostItems;
  private String id = "";
  private String model = "";
  private int top;
  private boolean explain;
  private @Nullable Object user;
  private boolean hasUser;
  private @Nullable String scenario;
  private Map<String, @Nullable Object> context = Map.of();
  private @Nullable List<RankItem> items;
  private int item = OUTSIDE;

  private JsonRequest(JsonParser parser, int mostItems) {
    this.parser = parser;
    this.mostItems = mostItems;
  }

  /**
   * Reads a request.
   *
   * @param body UTF-8
   * @param mostItems that are read
   * @throws MsrException {@code serve/BAD_REQUEST} with the place; {@code serve/TOO_LARGE}
   */
  public static RankCall read(InputStream body, int mostItems) {
    try (JsonParser parser = JSON.createParser(body)) {
      return new JsonRequest(parser, mostItems).read();
    } catch (JsonParseException e) {
      throw Refusals.badRequest(
          "The body is no JSON at line %d, column %d: %s. Send an object as /openapi.json describes it."
              .formatted(
                  e.getLocation().getLineNr(),
                  e.getLocation().getColumnNr(),
                  SOURCE.matcher(e.getOriginalMessage()).replaceAll("")));
    } catch (IOException e) {
      throw Refusals.badRequest("The body cannot be read: " + e.getMessage());
    }
  }

  private RankCall read() throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw wrong("the body", "an object");
    }
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = parser.currentName();
      parser.nextToken();
      switch (key) {
        case "id" -> id = text(key);
        case "model" -> model = text(key);
        case "user" -> {
          user = id(key);
          hasUser = true;
        }
        case "scenario" -> scenario = text(key);
        case "context" -> context = columns(key);
        case "items" -> items = items();
        case "top" -> top = top();
        case "explain" -> explain = truth(key);
        default ->
            throw Refusals.badRequest(
                "The key '%s' is not known. Known are id, model, user, scenario, context, items, top and explain."
                    .formatted(key));
      }
    }
    if (parser.nextToken() != null) {
      throw wrong("what follows the object", "nothing");
    }
    if (!hasUser || scenario == null || items == null) {
      throw Refusals.badRequest(
          "The key '%s' is missing. A request has user, scenario and items."
              .formatted(!hasUser ? "user" : scenario == null ? "scenario" : "items"));
    }
    return new RankCall(
        id, model, top, explain, new RankRequest(user, scenario, context, items, null));
  }

  private List<RankItem> items() throws IOException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw wrong("items", "a list");
    }
    List<RankItem> read = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (read.size() == mostItems) {
        throw Refusals.tooManyItems(mostItems);
      }
      item = read.size();
      read.add(item());
    }
    item = OUTSIDE;
    return read;
  }

  private RankItem item() throws IOException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw wrong("", "an object with the key 'id'");
    }
    Object itemId = null;
    Map<String, @Nullable Object> fields = Map.of();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = parser.currentName();
      parser.nextToken();
      switch (key) {
        case "id" -> itemId = id(key);
        case "fields" -> fields = columns(key);
        default ->
            throw Refusals.badRequest(
                "%s has the key '%s'. Known are id and fields.".formatted(place(""), key));
      }
    }
    if (itemId == null) {
      throw Refusals.badRequest("%s has no id. Each item has one.".formatted(place("")));
    }
    return new RankItem(itemId, fields);
  }

  private Map<String, @Nullable Object> columns(String place) throws IOException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw wrong(place, "an object");
    }
    Map<String, @Nullable Object> columns = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String column = parser.currentName();
      parser.nextToken();
      columns.put(column, value(place + "." + column));
    }
    return columns;
  }

  private @Nullable Object value(String place) throws IOException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      return scalar(place);
    }
    List<@Nullable Object> values = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      values.add(
          parser.currentToken() == JsonToken.START_OBJECT
              ? event(place + "[" + values.size() + "]")
              : scalar(place));
    }
    return values;
  }

  private Map<String, @Nullable Object> event(String place) throws IOException {
    Map<String, @Nullable Object> event = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = parser.currentName();
      parser.nextToken();
      event.put(key, scalar(place + "." + key));
    }
    EventKeys.require(event, place(place));
    return event;
  }

  private @Nullable Object scalar(String place) throws IOException {
    return switch (parser.currentToken()) {
      case VALUE_STRING -> parser.getText();
      case VALUE_NUMBER_INT -> wholeNumber(place);
      case VALUE_NUMBER_FLOAT -> realNumber(place);
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      default -> throw wrong(place, "a text, a number, a boolean, null or a list of these");
    };
  }

  private Object realNumber(String place) throws IOException {
    double number = parser.getDoubleValue();
    if (!Double.isFinite(number)) {
      throw wrong(place, "a number of 64 bits");
    }
    return RequestNumbers.of(number);
  }

  private Object id(String place) throws IOException {
    return switch (parser.currentToken()) {
      case VALUE_STRING -> parser.getText();
      case VALUE_NUMBER_INT -> wholeNumber(place);
      case VALUE_NUMBER_FLOAT -> wholeNumber(parser.getDoubleValue(), place);
      default -> throw wrong(place, "a text or a whole number");
    };
  }

  private Long wholeNumber(String place) throws IOException {
    if (parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
      throw wrong(place, "a number of 64 bits, or a text");
    }
    return parser.getLongValue();
  }

  /** Reads a number such as 17.0, which JSON does not tell from 17. */
  private Long wholeNumber(double number, String place) throws IOException {
    if (!RequestNumbers.isWhole(number)) {
      throw wrong(place, "a whole number, or a text");
    }
    return (long) number;
  }

  private String text(String place) throws IOException {
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      throw wrong(place, "a text");
    }
    return parser.getText();
  }

  private boolean truth(String place) throws IOException {
    return switch (parser.currentToken()) {
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default -> throw wrong(place, "true or false");
    };
  }

  private int top() throws IOException {
    if (parser.currentToken().isNumeric()) {
      double number = parser.getDoubleValue();
      if (number == Math.rint(number) && number >= 0 && number <= Integer.MAX_VALUE) {
        return (int) number;
      }
    }
    throw wrong("top", "a whole number from 0 to %d".formatted(Integer.MAX_VALUE));
  }

  /** Returns a name within the item that is read, if any. */
  private String place(String name) {
    String dot = name.isEmpty() ? "" : ".";
    return item == OUTSIDE ? name : "items[" + item + "]" + dot + name;
  }

  private MsrException wrong(String place, String expected) throws IOException {
    JsonToken token = parser.currentToken();
    String found =
        token == null
            ? "missing"
            : switch (token) {
              case START_OBJECT -> "an object";
              case START_ARRAY -> "a list";
              default -> Shortened.of(parser.getText());
            };
    return Refusals.badRequest(
        "%s is %s, but should be %s. /openapi.json describes requests."
            .formatted(place(place), found, expected));
  }
}
