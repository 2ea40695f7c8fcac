package org.llm4msr.processor;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.annotation.processing.ProcessingEnvironment;
import javax.lang.model.element.ElementKind;
import javax.lang.model.element.TypeElement;
import javax.lang.model.type.DeclaredType;
import javax.lang.model.type.TypeMirror;
import javax.lang.model.type.WildcardType;
import javax.lang.model.util.Elements;
import javax.lang.model.util.Types;
import org.jspecify.annotations.Nullable;

/** Finds what values a type takes, as RecordBinder of the runtime does. */
final class Forms {

  private static final Set<String> TEXT =
      Set.of("java.lang.String", "java.lang.CharSequence", "java.nio.file.Path");

  /** The type cannot be that of a setting; the message is the end of a sentence. */
  static final class Unbindable extends Exception {
    private static final long serialVersionUID = 1L;

    Unbindable(String message) {
      super(message);
    }
  }

  /** Finds the form of a record. */
  interface OfRecord {
    Form of(TypeElement record) throws Unbindable;
  }

  private final Types types;
  private final Elements elements;
  private final OfRecord records;

  Forms(ProcessingEnvironment environment, OfRecord records) {
    types = environment.getTypeUtils();
    elements = environment.getElementUtils();
    this.records = records;
  }

  Form of(TypeMirror type) throws Unbindable {
    return switch (type.getKind()) {
      case BOOLEAN -> new Form.Truth();
      case INT -> new Form.Whole(Integer.MIN_VALUE, Integer.MAX_VALUE);
      case LONG -> new Form.Whole(Long.MIN_VALUE, Long.MAX_VALUE);
      case FLOAT -> new Form.Decimal(true);
      case DOUBLE -> new Form.Decimal(false);
      case DECLARED -> declared((DeclaredType) type);
      case WILDCARD -> of(bound((WildcardType) type));
      case ERROR -> new Form.Any(); // The compiler says that there is no such type.
      default -> throw unbindable(type, "");
    };
  }

  private Form declared(DeclaredType type) throws Unbindable {
    TypeElement element = (TypeElement) type.asElement();
    if (element.getKind() == ElementKind.RECORD) {
      return records.of(element);
    }
    if (element.getKind() == ElementKind.ENUM) {
      return new Form.Word(words(element));
    }
    String name = element.getQualifiedName().toString();
    if (TEXT.contains(name)) {
      return new Form.Text();
    }
    List<? extends TypeMirror> arguments = type.getTypeArguments();
    switch (name) {
      case "java.util.List", "java.util.Set", "java.util.Optional", "java.util.Map" -> {
        if (arguments.isEmpty()) {
          throw unbindable(type, " without the type of its elements");
        }
      }
      case "java.lang.Boolean",
          "java.lang.Integer",
          "java.lang.Long",
          "java.lang.Float",
          "java.lang.Double" -> {
        return of(types.unboxedType(type));
      }
      default -> throw unbindable(type, "");
    }
    Form last = of(arguments.get(arguments.size() - 1));
    if (name.equals("java.util.Map")) {
      if (!isText(arguments.get(0))) {
        throw unbindable(type, " with keys that are not String");
      }
      return new Form.Named(last);
    }
    return name.equals("java.util.Optional") ? new Form.Maybe(last) : new Form.Many(last);
  }

  private boolean isText(TypeMirror key) {
    TypeMirror type = key instanceof WildcardType wildcard ? bound(wildcard) : key;
    return types.isAssignable(elements.getTypeElement("java.lang.String").asType(), type);
  }

  private TypeMirror bound(WildcardType type) {
    @Nullable TypeMirror bound = type.getExtendsBound();
    return bound == null ? elements.getTypeElement("java.lang.Object").asType() : bound;
  }

  private static List<String> words(TypeElement type) {
    return type.getEnclosedElements().stream()
        .filter(element -> element.getKind() == ElementKind.ENUM_CONSTANT)
        .map(constant -> constant.getSimpleName().toString())
        .map(constant -> constant.toLowerCase(Locale.ROOT).replace('_', '-'))
        .toList();
  }

  private Unbindable unbindable(TypeMirror type, String how) {
    return new Unbindable("no setting can have the type " + types.erasure(type) + how);
  }
}
