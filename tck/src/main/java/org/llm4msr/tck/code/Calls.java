package org.llm4msr.tck.code;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.Handle;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;

/** Finds the places where code calls some methods, in its class files. */
final class Calls {

  private static final int CLASS_CONSTANT = 7;

  /** A method as class files name it. */
  interface Matcher {
    boolean matches(String owner, String method, String descriptor);
  }

  private final Matcher matcher;
  private final Home home;
  private final Set<String> seen = new HashSet<>();
  private final Deque<String> open = new ArrayDeque<>();
  private final Set<String> places = new TreeSet<>();

  private Calls(Matcher matcher, Home home) {
    this.matcher = matcher;
    this.home = home;
  }

  /**
   * Returns the places of calls and method references, such as {@code MyModel.java:12}, in a class
   * and in the classes of its own folder or jar that it uses.
   */
  static Set<String> reachedFrom(Class<?> type, Matcher matcher) {
    Home home = Home.of(type);
    if (home == null) {
      return Set.of();
    }
    Calls calls = new Calls(matcher, home);
    calls.meet(Type.getInternalName(type));
    while (!calls.open.isEmpty()) {
      calls.read(calls.open.pop());
    }
    return Collections.unmodifiableSet(calls.places);
  }

  private void meet(String name) {
    if (seen.add(name)) {
      open.push(name);
    }
  }

  private void read(String name) {
    URL file = home.find(name);
    if (file == null) {
      return;
    }
    try (InputStream stream = file.openStream()) {
      ClassReader reader = new ClassReader(stream);
      meetConstants(reader);
      reader.accept(new Search(), ClassReader.SKIP_FRAMES);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void meetConstants(ClassReader reader) {
    char[] buffer = new char[reader.getMaxStringLength()];
    for (int i = 1; i < reader.getItemCount(); i++) {
      int at = reader.getItem(i);
      if (at > 0 && reader.readByte(at - 1) == CLASS_CONSTANT) {
        Type type = Type.getObjectType(reader.readUTF8(at, buffer));
        meet((type.getSort() == Type.ARRAY ? type.getElementType() : type).getInternalName());
      }
    }
  }

  /** Looks for calls and method references. */
  private final class Search extends ClassVisitor {

    private @Nullable String source;

    Search() {
      super(Opcodes.ASM9);
    }

    @Override
    public void visitSource(@Nullable String name, @Nullable String debug) {
      source = name;
    }

    @Override
    public MethodVisitor visitMethod(
        int access,
        String name,
        String descriptor,
        @Nullable String signature,
        String @Nullable [] exceptions) {
      return new MethodVisitor(Opcodes.ASM9) {
        private int line;

        @Override
        public void visitLineNumber(int number, Label start) {
          line = number;
        }

        @Override
        public void visitMethodInsn(
            int opcode, String owner, String method, String form, boolean ofInterface) {
          if (matcher.matches(owner, method, form)) {
            places.add(source + ":" + line);
          }
        }

        @Override
        public void visitInvokeDynamicInsn(
            String method, String form, Handle bootstrap, Object... arguments) {
          for (Object argument : arguments) {
            if (argument instanceof Handle handle
                && matcher.matches(handle.getOwner(), handle.getName(), handle.getDesc())) {
              places.add(source + ":" + line);
            }
          }
        }
      };
    }
  }
}
