package org.llm4msr.checking.link;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.llm4msr.checking.link.ClassFile.Member;
import org.llm4msr.checking.link.Reference.Guard;
import org.llm4msr.checking.link.Reference.Kind;
import org.objectweb.asm.AnnotationVisitor;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ConstantDynamic;
import org.objectweb.asm.FieldVisitor;
import org.objectweb.asm.Handle;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.RecordComponentVisitor;
import org.objectweb.asm.Type;

/** Reads a class file. */
final class ClassFileReader extends ClassVisitor {

  /** Class files of Java n have the version n + 44. */
  static final int VERSION_OF_JAVA_0 = 44;

  private static final Pattern CLASS_NAME = Pattern.compile("[a-z]\\w*(\\.[\\w$]+)+");
  private static final Set<String> ERRORS = Set.of("java/lang/Throwable", "java/lang/Error");
  private static final Set<String> LINKAGE_ERRORS =
      Set.of(
          "java/lang/LinkageError",
          "java/lang/NoClassDefFoundError",
          "java/lang/IncompatibleClassChangeError",
          "java/lang/NoSuchMethodError",
          "java/lang/NoSuchFieldError");

  private final List<String> parents = new ArrayList<>();
  private final List<Member> fields = new ArrayList<>();
  private final List<Member> methods = new ArrayList<>();
  private final List<Reference> references = new ArrayList<>();
  private final Set<String> texts = new HashSet<>();
  private @Nullable String source;

  private ClassFileReader() {
    super(Opcodes.ASM9);
  }

  /**
   * Reads the bytes of a class file.
   *
   * @param jar of the plugin folder; null for other classes, of which only the members are read
   */
  static ClassFile read(String name, @Nullable Path jar, byte[] bytes) {
    int java = bytes.length < 8 ? 0 : ByteBuffer.wrap(bytes).getShort(6) - VERSION_OF_JAVA_0;
    if (java > Runtime.version().feature()) {
      return ClassFile.unreadable(name, jar, java);
    }
    ClassFileReader reader = new ClassFileReader();
    try {
      int parts = jar == null ? ClassReader.SKIP_CODE | ClassReader.SKIP_DEBUG : 0;
      new ClassReader(bytes).accept(reader, parts | ClassReader.SKIP_FRAMES);
    } catch (RuntimeException e) { // ASM's way to say that a class file is damaged.
      return ClassFile.unreadable(name, jar, java);
    }
    return new ClassFile(
        name,
        jar,
        java,
        true,
        reader.parents,
        reader.source,
        reader.fields,
        reader.methods,
        reader.references,
        reader.texts);
  }

  @Override
  public void visit(
      int version,
      int access,
      String name,
      @Nullable String signature,
      @Nullable String superName,
      String[] interfaces) {
    if (superName != null) {
      parents.add(superName);
    }
    parents.addAll(List.of(interfaces));
    parents.forEach(
        parent -> references.add(new Reference(Kind.CLASS, parent, "", "", 0, Guard.NONE)));
  }

  @Override
  public void visitSource(@Nullable String file, @Nullable String debug) {
    source = file;
  }

  @Override
  public @Nullable AnnotationVisitor visitAnnotation(String descriptor, boolean visible) {
    return annotation(descriptor, visible, references);
  }

  @Override
  public FieldVisitor visitField(
      int access,
      String name,
      String descriptor,
      @Nullable String signature,
      @Nullable Object value) {
    if (value instanceof String text) {
      addText(text);
    }
    List<Reference> own = new ArrayList<>();
    fields.add(new Member(name, descriptor, access, own));
    addDeclared(Type.getType(descriptor), own);
    return new FieldVisitor(Opcodes.ASM9) {
      @Override
      public @Nullable AnnotationVisitor visitAnnotation(String type, boolean visible) {
        return annotation(type, visible, own);
      }
    };
  }

  @Override
  public RecordComponentVisitor visitRecordComponent(
      String name, String descriptor, @Nullable String signature) {
    return new RecordComponentVisitor(Opcodes.ASM9) {
      @Override
      public @Nullable AnnotationVisitor visitAnnotation(String type, boolean visible) {
        return annotation(type, visible, references);
      }
    };
  }

  @Override
  public MethodVisitor visitMethod(
      int access,
      String name,
      String descriptor,
      @Nullable String signature,
      String @Nullable [] exceptions) {
    List<Reference> own = new ArrayList<>();
    methods.add(new Member(name, descriptor, access, own));
    addDeclared(Type.getReturnType(descriptor), own);
    for (Type argument : Type.getArgumentTypes(descriptor)) {
      addDeclared(argument, own);
    }
    return new Body(own);
  }

  private static @Nullable AnnotationVisitor annotation(
      String descriptor, boolean visible, List<Reference> to) {
    if (visible) {
      String name = Type.getType(descriptor).getInternalName();
      to.add(new Reference(Kind.ANNOTATION, name, "", "", 0, Guard.NONE));
    }
    return null;
  }

  private static void addDeclared(Type type, List<Reference> to) {
    add(Kind.DECLARED, type, to, 0, Guard.NONE);
  }

