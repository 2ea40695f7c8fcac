package org.llm4msr.runtime.data.prepared;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import java.io.IOException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.FieldKind;

/** The kinds of fields as texts: in manifests, and in what commands print. */
public final class FieldKinds {

  private static final Pattern SIZED =
      Pattern.compile("(vector|bucketed|hashed|multi-hashed)\\((\\d{1,9})\\)");
  private static final Pattern BOUNDS =
      Pattern.compile("bucketed\\[([-+.0-9E]+(?:, [-+.0-9E]+)*)]");

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
    if (kind instanceof FieldKind.Bucketed bucketed) {
      return bucketed.bounds().isEmpty()
          ? "bucketed(" + bucketed.count() + ")"
          : "bucketed" + bucketed.bounds();
    }
    if (kind instanceof FieldKind.Hashed hashed) {
      return (hashed.list() ? "multi-hashed(" : "hashed(") + hashed.buckets() + ")";
    }
    return kind instanceof FieldKind.MultiCategorical ? "multi-categorical" : "numeric";
  }

  private static @Nullable FieldKind parse(String text) {
    Matcher sized = SIZED.matcher(text);
    if (sized.matches()) {
      int size = Integer.parseInt(sized.group(2));
      return switch (sized.group(1)) {
        case "vector" -> new FieldKind.Vector(size);
        case "bucketed" -> new FieldKind.Bucketed(size, List.of());
        default -> new FieldKind.Hashed(size, sized.group(1).equals("multi-hashed"));
      };
    }
    Matcher bounds = BOUNDS.matcher(text);
    if (bounds.matches()) {
      return bucketed(bounds.group(1));
    }
    return switch (text) {
      case "categorical" -> new FieldKind.Categorical();
      case "multi-categorical" -> new FieldKind.MultiCategorical();
      case "numeric" -> new FieldKind.Numeric();
      default -> null;
    };
  }

  private static @Nullable FieldKind bucketed(String bounds) {
    try {
      return new FieldKind.Bucketed(
          0, Stream.of(bounds.split(", ", -1)).map(Double::valueOf).toList());
    } catch (NumberFormatException e) {
      return null;
    }
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
      FieldKind kind = parse(text);
      if (kind == null) {
        throw context.weirdStringException(
            text,
            FieldKind.class,
            "expected categorical, multi-categorical, numeric, vector(SIZE), bucketed(COUNT), bucketed[BOUNDS], hashed(BUCKETS) or multi-hashed(BUCKETS)");
      }
      return kind;
    }
  }
}
