package org.llm4msr.server.grpc;

import com.google.protobuf.ListValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.server.ranking.EventKeys;
import org.llm4msr.server.ranking.RequestNumbers;
import org.llm4msr.server.refusal.Refusals;

/** Values of messages as Java objects. */
final class ProtoValues {

  private ProtoValues() {}

  /** Returns columns by name. */
  static Map<String, @Nullable Object> columns(Map<String, Value> values, String place) {
    if (values.isEmpty()) {
      return Map.of();
    }
    Map<String, @Nullable Object> columns = new LinkedHashMap<>();
    values.forEach((column, value) -> columns.put(column, value(value, place + "." + column)));
    return columns;
  }

  private static @Nullable Object value(Value value, String place) {
    if (value.getKindCase() != Value.KindCase.LIST_VALUE) {
      return scalar(value, place);
    }
    List<@Nullable Object> values = new ArrayList<>();
    for (Value each : value.getListValue().getValuesList()) {
      values.add(
          each.getKindCase() == Value.KindCase.STRUCT_VALUE
              ? event(each.getStructValue(), place + "[" + values.size() + "]")
              : scalar(each, place));
    }
    return values;
  }

  private static Map<String, @Nullable Object> event(Struct parts, String place) {
    Map<String, @Nullable Object> event = new LinkedHashMap<>();
    parts.getFieldsMap().forEach((key, part) -> event.put(key, scalar(part, place + "." + key)));
    EventKeys.require(event, place);
    return event;
  }

  private static @Nullable Object scalar(Value value, String place) {
    return switch (value.getKindCase()) {
      case STRING_VALUE -> value.getStringValue();
      case BOOL_VALUE -> value.getBoolValue();
      case NULL_VALUE -> null;
      case NUMBER_VALUE -> number(value.getNumberValue(), place);
      default -> throw wrong(value, place, "a text, a number, a boolean, null or a list of these");
    };
  }

  private static Object number(double number, String place) {
    if (!Double.isFinite(number)) {
      throw Refusals.badRequest(
          "%s is %s, but should be a finite number.".formatted(place, number));
    }
    return RequestNumbers.of(number);
  }

  private static RuntimeException wrong(Value value, String place, String expected) {
    return Refusals.badRequest(
        "%s is %s, but should be %s."
            .formatted(
                place,
                switch (value.getKindCase()) {
                  case KIND_NOT_SET -> "missing";
                  case NULL_VALUE -> "null";
                  case BOOL_VALUE -> value.getBoolValue();
                  case STRUCT_VALUE -> "an object";
                  case LIST_VALUE -> "a list";
                  default -> value.getKindCase();
                },
                expected));
  }

  /** Returns a tree of maps, lists, texts and numbers. */
  static Struct struct(Map<String, ?> tree) {
    return value(tree).getStructValue();
  }

  private static Value value(Object tree) {
    Value.Builder value = Value.newBuilder();
    if (tree instanceof Map<?, ?> map) {
      Struct.Builder struct = Struct.newBuilder();
      map.forEach((key, each) -> struct.putFields(String.valueOf(key), value(each)));
      return value.setStructValue(struct).build();
    }
    if (tree instanceof List<?> list) {
      ListValue.Builder values = ListValue.newBuilder();
      list.forEach(each -> values.addValues(value(each)));
      return value.setListValue(values).build();
    }
    return tree instanceof Number number
        ? value.setNumberValue(number.doubleValue()).build()
        : value.setStringValue(tree.toString()).build();
  }
}
