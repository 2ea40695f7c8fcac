package org.llm4msr.server.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.text.Shortened;
import org.llm4msr.server.knowledge.FreshVector;
import org.llm4msr.server.knowledge.KnowledgeUpdates;
import org.llm4msr.server.refusal.Refusals;

/**
 * The JSON form of knowledge.
 *
 * @param vector null where there is a text
 * @param text null where there is a vector
 */
@SuppressWarnings("ArrayRecordComponent") // As in the SPI.
public record JsonKnowledge(float @Nullable [] vector, @Nullable String text) {

  private static final String VECTOR = "vector";
  private static final String TEXT = "text";

  private static final JsonMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /**
   * Reads a body.
   *
   * @throws org.llm4msr.api.MsrException {@code serve/BAD_REQUEST} with the place
   */
  public static JsonKnowledge read(InputStream body) {
    JsonNode node = tree(body);
    Set<String> keys = new TreeSet<>();
    node.fieldNames().forEachRemaining(keys::add);
    if (!node.isObject() || keys.size() != 1 || !Set.of(VECTOR, TEXT).containsAll(keys)) {
      throw Refusals.badRequest(
          "The body should be an object with one key, vector or text%s."
              .formatted(node.isObject() ? ", but it has the keys " + keys : ""));
    }
    return keys.contains(TEXT)
        ? new JsonKnowledge(null, text(node.get(TEXT)))
        : new JsonKnowledge(vector(node.get(VECTOR)), null);
  }

  private static JsonNode tree(InputStream body) {
    try {
      return JSON.readTree(body);
    } catch (JsonProcessingException e) {
      throw Refusals.badRequest(
          "The body is no JSON at line %d, column %d. Send an object as /openapi.json describes it."
              .formatted(e.getLocation().getLineNr(), e.getLocation().getColumnNr()));
    } catch (IOException e) {
      throw Refusals.badRequest("The body cannot be read: " + e.getMessage());
    }
  }

  private static String text(JsonNode node) {
    if (!node.isTextual() || node.textValue().isBlank()) {
      throw Refusals.badRequest("text should be a text that is not empty.");
    }
    return node.textValue();
  }

  private static float[] vector(JsonNode node) {
    if (!node.isArray() || node.isEmpty()) {
      throw Refusals.badRequest("vector should be a list of numbers.");
    }
    float[] vector = new float[node.size()];
    for (int i = 0; i < vector.length; i++) {
      JsonNode number = node.get(i);
      vector[i] = number.isNumber() ? number.floatValue() : Float.NaN;
      if (!Float.isFinite(vector[i])) {
        throw Refusals.badRequest(
            "vector[%d] is %s, but should be a number within float32."
                .formatted(i, Shortened.of(number.toString())));
      }
    }
    return vector;
  }

  /** Returns a vector and who reads it, in UTF-8; the numbers are left out. */
  public static byte[] of(KnowledgeUpdates.Read read) {
    FreshVector fresh = read.fresh();
    ObjectNode node = JSON.createObjectNode();
    node.put("level", fresh.level().name().toLowerCase(Locale.ROOT));
    node.put("key", fresh.key());
    node.put("width", fresh.vector().length);
    node.put("since", fresh.since().toString());
    ArrayNode models = node.putArray("models");
    read.readers().forEach(models::add);
    if (read.warning() != null) {
      node.put("warning", read.warning());
    }
    try {
      return JSON.writeValueAsBytes(node);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree is no JSON", e);
    }
  }
}
