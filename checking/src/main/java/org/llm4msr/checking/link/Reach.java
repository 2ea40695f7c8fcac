package org.llm4msr.checking.link;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llm4msr.checking.link.ClassFile.Member;
import org.llm4msr.checking.link.ClassSpace.Target;
import org.objectweb.asm.Opcodes;

/**
 * The code of private libraries that a plugin's classes reach by calls. A call of a method that may
 * be overridden reaches the overriding methods of all classes of which reached code makes an
 * instance, or whose literal it reads; and of such a class, whatever overrides a method of the JDK
 * or the runtime, which may call it. Of reflection no more than that is seen.
 */
final class Reach {

  private final ClassSpace space;
  private final Set<ClassFile> own;
  private final Map<ClassFile, Place> touched = new LinkedHashMap<>();
  private final Map<Member, Entry> entered = new LinkedHashMap<>();
  private final Set<ClassFile> made = new LinkedHashSet<>();
  private final Map<String, Set<String>> called = new HashMap<>();
  private final Deque<Entry> open = new ArrayDeque<>();

  /**
   * A place in code.
   *
   * @param member null for what the class itself says
   * @param line 0 if not known
   */
  record Place(ClassFile type, @Nullable Member member, int line) {

    /** Returns the place as a stack trace shows it, with the jar. */
    @Override
    public String toString() {
      StringBuilder text = new StringBuilder(type.title());
      if (member != null) {
        text.append('.').append(member.name());
      }
      if (type.source() != null) {
        text.append(" (").append(type.source());
        text.append(line == 0 ? "" : ":" + line).append(')');
      }
      return text + (type.jar() == null ? "" : " in " + type.jar().getFileName());
    }
  }

  /**
   * A method of a library.
   *
   * @param from the place in the plugin's own code from which it is reached
   */
  record Entry(ClassFile type, Member member, Place from) {}

  private Reach(ClassSpace space, Collection<ClassFile> own) {
    this.space = space;
    this.own = new HashSet<>(own);
  }

  /** Follows all calls from a plugin's own classes. */
  static Reach from(Collection<ClassFile> own, ClassSpace space) {
    Reach reach = new Reach(space, own);
    for (ClassFile type : own) {
      Place itself = new Place(type, null, 0);
      reach.make(type, itself);
      type.references().forEach(r -> reach.follow(r, itself));
      for (Member method : type.methods()) {
        method.references().forEach(r -> reach.follow(r, new Place(type, method, r.line())));
      }
    }
    while (!reach.open.isEmpty()) {
      Entry entry = reach.open.pop();
      entry.member().references().forEach(r -> reach.follow(r, entry.from()));
    }
    return reach;
  }

  /** Returns the classes of libraries that are loaded, each with the place that asks for it. */
  Map<ClassFile, Place> touched() {
    return touched;
  }

  /** Returns the methods of libraries that may be called. */
  Collection<Entry> entered() {
    return entered.values();
  }

  private void follow(Reference reference, Place from) {
    ClassFile owner = space.find(reference.owner());
    boolean loads =
        reference.kind() != Reference.Kind.DECLARED
            && reference.kind() != Reference.Kind.ANNOTATION;
    if (owner == null || owner.jar() == null || !loads) {
      return;
    }
    touch(owner, from);
    switch (reference.kind()) {
      case NEW -> make(owner, from);
      case LITERAL -> makeByReflection(owner, from);
      case STATIC_FIELD, STATIC_METHOD -> initialise(owner, from);
      default -> {}
    }
    Target target = reference.isMethod() ? space.target(owner, reference) : null;
    if (target != null) {
      enter(target.type(), target.member(), from);
    }
    if (reference.kind() == Reference.Kind.METHOD) {
      callOverriding(owner, reference.name() + reference.descriptor(), from);
    }
  }

  private void touch(ClassFile type, Place from) {
    if (!own.contains(type) && touched.putIfAbsent(type, from) == null) {
      type.references().forEach(r -> follow(r, from));
    }
  }

  private void initialise(ClassFile type, Place from) {
    type.methods().stream()
        .filter(method -> method.name().equals("<clinit>"))
        .forEach(method -> enter(type, method, from));
  }

  private void enter(ClassFile type, Member method, Place from) {
    if (type.jar() != null && !own.contains(type) && !entered.containsKey(method)) {
      Entry entry = new Entry(type, method, from);
      entered.put(method, entry);
      open.push(entry);
    }
  }

  private void make(ClassFile type, Place from) {
    if (!made.add(type)) {
      return;
    }
    initialise(type, from);
    List<ClassFile> parents = List.copyOf(space.withParents(type));
    for (ClassFile parent : parents) {
      for (Member method : parent.methods()) {
        if (isVirtual(method) && parents.stream().anyMatch(p -> mayCall(p, method))) {
          enter(parent, method, from);
        }
      }
    }
  }

  private void makeByReflection(ClassFile type, Place from) {
    make(type, from);
    type.methods().stream()
        .filter(method -> method.is("<init>", "()V"))
        .forEach(method -> enter(type, method, from));
  }

  private static boolean isVirtual(Member method) {
    return (method.access() & (Opcodes.ACC_STATIC | Opcodes.ACC_PRIVATE)) == 0
        && !method.name().startsWith("<");
  }

  /** Returns whether a method is called, or may be by the JDK or the runtime, as that of a type. */
  private boolean mayCall(ClassFile type, Member method) {
    return type.jar() == null
        ? type.methods().stream().anyMatch(m -> m.is(method.name(), method.descriptor()))
        : called.getOrDefault(method.name() + method.descriptor(), Set.of()).contains(type.name());
  }

  private void callOverriding(ClassFile owner, String signature, Place from) {
    if (!called.computeIfAbsent(signature, s -> new HashSet<>()).add(owner.name())) {
      return;
    }
    for (ClassFile type : List.copyOf(made)) {
      Set<ClassFile> parents = space.withParents(type);
      if (parents.contains(owner)) {
        for (ClassFile parent : parents) {
          parent.methods().stream()
              .filter(m -> isVirtual(m) && signature.equals(m.name() + m.descriptor()))
              .forEach(m -> enter(parent, m, from));
        }
      }
    }
  }
}
