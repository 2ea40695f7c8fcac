package org.llm4msr.plugins.llm.decoder;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * An object of a model's JSON file. A value of the wrong kind is refused with file and key.
 *
 * @param file the file that holds it, for messages
 */
record ModelJson(Path file, ObjectNode json) {

  /** Python writes NaN and Infinity. */
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private static final long MOST_BYTES = 64L << 20;

  /** Reads a file. */
  static ModelJson read(Path file) {
    try {
      if (Files.size(file) > MOST_BYTES) {
        throw notReadable(file, "it has more than " + (MOST_BYTES >> 20) + " MiB", null);
      }
      if (JSON.readTree(Files.readAllBytes(file)) instanceof ObjectNode json) {
        return new ModelJson(file, json);
      }
    } catch (JsonProcessingException e) {
      throw notReadable(file, e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw notReadable(file, String.valueOf(e.getMessage()), e);
    }
    throw notReadable(file, "it is not a JSON object", null);
  }

  /** Returns an object without keys. */
  static ModelJson empty(Path file) {
    return new ModelJson(file, JsonNodeFactory.instance.objectNode());
  }

  boolean has(String key) {
    return json.hasNonNull(key);
  }

  int integer(String key) {
    double value = number(key);
    if (value != Math.rint(value) || value < 1 || value > Integer.MAX_VALUE) {
      throw wrong(key, "a whole number above 0");
    }
    return (int) value;
  }

  int integer(String key, int absent) {
    return has(key) ? integer(key) : absent;
  }

  double number(String key) {
    JsonNode value = json.path(key);
    if (!value.isNumber()) {
      throw wrong(key, "a number");
    }
    return value.doubleValue();
  }

  double number(String key, double absent) {
    return has(key) ? number(key) : absent;
  }

  boolean flag(String key, boolean absent) {
    if (!has(key)) {
      return absent;
    }
    JsonNode value = json.path(key);
    if (!value.isBoolean()) {
      throw wrong(key, "true or false");
    }
    return value.booleanValue();
  }

  String text(String key, String absent) {
    if (!has(key)) {
      return absent;
    }
    JsonNode value = json.path(key);
    if (!value.isTextual()) {
      throw wrong(key, "a text");
    }
    return value.textValue();
  }

  /** Returns a special token, which is given as text or as an object with its text. */
  String specialToken(String key) {
    return json.path(key).isObject() ? object(key).text("content", "") : text(key, "");
  }

  /** Returns the object below a key, or an empty one. */
  ModelJson object(String key) {
    if (!has(key)) {
      return empty(file);
    }
    if (json.get(key) instanceof ObjectNode object) {
      return new ModelJson(file, object);
    }
    throw wrong(key, "an object");
  }

  /** Returns the objects of the list below a key. */
  List<ModelJson> objects(String key) {
    List<ModelJson> objects = new ArrayList<>();
    for (JsonNode element : json.path(key)) {
      if (!(element instanceof ObjectNode object)) {
        throw wrong(key, "a list of objects");
      }
      objects.add(new ModelJson(file, object));
    }
    return objects;
  }

  /** Returns the integers below a key: one, a list of them, or none. */
  List<Long> integers(String key) {
    return list(
        key,
        value -> value.isIntegralNumber() && value.canConvertToLong(),
        JsonNode::longValue,
        "a whole number or a list of them");
  }

  /** Returns the numbers below a key: one, a list of them, or none. */
  List<Double> numbers(String key) {
    return list(key, JsonNode::isNumber, JsonNode::doubleValue, "a list of numbers");
  }

  /** Returns the texts below a key: one, a list of them, or none. */
  List<String> texts(String key) {
    return list(key, JsonNode::isTextual, JsonNode::textValue, "a list of texts");
  }

  private <T> List<T> list(
      String key, Predicate<JsonNode> fits, Function<JsonNode, T> read, String expected) {
    if (!has(key)) {
      return List.of();
    }
    JsonNode value = json.get(key);
    List<JsonNode> values = new ArrayList<>();
    if (value.isArray()) {
      value.forEach(values::add);
    } else {
      values.add(value);
    }
    if (!values.stream().allMatch(fits)) {
      throw wrong(key, expected);
    }
    return values.stream().map(read).toList();
  }

  List<String> keys() {
    return json.properties().stream().map(Map.Entry::getKey).toList();
  }

  MsrException wrong(String key, String expected) {
    return new MsrException(
        ErrorType.USER,
        "knowledge/MODEL_NOT_READABLE",
        "%s is %s in %s, and must be %s. Get the file from the model's publisher again."
            .formatted(key, has(key) ? json.get(key) : "absent", file, expected));
  }

  private static MsrException notReadable(Path file, String why, @Nullable Exception cause) {
    return new MsrException(
        ErrorType.USER,
        "knowledge/MODEL_NOT_READABLE",
        "cannot read %s: %s. Get the file from the model's publisher again.".formatted(file, why),
        cause);
  }
}
