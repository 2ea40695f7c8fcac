package org.llm4msr.runtime.data.prepared;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.llm4msr.api.data.FieldKind;

/** The kinds of fields as texts: in manifests, and in what commands print. */
public final class FieldKinds {

  private static final Pattern VECTOR = Pattern.compile("vector\\((\\d{1,9})\\)");

  private FieldKinds() {}

  /** Returns what writes and reads kinds as texts, for an {@code ObjectMapper}. */
  public static SimpleModule json() {
    return new SimpleModule()
        .addSerializer(FieldKind.class, new KindWriter())
        .addDeserializer(FieldKind.class, new KindReader());
  }

  public static String name(FieldKind kind) {
    if (kind instanceof FieldKind.Categorical) {
      return "categorical";
    }
    if (kind instanceof FieldKind.Vector vector) {
      return "vector(" + vector.size() + ")";
    }
    return kind instanceof FieldKind.MultiCategorical ? "multi-categorical" : "numeric";
  }

  private static final class KindWriter extends StdSerializer<FieldKind> {
    private static final long serialVersionUID = 1L;

    KindWriter() {
      super(FieldKind.class);
    }

    @Override
    public void serialize(FieldKind kind, JsonGenerator json, SerializerProvider provider)
        throws IOException {
      json.writeString(name(kind));
    }
  }

  private static final class KindReader extends StdDeserializer<FieldKind> {
    private static final long serialVersionUID = 1L;

    KindReader() {
      super(FieldKind.class);
    }

    @Override
    public FieldKind deserialize(JsonParser json, DeserializationContext context)
        throws IOException {
      String text = json.getText();
      Matcher vector = VECTOR.matcher(text);
      if (vector.matches()) {
        return new FieldKind.Vector(Integer.parseInt(vector.group(1)));
      }
      return switch (text) {
        case "categorical" -> new FieldKind.Categorical();
        case "multi-categorical" -> new FieldKind.MultiCategorical();
        case "numeric" -> new FieldKind.Numeric();
        default ->
            throw context.weirdStringException(
                text,
                FieldKind.class,
                "expected categorical, multi-categorical, numeric or vector(SIZE)");
      };
    }
  }
}
