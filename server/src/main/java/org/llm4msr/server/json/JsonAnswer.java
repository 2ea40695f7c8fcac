package org.llm4msr.server.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.ByteArrayBuilder;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.server.explanation.Explanations;
import org.llm4msr.server.ranking.RankAnswer;
import org.llm4msr.server.refusal.SentText;

/** Writes the JSON form of the message {@code RankResponse}, and errors. */
public final class JsonAnswer {

  private static final JsonFactory JSON = new JsonFactory();
  private static final ObjectMapper TREES = new ObjectMapper();

  private JsonAnswer() {}

  /** Writes what becomes of the generator. */
  private interface Content {
    void write(JsonGenerator out) throws IOException;
  }

  /** Returns an answer in UTF-8. */
  public static byte[] of(RankAnswer answer) {
    return bytes(
        out -> {
          out.writeStartObject();
          out.writeStringField("id", answer.call().id());
          out.writeStringField("model", answer.model());
          out.writeStringField("version", answer.version());
          out.writeArrayFieldStart("items");
          for (int place : answer.places()) {
            writeItem(out, answer, place);
          }
          out.writeEndArray();
          if (answer.explanation() != null) {
            explain(out, Explanations.ofAll(answer.explanation(), answer.call().origins()));
          }
          out.writeEndObject();
        });
  }

  private static void writeItem(JsonGenerator out, RankAnswer answer, int place)
      throws IOException {
    MsrException error = answer.result().error(place);
    out.writeStartObject();
    out.writeFieldName("id");
    writeId(out, answer.call().request().items().get(place).id());
    out.writeNumberField("place", place);
    if (error == null) {
      out.writeNumberField("probability", answer.result().probability(place));
      writeLabels(out, answer, place);
    }
    out.writeStringField("status", answer.result().status(place).name());
    if (error != null) {
      out.writeStringField("error", SentText.withCode(error));
    }
    if (answer.explanation() != null && error == null) {
      explain(out, Explanations.ofItem(answer.explanation(), place, answer.call().origins()));
    }
    out.writeEndObject();
  }

  private static void writeLabels(JsonGenerator out, RankAnswer answer, int place)
      throws IOException {
    List<String> labels = answer.ranker().labels();
    if (!labels.isEmpty()) {
      out.writeObjectFieldStart("labels");
      for (int label = 0; label < labels.size(); label++) {
        out.writeNumberField(labels.get(label), answer.result().probability(label, place));
      }
      out.writeEndObject();
    }
  }

  private static void explain(JsonGenerator out, Map<String, Object> tree) throws IOException {
    out.writeFieldName("explanation");
    TREES.writeValue(out, tree);
  }

  private static void writeId(JsonGenerator out, @Nullable Object id) throws IOException {
    if (id instanceof Long number) {
      out.writeNumber(number);
    } else {
      out.writeString(String.valueOf(id));
    }
  }

  /** Returns an error in UTF-8. */
  public static byte[] of(MsrException error) {
    return bytes(
        out -> {
          out.writeStartObject();
          out.writeStringField("code", error.code());
          out.writeStringField("message", SentText.of(error));
          out.writeBooleanField("retryable", error.retryable());
          out.writeEndObject();
        });
  }

  private static byte[] bytes(Content content) {
    try (ByteArrayBuilder bytes = new ByteArrayBuilder(JSON._getBufferRecycler());
        JsonGenerator out = JSON.createGenerator(bytes)) {
      content.write(out);
      out.flush();
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException("in memory", e);
    }
  }
}
