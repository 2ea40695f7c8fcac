package org.llm4msr.processor;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import javax.annotation.processing.ProcessingEnvironment;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.Modifier;
import javax.lang.model.element.NestingKind;
import javax.lang.model.element.TypeElement;
import javax.lang.model.type.DeclaredType;
import javax.lang.model.type.TypeMirror;
import javax.lang.model.util.ElementFilter;
import javax.lang.model.util.Types;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.PluginFactory;

/** Finds mistakes of a factory in its source. */
final class FactoryCheck {

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]*");

  private final ProcessingEnvironment environment;
  private final Types types;

  FactoryCheck(ProcessingEnvironment environment) {
    this.environment = environment;
    types = environment.getTypeUtils();
  }

  /** Returns what is wrong with an annotated class and with the record of its settings. */
  List<Mistake> mistakes(TypeElement type) {
    List<String> problems = problems(type);
    List<Mistake> mistakes = new ArrayList<>();
    settings(type)
        .ifPresent(record -> mistakes.addAll(SettingsCheck.of(environment, record, kinds(type))));
    problems.forEach(problem -> mistakes.add(new Mistake(type, problem)));
    return mistakes;
  }

  private List<String> problems(TypeElement type) {
    List<String> problems = new ArrayList<>();
    if (type.getKind() != ElementKind.CLASS || type.getModifiers().contains(Modifier.ABSTRACT)) {
      problems.add("is not a class that can be created. Annotate a class that is not abstract.");
      return problems;
    }
    shape(type, problems);
    annotation(type.getAnnotation(Plugin.class), problems);
    if (kinds(type).isEmpty()) {
      problems.add("implements no factory type of org.llm4msr.api, such as BackboneFactory.");
    } else if (settings(type).isEmpty()) {
      problems.add(
          "does not name a record as the type of its settings. Declare a record, which may be"
              + " empty.");
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

  private Optional<TypeElement> settings(TypeElement type) {
    return supertypes(type).stream()
        .filter(FactoryCheck::isPluginFactory)
        .flatMap(factory -> factory.getTypeArguments().stream())
        .map(types::asElement)
        .filter(config -> config instanceof TypeElement)
        .map(TypeElement.class::cast)
        .filter(config -> config.getKind() == ElementKind.RECORD)
        .findFirst();
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
