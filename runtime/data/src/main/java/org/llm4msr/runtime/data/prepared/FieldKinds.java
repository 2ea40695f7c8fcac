package org.llm4msr.runtime.data.prepared;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.runtime.batch.FieldForm;

/** The kinds of fields as texts: in manifests, and in what commands print. */
public final class FieldKinds {

  private static final Pattern SIZED =
      Pattern.compile("(vector|bucketed|hashed|multi-hashed)\\((\\d{1,9})\\)");
  private static final Pattern BOUNDS =
      Pattern.compile("bucketed\\[([-+.0-9E]+(?:, [-+.0-9E]+)*)]");

  private static final Pattern CROSSED =
      Pattern.compile("crossed(\\[.*])(?:\\((\\d{1,9})\\))?", Pattern.DOTALL);
  private static final JsonMapper NAMES = JsonMapper.builder().build();

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
    if (kind instanceof FieldKind.Crossed crossed) {
      String size = crossed.buckets() == 0 ? "" : "(" + crossed.buckets() + ")";
      return "crossed" + json(crossed.parts()) + size;
    }
    return kind instanceof FieldKind.MultiCategorical ? "multi-categorical" : "numeric";
  }

  /** Returns the kind whose values rows bring: numbers for ranges, values for hashes. */
  public static FieldKind brought(FieldKind kind) {
    if (kind instanceof FieldKind.Bucketed) {
      return new FieldKind.Numeric();
    }
    if (kind instanceof FieldKind.Hashed hashed) {
      return hashed.list() ? new FieldKind.MultiCategorical() : new FieldKind.Categorical();
    }
    return kind;
  }

  /** Returns why fields do not fit their kinds; null if they do. */
  static @Nullable String problem(List<PreparedField> fields) {
    Set<String> able = new HashSet<>();
    for (PreparedField field : fields) {
      if (field.weighted() && FieldForm.of(field.kind()) != FieldForm.IDS) {
        return "the field '%s' is %s and has weights, which only lists have"
            .formatted(field.name(), name(field.kind()));
      }
      int buckets = 0;
      if (field.kind() instanceof FieldKind.Hashed hashed) {
        buckets = hashed.buckets();
      } else if (field.kind() instanceof FieldKind.Crossed crossed) {
        buckets = crossed.buckets();
        if (crossed.parts().isEmpty() || !able.containsAll(crossed.parts())) {
          return "the field '%s' is a cross of %s, of which not all come before it"
              .formatted(field.name(), crossed.parts());
        }
      } else if (FieldForm.of(field.kind()) == FieldForm.ID) {
        able.add(field.name());
      }
      boolean isHashed = field.hasIds() && !field.hasVocabulary();
      if (isHashed && (buckets < 1 || field.vocabularySize() != buckets + 1)) {
        return "the field '%s' has %d buckets and %d ids"
            .formatted(field.name(), buckets, field.vocabularySize());
      }
      if (field.kind() instanceof FieldKind.Hashed hashed && !hashed.list()) {
        able.add(field.name());
      }
    }
    return null;
  }

  private static String json(List<String> names) {
    try {
      return NAMES.writeValueAsString(names);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("names that are no JSON", e);
    }
  }

  private static @Nullable FieldKind parse(String text) {
    Matcher crossed = CROSSED.matcher(text);
    if (crossed.matches()) {
      String buckets = crossed.group(2);
      return crossed(crossed.group(1), buckets == null ? 0 : Integer.parseInt(buckets));
    }
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

  private static @Nullable FieldKind crossed(String parts, int buckets) {
    try {
      String[] names = NAMES.readValue(parts, String[].class);
      return Stream.of(names).allMatch(Objects::nonNull)
          ? new FieldKind.Crossed(List.of(names), buckets)
          : null;
    } catch (JsonProcessingException e) {
      return null;
    }
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
            "expected categorical, multi-categorical, numeric, vector(SIZE), bucketed(COUNT), bucketed[BOUNDS], hashed(BUCKETS), multi-hashed(BUCKETS) or crossed[PARTS]");
      }
      return kind;
    }
  }
}
