package org.llm4msr.processor;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import javax.annotation.processing.ProcessingEnvironment;
import javax.lang.model.element.AnnotationMirror;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.ExecutableElement;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.NestingKind;
import javax.lang.model.element.RecordComponentElement;
import javax.lang.model.element.TypeElement;
import javax.lang.model.element.VariableElement;
import javax.lang.model.type.DeclaredType;
import javax.lang.model.type.TypeKind;
import javax.lang.model.type.TypeMirror;
import javax.lang.model.util.ElementFilter;
import javax.lang.model.util.Types;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.PluginFactory;

/** Finds mistakes of a factory in its source. */
final class FactoryCheck {

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]*");

  /** The default messages of these need an expression language, which the runtime does not have. */
  private static final Set<String> NEED_A_MESSAGE =
      Set.of(
          "jakarta.validation.constraints.DecimalMin", "jakarta.validation.constraints.DecimalMax");

  private final Types types;

  FactoryCheck(ProcessingEnvironment environment) {
    types = environment.getTypeUtils();
  }

  /** Returns what is wrong with an annotated class, as the end of a sentence and its remedy. */
  List<String> problems(TypeElement type) {
    List<String> problems = new ArrayList<>();
    if (type.getKind() != ElementKind.CLASS || type.getModifiers().contains(Modifier.ABSTRACT)) {
      problems.add("is not a class that can be created. Annotate a class that is not abstract.");
      return problems;
    }
    shape(type, problems);
    annotation(type.getAnnotation(Plugin.class), problems);
    if (kinds(type).isEmpty()) {
      problems.add("implements no factory type of org.llm4msr.api, such as BackboneFactory.");
    } else {
      settings(type, problems);
    }
    return problems;
  }

  private static void shape(TypeElement type, List<String> problems) {
    if (!type.getModifiers().contains(Modifier.PUBLIC)) {
      problems.add("is not public. Make it public.");
    }
    NestingKind nesting = type.getNestingKind();
    boolean apart =
        nesting == NestingKind.TOP_LEVEL
            || (nesting == NestingKind.MEMBER && type.getModifiers().contains(Modifier.STATIC));
    if (!apart) {
      problems.add("is an inner class. Make it static, or move it to a file of its own.");
    }
    boolean constructor =
        ElementFilter.constructorsIn(type.getEnclosedElements()).stream()
            .anyMatch(
                candidate ->
                    candidate.getParameters().isEmpty()
                        && candidate.getModifiers().contains(Modifier.PUBLIC));
    if (!constructor && type.getModifiers().contains(Modifier.PUBLIC)) {
      problems.add(
          "has no public constructor without parameters. Add one; what it needs is handed to create().");
    }
  }

  private static void annotation(Plugin plugin, List<String> problems) {
    if (!NAME.matcher(plugin.name()).matches()) {
      problems.add(
          "has the name \"%s\", which is not of the form %s.".formatted(plugin.name(), NAME));
    }
    if (plugin.description().isBlank() || plugin.description().contains("\n")) {
      problems.add("has no description of one line. `plugins list` shows it.");
    }
  }

  /** Returns the factory types of the API that a class implements. */
  Set<String> kinds(TypeElement type) {
    Set<String> kinds = new LinkedHashSet<>();
    for (DeclaredType supertype : supertypes(type)) {
      TypeElement element = (TypeElement) supertype.asElement();
      boolean kind =
          element.getKind() == ElementKind.INTERFACE
              && element.getQualifiedName().toString().startsWith("org.llm4msr.api.")
              && element.getInterfaces().stream().anyMatch(FactoryCheck::isPluginFactory);
      if (kind) {
        kinds.add(element.getQualifiedName().toString());
      }
    }
    return kinds;
  }

  /** Reports a public factory without the annotation, which nobody would find. */
  Optional<String> unnamed(TypeElement type) {
    boolean factory =
        type.getKind() == ElementKind.CLASS
            && type.getModifiers().contains(Modifier.PUBLIC)
            && !type.getModifiers().contains(Modifier.ABSTRACT)
            && type.getAnnotation(Plugin.class) == null
            && !kinds(type).isEmpty();
    return factory
        ? Optional.of("has no @Plugin. Add @Plugin(name = ..., description = ...).")
        : Optional.empty();
  }

  private void settings(TypeElement type, List<String> problems) {
    TypeMirror config = types.getNoType(TypeKind.NONE);
    for (DeclaredType supertype : supertypes(type)) {
      if (isPluginFactory(supertype) && !supertype.getTypeArguments().isEmpty()) {
        config = supertype.getTypeArguments().get(0);
      }
    }
    if (!(types.asElement(config) instanceof TypeElement record)
        || record.getKind() != ElementKind.RECORD) {
      problems.add(
          "does not name a record as the type of its settings. Declare a record, which may be"
              + " empty.");
      return;
    }
    for (RecordComponentElement component : record.getRecordComponents()) {
      component(record, component, problems);
    }
  }

  /**
   * The compiler puts constraints on the field and the parameter of a component, not on the
   * component.
   */
  private static void component(
      TypeElement record, RecordComponentElement component, List<String> problems) {
    for (VariableElement field : ElementFilter.fieldsIn(record.getEnclosedElements())) {
      if (!field.getSimpleName().equals(component.getSimpleName())) {
        continue;
      }
      for (AnnotationMirror constraint : field.getAnnotationMirrors()) {
        TypeElement annotation = (TypeElement) constraint.getAnnotationType().asElement();
        if (NEED_A_MESSAGE.contains(annotation.getQualifiedName().toString())
            && constraint.getElementValues().keySet().stream().noneMatch(FactoryCheck::isMessage)) {
          problems.add(
              "has @%s without a message on the setting %s. Write message = ..., as there is no expression language."
                  .formatted(annotation.getSimpleName(), field.getSimpleName()));
        }
      }
    }
  }

  private static boolean isMessage(ExecutableElement element) {
    return element.getSimpleName().contentEquals("message");
  }

  private static boolean isPluginFactory(TypeMirror type) {
    return type instanceof DeclaredType declared
        && ((TypeElement) declared.asElement())
            .getQualifiedName()
            .contentEquals(PluginFactory.class.getName());
  }

  private List<DeclaredType> supertypes(TypeElement type) {
    List<DeclaredType> all = new ArrayList<>();
    addSupertypes(type.asType(), all);
    return all;
  }

  private void addSupertypes(TypeMirror type, List<DeclaredType> all) {
    for (TypeMirror parent : types.directSupertypes(type)) {
      if (parent instanceof DeclaredType declared) {
        all.add(declared);
        addSupertypes(parent, all);
      }
    }
  }
}
