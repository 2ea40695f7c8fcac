package org.llm4msr.tck.harness;

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

/**
 * The places where code multiplies arrays by numbers with DJL's own methods, which on PyTorch may
 * give a wrong gradient. They are found in class files, since no run reliably shows an occasional
 * fault.
 */
public final class NumberProducts {

  private static final Set<String> METHODS = Set.of("mul", "muli", "div", "divi", "pow", "powi");
  private static final int CLASS_CONSTANT = 7;

  private final ClassLoader loader;

  /** The place of the class files: a folder or a jar. */
  private final String home;

  private final Set<String> seen = new HashSet<>();
  private final Deque<String> open = new ArrayDeque<>();
  private final Set<String> places = new TreeSet<>();

  private NumberProducts(ClassLoader loader, String home) {
    this.loader = loader;
    this.home = home;
  }

  /**
   * Returns the places, such as {@code MyModel.java:12}, in a class and in the classes of its own
   * folder or jar that it uses.
   */
  public static Set<String> reachedFrom(Class<?> type) {
    ClassLoader loader = type.getClassLoader();
    String name = Type.getInternalName(type);
    URL file = loader.getResource(file(name));
    if (file == null) {
      return Set.of(); // A class made at run time.
    }
    String home = file.toString().substring(0, file.toString().length() - file(name).length());
    NumberProducts products = new NumberProducts(loader, home);
    products.meet(name);
    while (!products.open.isEmpty()) {
      products.read(products.open.pop());
    }
    return Collections.unmodifiableSet(products.places);
  }

  private static String file(String name) {
    return name + ".class";
  }

  private void meet(String name) {
    if (seen.add(name)) {
      open.push(name);
    }
  }

  private void read(String name) {
    URL file = loader.getResource(file(name));
    if (file == null || !file.toString().startsWith(home)) {
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

  private static boolean isProduct(String owner, String method, String descriptor) {
    return owner.startsWith("ai/djl/")
        && METHODS.contains(method)
        && descriptor.contains("Ljava/lang/Number;");
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
          if (isProduct(owner, method, form)) {
            places.add(source + ":" + line);
          }
        }

        @Override
        public void visitInvokeDynamicInsn(
            String method, String form, Handle bootstrap, Object... arguments) {
          for (Object argument : arguments) {
            if (argument instanceof Handle handle
                && isProduct(handle.getOwner(), handle.getName(), handle.getDesc())) {
              places.add(source + ":" + line);
            }
          }
        }
      };
    }
  }
}
