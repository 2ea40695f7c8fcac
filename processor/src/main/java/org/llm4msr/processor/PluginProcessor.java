package org.llm4msr.processor;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import javax.annotation.processing.AbstractProcessor;
import javax.annotation.processing.Messager;
import javax.annotation.processing.RoundEnvironment;
import javax.annotation.processing.SupportedAnnotationTypes;
import javax.lang.model.SourceVersion;
import javax.lang.model.element.Element;
import javax.lang.model.element.TypeElement;
import javax.lang.model.util.ElementFilter;
import javax.tools.Diagnostic;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.Stability;

/**
 * Checks the factories of a plugin while it is compiled, registers them as services, and states the
 * SPI version in a manifest. The usual mistakes are compiler errors at the place where they are
 * made.
 */
@SupportedAnnotationTypes("*")
@Stability(level = Stability.Level.INTERNAL, since = "0.1")
public final class PluginProcessor extends AbstractProcessor {

  /** Binary names of factories by the name of their factory type. */
  private final Map<String, Set<String>> services = new TreeMap<>();

  /** The first factory of each kind and name. */
  private final Map<String, String> names = new TreeMap<>();

  /** Whether a library of this processor is not there, which is told once. */
  private boolean incomplete;

  @Override
  public SourceVersion getSupportedSourceVersion() {
    return SourceVersion.latestSupported();
  }

  @Override
  public boolean process(Set<? extends TypeElement> annotations, RoundEnvironment round) {
    try {
      if (!incomplete) {
        process(round);
      }
    } catch (NoClassDefFoundError e) {
      incomplete = true;
      String text =
          "llm4msr-processor misses a library of its own, with the class %s. Name llm4msr-api and snakeyaml beside it: javac -processorpath takes all three jars. Maven's <annotationProcessorPaths> and Gradle's annotationProcessor find them."
              .formatted(e.getMessage());
      processingEnv.getMessager().printMessage(Diagnostic.Kind.ERROR, text);
    }
    return false;
  }

  private void process(RoundEnvironment round) {
    FactoryCheck check = new FactoryCheck(processingEnv);
    round.getElementsAnnotatedWith(Plugin.class).forEach(type -> check(check, type));
    for (TypeElement type : ElementFilter.typesIn(round.getRootElements())) {
      check.unnamed(type).ifPresent(problem -> error(type, new Mistake(type, problem)));
    }
    if (round.processingOver() && !round.errorRaised() && !services.isEmpty()) {
      new ServiceFiles(processingEnv).write(services);
    }
  }

  private void check(FactoryCheck check, Element annotated) {
    TypeElement type = (TypeElement) annotated;
    check.mistakes(type).forEach(mistake -> error(type, mistake));
    for (String kind : check.kinds(type)) {
      String key = kind + " \"" + type.getAnnotation(Plugin.class).name() + "\"";
      String earlier = names.putIfAbsent(key, type.getQualifiedName().toString());
      if (earlier != null) {
        String text = "is a second " + key + ", as " + earlier + " is. Give one another name.";
        error(type, new Mistake(type, text));
      }
      String binary = processingEnv.getElementUtils().getBinaryName(type).toString();
      services.computeIfAbsent(kind, key2 -> new TreeSet<>()).add(binary);
    }
  }

  private void error(TypeElement factory, Mistake mistake) {
    Messager messager = processingEnv.getMessager();
    String text = "The plugin factory %s %s".formatted(factory.getSimpleName(), mistake.text());
    messager.printMessage(Diagnostic.Kind.ERROR, text, mistake.place());
  }
}
