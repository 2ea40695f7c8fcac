package org.llm4msr.runtime.plugins;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Handle;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;

/**
 * Replaces the calls of {@code System.exit}, {@code Runtime.exit} and {@code Runtime.halt} in a
 * class file by calls of {@link PluginExit}, also where a method reference names them. Calls by
 * reflection and in native code stay.
 */
final class ExitCalls {

  private static final String TARGET = Type.getInternalName(PluginExit.class);

  /** The descriptor of what stands in for each call. */
  private static final Map<String, String> CALLS =
      Map.of(
          "java/lang/System.exit(I)V", "(I)V",
          "java/lang/Runtime.exit(I)V", "(Ljava/lang/Runtime;I)V",
          "java/lang/Runtime.halt(I)V", "(Ljava/lang/Runtime;I)V");

  private ExitCalls() {}

  /**
   * Returns whether the constants of a class file have the names of such a call: most have not, and
   * need no closer look.
   */
  static boolean areNamedIn(byte[] code) {
    String text = new String(code, ISO_8859_1);
    return (text.contains(constant("java/lang/System"))
            || text.contains(constant("java/lang/Runtime")))
        && (text.contains(constant("exit")) || text.contains(constant("halt")));
  }

  /** A constant of text: its tag, its length, its characters. */
  private static String constant(String text) {
    return "\u0001\u0000" + (char) text.length() + text;
  }

  /**
   * Returns the class file with the calls replaced; nothing where it has none, or is none that can
   * be read.
   */
  static Optional<byte[]> replacedIn(byte[] code) {
    try {
      ClassReader reader = new ClassReader(code);
      ClassWriter writer = new ClassWriter(reader, 0);
      Replacement replacement = new Replacement(writer);
      reader.accept(replacement, 0);
      return replacement.any ? Optional.of(writer.toByteArray()) : Optional.empty();
    } catch (RuntimeException e) { // ASM throws several.
      return Optional.empty(); // The JVM says what is wrong with it, when it defines the class.
    }
  }

  private static final class Replacement extends ClassVisitor {

    private boolean any;

    Replacement(ClassWriter writer) {
      super(Opcodes.ASM9, writer);
    }

    @Override
    public MethodVisitor visitMethod(
        int access,
        String name,
        String descriptor,
        @Nullable String signature,
        String @Nullable [] exceptions) {
      return new Calls(super.visitMethod(access, name, descriptor, signature, exceptions));
    }

    private final class Calls extends MethodVisitor {

      Calls(MethodVisitor target) {
        super(Opcodes.ASM9, target);
      }

      @Override
      public void visitMethodInsn(
          int opcode, String owner, String name, String descriptor, boolean isInterface) {
        String own = CALLS.get(owner + "." + name + descriptor);
        if (own == null) {
          super.visitMethodInsn(opcode, owner, name, descriptor, isInterface);
        } else {
          any = true;
          super.visitMethodInsn(Opcodes.INVOKESTATIC, TARGET, name, own, false);
        }
      }

      @Override
      public void visitInvokeDynamicInsn(
          String name, String descriptor, Handle bootstrap, Object... arguments) {
        Object[] replaced = new Object[arguments.length];
        for (int i = 0; i < arguments.length; i++) {
          replaced[i] = arguments[i] instanceof Handle handle ? replaced(handle) : arguments[i];
        }
        super.visitInvokeDynamicInsn(name, descriptor, bootstrap, replaced);
      }

      private Handle replaced(Handle handle) {
        String own = CALLS.get(handle.getOwner() + "." + handle.getName() + handle.getDesc());
        if (own == null) {
          return handle;
        }
        any = true;
        return new Handle(Opcodes.H_INVOKESTATIC, TARGET, handle.getName(), own, false);
      }
    }
  }
}
