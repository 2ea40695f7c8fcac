package org.llm4msr.checking.link;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.checking.link.ClassFile.Member;
import org.llm4msr.runtime.plugins.PluginFolder;
import org.objectweb.asm.Type;

/** The classes that a plugin folder runs with: its own, the shared ones of the runtime, the JDK. */
final class ClassSpace {

  private static final Set<String> ANY_SIGNATURE =
      Set.of("java/lang/invoke/MethodHandle", "java/lang/invoke/VarHandle");

  private final PluginFolder folder;
  private final Map<String, Optional<ClassFile>> read = new HashMap<>();
  private final Map<ClassFile, Set<ClassFile>> withParents = new HashMap<>();

  ClassSpace(PluginFolder folder) {
    this.folder = folder;
  }

  /** A member and the class that declares it. */
  record Target(ClassFile type, Member member) {}

  /**
   * What cannot be resolved.
   *
   * @param missing the name of the class that is missing; null if only a member is
   * @param what one clause
   */
  record Problem(@Nullable String missing, String what) {}

  /** Returns a class by its name with slashes; null if there is none. */
  @Nullable ClassFile find(String name) {
    Optional<ClassFile> known = read.get(name);
    if (known == null) {
      known = Optional.ofNullable(load(name));
      read.put(name, known);
    }
    return known.orElse(null);
  }

  private @Nullable ClassFile load(String name) {
    URL url = folder.classFile(name);
    if (url == null) {
      return null;
    }
    Path jar = jar(url);
    try (InputStream in = url.openStream()) {
      return ClassFileReader.read(name, jar, in.readAllBytes());
    } catch (IOException e) { // The check of the jars has told it.
      return ClassFile.unreadable(name, jar, 0);
    }
  }

  private @Nullable Path jar(URL url) {
    for (Path jar : folder.jars()) {
      if (url.toString().startsWith("jar:file:" + jar.toUri().getRawPath() + "!/")) {
        return jar;
      }
    }
    return null;
  }

  /** Returns why a reference cannot be resolved; null if it can, or if that is not known. */
  @Nullable Problem problem(Reference reference) {
    ClassFile owner = find(reference.owner());
    if (owner == null) {
      return new Problem(
          reference.owner(),
          "the %s %s is missing"
              .formatted(
                  reference.kind() == Reference.Kind.ANNOTATION ? "annotation" : "class",
                  reference.owner().replace('/', '.')));
    }
    if (!reference.isField() && !reference.isMethod()) {
      return null;
    }
    String title = owner.title() + (reference.name().equals("<init>") ? "" : "." + name(reference));
    Target target = target(owner, reference);
    if (target == null) {
      boolean known = !ANY_SIGNATURE.contains(owner.name()) && isWhollyKnown(owner);
      return known
          ? new Problem(null, "%s has no %s".formatted(owner.title(), told(reference)))
          : null;
    }
    boolean expected =
        reference.kind() == Reference.Kind.STATIC_METHOD
            || reference.kind() == Reference.Kind.STATIC_FIELD;
    return target.member().isStatic() == expected
        ? null
        : new Problem(null, "%s is %sstatic".formatted(title, expected ? "not " : ""));
  }

  private static String told(Reference reference) {
    if (reference.isField()) {
      return "field "
          + Type.getType(reference.descriptor()).getClassName()
          + " "
          + reference.name();
    }
    return reference.name().equals("<init>")
        ? "constructor " + name(reference).replace("<init>", "")
        : "method "
            + name(reference)
            + " that returns "
            + Type.getReturnType(reference.descriptor()).getClassName();
  }

  private static String name(Reference reference) {
    if (reference.isField()) {
      return reference.name();
    }
    List<String> types = new ArrayList<>();
    for (Type type : Type.getArgumentTypes(reference.descriptor())) {
      types.add(type.getClassName());
    }
    return reference.name() + "(" + String.join(", ", types) + ")";
  }

  /** Returns the member that a reference means; null if it is not found. */
  @Nullable Target target(ClassFile owner, Reference reference) {
    for (ClassFile type : withParents(owner)) {
      for (Member member : reference.isField() ? type.fields() : type.methods()) {
        if (member.is(reference.name(), reference.descriptor())) {
          return new Target(type, member);
        }
      }
    }
    return null;
  }

  private boolean isWhollyKnown(ClassFile type) {
    return withParents(type).stream()
        .allMatch(
            each -> each.readable() && each.parents().stream().allMatch(p -> find(p) != null));
  }

  /** Returns a class, its superclasses and its interfaces, as far as they are known. */
  Set<ClassFile> withParents(ClassFile type) {
    return withParents.computeIfAbsent(type, this::findParents);
  }

  private Set<ClassFile> findParents(ClassFile type) {
    Set<ClassFile> all = new LinkedHashSet<>();
    Deque<ClassFile> open = new ArrayDeque<>(List.of(type));
    while (!open.isEmpty()) {
      ClassFile next = open.pop();
      if (all.add(next)) {
        next.parents().stream().flatMap(name -> Stream.ofNullable(find(name))).forEach(open::add);
      }
    }
    return all;
  }
}
