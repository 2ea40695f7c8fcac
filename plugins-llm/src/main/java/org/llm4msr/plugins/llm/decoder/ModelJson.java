package org.llm4msr.plugins.llm.decoder;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * An object of a model's JSON file. A value of the wrong kind is refused with file and key.
 *
 * @param file the file that holds it, for messages
 */
record ModelJson(Path file, JsonObject json) {

  private static final long MOST_BYTES = 64L << 20;

  /** Reads a file. */
  static ModelJson read(Path file) {
    try {
      if (Files.size(file) > MOST_BYTES) {
        throw notReadable(file, "it has more than " + (MOST_BYTES >> 20) + " MiB", null);
      }
      return new ModelJson(file, JsonParser.parseString(Files.readString(file)).getAsJsonObject());
    } catch (IOException | JsonParseException | IllegalStateException e) {
      throw notReadable(file, String.valueOf(e.getMessage()), e);
    }
  }

  /** Returns an object without keys. */
  static ModelJson empty(Path file) {
    return new ModelJson(file, new JsonObject());
  }

  boolean has(String key) {
    return json.has(key) && !json.get(key).isJsonNull();
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
    JsonPrimitive value = primitive(key);
    if (value == null || !value.isNumber()) {
      throw wrong(key, "a number");
    }
    return value.getAsDouble();
  }

  double number(String key, double absent) {
    return has(key) ? number(key) : absent;
  }

  boolean flag(String key, boolean absent) {
    if (!has(key)) {
      return absent;
    }
    JsonPrimitive value = primitive(key);
    if (value == null || !value.isBoolean()) {
      throw wrong(key, "true or false");
    }
    return value.getAsBoolean();
  }

  String text(String key, String absent) {
    if (!has(key)) {
      return absent;
    }
    JsonPrimitive value = primitive(key);
    if (value == null || !value.isString()) {
      throw wrong(key, "a text");
    }
    return value.getAsString();
  }

  /** Returns a special token, which is given as text or as an object with its text. */
  String specialToken(String key) {
    return has(key) && json.get(key).isJsonObject()
        ? object(key).text("content", "")
        : text(key, "");
  }

  /** Returns the object below a key, or an empty one. */
  ModelJson object(String key) {
    if (!has(key)) {
      return empty(file);
    }
    if (!json.get(key).isJsonObject()) {
      throw wrong(key, "an object");
    }
    return new ModelJson(file, json.getAsJsonObject(key));
  }

  /** Returns the objects of the list below a key. */
  List<ModelJson> objects(String key) {
    try {
      return json.getAsJsonArray(key).asList().stream()
          .map(one -> new ModelJson(file, one.getAsJsonObject()))
          .toList();
    } catch (ClassCastException | IllegalStateException e) {
      throw wrong(key, "a list of objects");
    }
  }

  /** Returns the integers below a key: one, a list of them, or none. */
  List<Long> integers(String key) {
    return list(key, JsonElement::getAsLong, "a whole number or a list of them");
  }

  /** Returns the numbers below a key: one, a list of them, or none. */
  List<Double> numbers(String key) {
    return list(key, JsonElement::getAsDouble, "a list of numbers");
  }

  /** Returns the texts below a key: one, a list of them, or none. */
  List<String> texts(String key) {
    return list(key, JsonElement::getAsString, "a list of texts");
  }

  private <T> List<T> list(String key, Function<JsonElement, T> read, String expected) {
    if (!has(key)) {
      return List.of();
    }
    JsonElement value = json.get(key);
    try {
      return value.isJsonArray()
          ? value.getAsJsonArray().asList().stream().map(read).toList()
          : List.of(read.apply(value));
    } catch (IllegalStateException | NumberFormatException | UnsupportedOperationException e) {
      throw wrong(key, expected);
    }
  }

  Iterable<Map.Entry<String, JsonElement>> entries() {
    return json.entrySet();
  }

  private @Nullable JsonPrimitive primitive(String key) {
    JsonElement value = json.get(key);
    return value != null && value.isJsonPrimitive() ? value.getAsJsonPrimitive() : null;
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
