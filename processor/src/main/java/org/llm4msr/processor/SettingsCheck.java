package org.llm4msr.processor;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.annotation.processing.ProcessingEnvironment;
import javax.lang.model.element.AnnotationMirror;
import javax.lang.model.element.Element;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.RecordComponentElement;
import javax.lang.model.element.TypeElement;
import javax.lang.model.element.VariableElement;
import javax.lang.model.util.ElementFilter;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;
import org.llm4msr.processor.Forms.Unbindable;

/** Finds mistakes in the record of a plugin's settings, and in the records that it holds. */
final class SettingsCheck {

  /** The default messages of these need an expression language, which the runtime does not have. */
  private static final Set<String> NEED_A_MESSAGE =
      Set.of(
          "jakarta.validation.constraints.DecimalMin", "jakarta.validation.constraints.DecimalMax");

  private final Forms forms;
  private final List<Mistake> mistakes = new ArrayList<>();

  /** The records that are being read. */
  private final Deque<TypeElement> records = new ArrayDeque<>();

  /** The keys that lead to the setting that is being read. */
  private final Deque<String> path = new ArrayDeque<>();

  private SettingsCheck(ProcessingEnvironment environment) {
    forms = new Forms(environment, this::keys);
  }

  /**
   * Returns the mistakes of a record.
   *
   * @param factories the factory types whose plugins it configures
   */
  static List<Mistake> of(
      ProcessingEnvironment environment, TypeElement record, Set<String> factories) {
    SettingsCheck check = new SettingsCheck(environment);
    check.reserved(record, ReservedSettings.of(factories));
    check.read(record);
    return check.mistakes;
  }

  private void reserved(TypeElement record, Set<String> reserved) {
    for (RecordComponentElement component : record.getRecordComponents()) {
      String key = component.getSimpleName().toString();
      if (reserved.contains(key)) {
        mistakes.add(
            new Mistake(
                field(record, component),
                "has the setting %s, but the runtime reads that key itself. Rename the setting; reserved are %s."
                    .formatted(key, String.join(", ", reserved))));
      }
    }
  }

  private Form keys(TypeElement record) throws Unbindable {
    if (records.contains(record)) {
      throw new Unbindable(
          "the record %s holds itself, so that no list of its keys would end"
              .formatted(record.getQualifiedName()));
    }
    return read(record);
  }

  private Form read(TypeElement record) {
    records.push(record);
    Map<String, Form> keys = new LinkedHashMap<>();
    for (RecordComponentElement component : record.getRecordComponents()) {
      path.addLast(component.getSimpleName().toString());
      Element place = field(record, component);
      constraints(place);
      Form form = form(component, place);
      keys.put(component.getSimpleName().toString(), form);
      @Nullable Setting setting = component.getAnnotation(Setting.class);
      if (setting != null) {
        values(setting, form, place);
        if (!setting.formerly().isEmpty()) {
          keys.put(setting.formerly(), form);
        }
      }
      path.removeLast();
    }
    records.pop();
    return new Form.Keys(keys);
  }

  private Form form(RecordComponentElement component, Element place) {
    try {
      return forms.of(component.asType());
    } catch (Unbindable e) {
      add(
          place,
          "has the setting %s, but %s. Use String, Path, boolean, int, long, float, double, an enum, a record of these, or List, Set, Map<String, ...> or Optional of these."
              .formatted(key(), e.getMessage()));
      return new Form.Any();
    }
  }

  private void values(Setting setting, Form form, Element place) {
    if (!setting.defaultValue().isEmpty()) {
      WrittenValue.problem(form, setting.defaultValue())
          .ifPresent(
              rule ->
                  add(
                      place,
                      "has the defaultValue \"%s\" for the setting %s, but %s."
                          .formatted(setting.defaultValue(), key(), rule)));
    }
    if (!setting.before().isEmpty() && !setting.before().equals("null")) {
      WrittenValue.scalarProblem(form, setting.before())
          .ifPresent(
              rule ->
                  add(
                      place,
                      "has before = \"%s\" for the setting %s, but %s; \"null\" means none."
                          .formatted(setting.before(), key(), rule)));
    }
  }

  private void constraints(Element field) {
    for (AnnotationMirror constraint : field.getAnnotationMirrors()) {
      TypeElement annotation = (TypeElement) constraint.getAnnotationType().asElement();
      if (NEED_A_MESSAGE.contains(annotation.getQualifiedName().toString())
          && constraint.getElementValues().keySet().stream().noneMatch(SettingsCheck::isMessage)) {
        add(
            field,
            "has @%s without a message on the setting %s. Write message = ..., as there is no expression language."
                .formatted(annotation.getSimpleName(), key()));
      }
    }
  }

  private static boolean isMessage(ExecutableElement element) {
    return element.getSimpleName().contentEquals("message");
  }

  /**
   * Returns the field of a component: the compiler puts constraints there and on the parameter, not
   * on the component, and knows the line of it.
   */
  private static Element field(TypeElement record, RecordComponentElement component) {
    for (VariableElement field : ElementFilter.fieldsIn(record.getEnclosedElements())) {
      if (field.getSimpleName().equals(component.getSimpleName())) {
        return field;
      }
    }
    return component;
  }

  private String key() {
    return String.join(".", path);
  }

  private void add(Element place, String text) {
    mistakes.add(new Mistake(place, text));
  }
}
