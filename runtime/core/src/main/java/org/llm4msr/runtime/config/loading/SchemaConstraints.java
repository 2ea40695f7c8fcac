package org.llm4msr.runtime.config.loading;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Positive;
import jakarta.validation.constraints.PositiveOrZero;
import jakarta.validation.constraints.Size;
import java.lang.annotation.Annotation;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hibernate.validator.constraints.UniqueElements;

/** Jakarta constraints as JSON Schema. A plugin's own constraints have no counterpart. */
final class SchemaConstraints {

  private SchemaConstraints() {}

  static void add(Annotation constraint, Class<?> type, Map<String, Object> schema) {
    if (constraint instanceof Min min) {
      schema.put("minimum", min.value());
    } else if (constraint instanceof Max max) {
      schema.put("maximum", max.value());
    } else if (constraint instanceof DecimalMin min) {
      schema.put(min.inclusive() ? "minimum" : "exclusiveMinimum", new BigDecimal(min.value()));
    } else if (constraint instanceof DecimalMax max) {
      schema.put(max.inclusive() ? "maximum" : "exclusiveMaximum", new BigDecimal(max.value()));
    } else if (constraint instanceof Positive) {
      schema.put("exclusiveMinimum", 0);
    } else if (constraint instanceof PositiveOrZero) {
      schema.put("minimum", 0);
    } else if (constraint instanceof Pattern pattern) {
      schema.put("pattern", "^(?:" + pattern.regexp() + ")$");
    } else if (constraint instanceof NotEmpty || constraint instanceof NotBlank) {
      schema.put("min" + unit(type), 1);
    } else if (constraint instanceof UniqueElements) {
      schema.put("uniqueItems", true);
    } else if (constraint instanceof Size size) {
      schema.put("min" + unit(type), size.min());
      if (size.max() < Integer.MAX_VALUE) {
        schema.put("max" + unit(type), size.max());
      }
    }
  }

  private static String unit(Class<?> type) {
    if (type == List.class || type == Set.class) {
      return "Items";
    }
    return type == Map.class ? "Properties" : "Length";
  }
}