  private static void add(Kind kind, Type type, List<Reference> to, int line, Guard guard) {
    Type element = type.getSort() == Type.ARRAY ? type.getElementType() : type;
    if (element.getSort() == Type.OBJECT) {
      to.add(new Reference(kind, element.getInternalName(), "", "", line, guard));
    }
  }

  private void addText(String text) {
    if (CLASS_NAME.matcher(text).matches()) {
      texts.add(text);
    }
  }

  /** Reads the code of a method. */
  private final class Body extends MethodVisitor {

    private final List<Reference> found;
    private final Map<Label, List<Guard>> begin = new HashMap<>();
    private final Map<Label, List<Guard>> end = new HashMap<>();
    private final List<Guard> guards = new ArrayList<>();
    private int line;

    Body(List<Reference> found) {
      super(Opcodes.ASM9);
      this.found = found;
    }

    @Override
    public @Nullable AnnotationVisitor visitAnnotation(String descriptor, boolean visible) {
      return annotation(descriptor, visible, found);
    }

    @Override
    public void visitTryCatchBlock(Label from, Label to, Label handler, @Nullable String type) {
      if (type == null) {
        return;
      }
      found.add(new Reference(Kind.CLASS, type, "", "", 0, Guard.NONE));
      Guard guard =
          LINKAGE_ERRORS.contains(type)
              ? Guard.LINKAGE
              : ERRORS.contains(type) ? Guard.ANYTHING : Guard.NONE;
      begin.computeIfAbsent(from, label -> new ArrayList<>()).add(guard);
      end.computeIfAbsent(to, label -> new ArrayList<>()).add(guard);
    }

    @Override
    public void visitLabel(Label label) {
      end.getOrDefault(label, List.of()).forEach(guards::remove);
      guards.addAll(begin.getOrDefault(label, List.of()));
    }

    private void addClass(Type type) {
      add(Kind.CLASS, type, found, line, guard());
    }

    private Guard guard() {
      return guards.stream().max(Guard::compareTo).orElse(Guard.NONE);
    }

    @Override
    public void visitLineNumber(int number, Label start) {
      line = number;
    }

    @Override
    public void visitTypeInsn(int opcode, String type) {
      if (opcode == Opcodes.NEW) {
        found.add(new Reference(Kind.NEW, type, "", "", line, guard()));
      } else {
        addClass(Type.getObjectType(type));
      }
    }

    @Override
    public void visitMultiANewArrayInsn(String descriptor, int dimensions) {
      addClass(Type.getType(descriptor));
    }

    @Override
    public void visitFieldInsn(int opcode, String owner, String name, String descriptor) {
      boolean isStatic = opcode == Opcodes.GETSTATIC || opcode == Opcodes.PUTSTATIC;
      addMember(isStatic ? Kind.STATIC_FIELD : Kind.FIELD, owner, name, descriptor);
    }

    @Override
    public void visitMethodInsn(
        int opcode, String owner, String name, String descriptor, boolean ofInterface) {
      Kind kind =
          switch (opcode) {
            case Opcodes.INVOKESTATIC -> Kind.STATIC_METHOD;
            case Opcodes.INVOKESPECIAL -> Kind.SPECIAL_METHOD;
            default -> Kind.METHOD;
          };
      addMember(kind, owner, name, descriptor);
    }

    @Override
    public void visitInvokeDynamicInsn(
        String name, String descriptor, Handle bootstrap, Object... arguments) {
      addConstant(bootstrap);
      for (Object argument : arguments) {
        addConstant(argument);
      }
    }

    @Override
    public void visitLdcInsn(Object value) {
      addConstant(value);
    }

    private void addConstant(Object value) {
      if (value instanceof String text) {
        addText(text);
      } else if (value instanceof Type type && type.getSort() != Type.METHOD) {
        add(Kind.LITERAL, type, found, line, guard());
      } else if (value instanceof Handle handle) {
        addHandle(handle);
      } else if (value instanceof ConstantDynamic constant) {
        addConstant(constant.getBootstrapMethod());
        for (int i = 0; i < constant.getBootstrapMethodArgumentCount(); i++) {
          addConstant(constant.getBootstrapMethodArgument(i));
        }
      }
    }

    private void addHandle(Handle handle) {
      Kind kind =
          switch (handle.getTag()) {
            case Opcodes.H_GETFIELD, Opcodes.H_PUTFIELD -> Kind.FIELD;
            case Opcodes.H_GETSTATIC, Opcodes.H_PUTSTATIC -> Kind.STATIC_FIELD;
            case Opcodes.H_INVOKESTATIC -> Kind.STATIC_METHOD;
            case Opcodes.H_INVOKESPECIAL, Opcodes.H_NEWINVOKESPECIAL -> Kind.SPECIAL_METHOD;
            default -> Kind.METHOD;
          };
      if (handle.getTag() == Opcodes.H_NEWINVOKESPECIAL) {
        found.add(new Reference(Kind.NEW, handle.getOwner(), "", "", line, guard()));
      }
      addMember(kind, handle.getOwner(), handle.getName(), handle.getDesc());
    }

    /** Arrays have the methods of objects, and these exist. */
    private void addMember(Kind kind, String owner, String name, String descriptor) {
      if (owner.startsWith("[")) {
        addClass(Type.getObjectType(owner));
      } else {
        found.add(new Reference(kind, owner, name, descriptor, line, guard()));
      }
    }
  }
}
