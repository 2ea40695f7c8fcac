package org.llm4msr.checking.link;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.Opcodes;

/**
 * What a class file declares and refers to.
 *
 * @param name with slashes
 * @param jar of the plugin folder; null if the class comes from the JDK or the runtime
 * @param java the release that it needs
 * @param readable whether the rest is known: not of a newer Java, and not damaged
 * @param parents superclass and interfaces
 * @param source the file that it was compiled from; null if not stated
 * @param references of the class itself, outside of methods
 * @param texts constants that may be names of classes
 */
record ClassFile(
    String name,
    @Nullable Path jar,
    int java,
    boolean readable,
    List<String> parents,
    @Nullable String source,
    List<Member> fields,
    List<Member> methods,
    List<Reference> references,
    Set<String> texts) {

  /** A field or method; references are known of methods in a plugin folder. */
  record Member(String name, String descriptor, int access, List<Reference> references) {

    /** Each is read once; methods of two classes may look the same. */
    @Override
    public boolean equals(@Nullable Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(this);
    }

    boolean isStatic() {
      return (access & Opcodes.ACC_STATIC) != 0;
    }

    boolean is(String otherName, String otherDescriptor) {
      return name.equals(otherName) && descriptor.equals(otherDescriptor);
    }
  }

  /** Each is read once. */
  @Override
  public boolean equals(@Nullable Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }

  static ClassFile unreadable(String name, @Nullable Path jar, int java) {
    return new ClassFile(
        name, jar, java, false, List.of(), null, List.of(), List.of(), List.of(), Set.of());
  }

  /** Returns the name as in source code. */
  String title() {
    return name.replace('/', '.');
  }
}
