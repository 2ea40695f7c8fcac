package org.llm4msr.runtime.config.loading;

import jakarta.validation.ConstraintViolation;
import jakarta.validation.ElementKind;
import jakarta.validation.Path;
import jakarta.validation.Validation;
import jakarta.validation.Validator;
import jakarta.validation.constraints.Pattern;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.text.NearestName;

/** Checks the Jakarta constraints of bound records and says where in the YAML each was broken. */
final class ConstraintCheck {

  private static final Predicate<String> WORD =
      java.util.regex.Pattern.compile("[A-Za-z0-9-]+").asMatchPredicate();

  private final Validator validator;

  /** Makes a check with the validator that the whole runtime shares. */
  ConstraintCheck(Validator validator) {
    this.validator = validator;
  }

  /** Makes the validator: no XML, no expression language, English texts. */
  static Validator newValidator() {
    try (var factory =
        Validation.byDefaultProvider()
            .configure()
            .ignoreXmlConfiguration()
            .messageInterpolator(new ConstraintMessages())
            .buildValidatorFactory()) {
      return factory.getValidator();
    }
  }

  void check(Record root, RecordBinder binder, Problems problems) {
    for (ConstraintViolation<Record> violation : validator.validate(root)) {
      BrokenRule broken = broken(violation, binder);
      if (!binder.failed(broken.path())) {
        String message = violation.getMessage() + hint(violation);
        boolean isEnded = message.endsWith("?") || broken.legal().isEmpty();
        String rule = message + (isEnded ? "" : ".") + broken.legal();
        problems.add(broken.path(), broken.value(), binder.origin(broken.path()), rule);
      }
    }
  }

  /** Names the word that was meant, where a pattern is a choice of words. */
  private static String hint(ConstraintViolation<?> violation) {
    if (violation.getConstraintDescriptor().getAnnotation() instanceof Pattern pattern
        && violation.getInvalidValue() instanceof CharSequence value) {
      List<String> words = List.of(pattern.regexp().split("\\|"));
      String hint = words.stream().allMatch(WORD) ? NearestName.hint(value.toString(), words) : "";
      return hint.isEmpty() ? "" : "." + hint;
    }
    return "";
  }

  /** The place where a rule was broken, with the value to show and what would be legal there. */
  private record BrokenRule(String path, @Nullable String value, String legal) {}

  /**
   * The bean that holds the value is known by identity; the path below it is one key, or an element
   * of its value. A rule of the bean itself or of one of its methods has the place of the bean.
   */
  private static BrokenRule broken(ConstraintViolation<?> violation, RecordBinder binder) {
    Object bean = violation.getLeafBean();
    String path = binder.path(bean);
    List<Path.Node> nodes = new ArrayList<>();
    violation.getPropertyPath().forEach(nodes::add);
    int property = nodes.size() - 1;
    while (property >= 0 && nodes.get(property).getKind() != ElementKind.PROPERTY) {
      property--;
    }
    boolean wholeBean =
        nodes.isEmpty() || nodes.get(nodes.size() - 1).getKind() == ElementKind.BEAN;
    if (wholeBean || property < 0) {
      return new BrokenRule(path, null, "");
    }
    String key = nodes.get(property).getName();
    StringBuilder full = new StringBuilder(RecordBinder.join(path, key));
    for (Path.Node node : nodes.subList(property + 1, nodes.size())) {
      if (node.getIndex() != null) {
        full.append('[').append(node.getIndex()).append(']');
      } else if (node.getKey() != null) {
        full.append('.').append(node.getKey());
      }
    }
    return SettingInfo.of(bean.getClass()).stream()
        .filter(setting -> setting.key().equals(key))
        .findFirst()
        .map(setting -> new BrokenRule(full.toString(), shown(setting, violation), legal(setting)))
        .orElse(new BrokenRule(path, null, ""));
  }

  private static @Nullable String shown(SettingInfo setting, ConstraintViolation<?> violation) {
    Object value = violation.getInvalidValue();
    if (value == null || value instanceof Record) {
      return null;
    }
    return setting.secret() ? "***" : String.valueOf(value);
  }

  private static String legal(SettingInfo setting) {
    return setting.constraints().isEmpty() ? "" : " Allowed: " + setting.legal();
  }
}
