import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.ProtectionDomain;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.pitest.reloc.asm.ClassReader;
import org.pitest.reloc.asm.ClassVisitor;
import org.pitest.reloc.asm.ClassWriter;
import org.pitest.reloc.asm.MethodVisitor;
import org.pitest.reloc.asm.Opcodes;

/** In the JVMs of tests: records which tests run the mutated methods, or replaces one class. */
public final class MutationAgent {

  private MutationAgent() {}

  /** What the mutated methods and the tests call; the boot class path has it. */
  public static final class Trace {

    private static final Set<String> SEEN = ConcurrentHashMap.newKeySet();

    private static volatile String test = "";

    static volatile Path file = Path.of("/dev/null");

    private Trace() {}

    /** A mutated method runs. */
    public static void hit(int number) {
      String now = test;
      if (SEEN.add(number + now)) {
        write("hit\t" + number + "\t" + now);
      }
    }

    /** A method of a test begins. */
    public static void enter(String name) {
      if (!name.equals(test)) {
        test = name;
        write("enter\t" + name);
      }
    }

    static void write(String what) {
      long pid = ProcessHandle.current().pid();
      try {
        Files.writeString(
            file,
            System.currentTimeMillis() + "\t" + pid + "\t" + what + "\n",
            StandardOpenOption.CREATE,
            StandardOpenOption.APPEND);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Begins to record, or to replace a class, as the variable LLM4MSR_MUTATION says. */
  public static void premain(String argument, Instrumentation instrumentation) throws IOException {
    String what = System.getenv("LLM4MSR_MUTATION");
    if (what == null) {
      return;
    }
    Path folder = Path.of(argument);
    List<String[]> drawn;
    try (Stream<String> rows = Files.lines(folder.resolve("drawn.tsv"))) {
      drawn = rows.map(row -> row.split("\t", -1)).toList();
    }
    if (what.equals("trace")) {
      instrumentation.appendToBootstrapClassLoaderSearch(
          new JarFile(folder.resolve("trace.jar").toFile()));
      try {
        Class<?> trace = Class.forName("MutationAgent$Trace", true, null);
        var file = trace.getDeclaredField("file");
        file.setAccessible(true);
        file.set(null, folder.resolve("trace.tsv"));
        var write = trace.getDeclaredMethod("write", String.class);
        write.setAccessible(true);
        String parents =
            Stream.iterate(
                    ProcessHandle.current().parent(), Optional::isPresent, p -> p.get().parent())
                .map(p -> String.valueOf(p.get().pid()))
                .collect(Collectors.joining(","));
        write.invoke(null, "start\t" + parents);
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(e);
      }
      instrumentation.addTransformer(new Recording(drawn));
    } else if (!what.equals("0")) {
      String mutated = drawn.get(Integer.parseInt(what) - 1)[2].replace('.', '/');
      byte[] mutant = Files.readAllBytes(folder.resolve(what + ".class"));
      instrumentation.addTransformer(
          new ClassFileTransformer() {
            @Override
            public byte[] transform(
                ClassLoader loader, String name, Class<?> type, ProtectionDomain domain, byte[] b) {
              return mutated.equals(name) ? mutant : null;
            }
          });
    }
  }

  /** Puts calls of the trace into mutated methods and tests. */
  private static final class Recording implements ClassFileTransformer {

    private static final String TRACE = "MutationAgent$Trace";

    private final List<String[]> drawn;

    Recording(List<String[]> drawn) {
      this.drawn = drawn;
    }

    @Override
    public byte[] transform(
        ClassLoader loader, String name, Class<?> type, ProtectionDomain domain, byte[] bytes) {
      if (name == null || !name.startsWith("org/llm4msr/")) {
        return null;
      }
      String outer = name.replaceAll("\\$.*", "");
      boolean test =
          outer.endsWith("Test")
              && domain != null
              && domain.getCodeSource() != null
              && domain.getCodeSource().getLocation().getPath().contains("/test-classes");
      List<String[]> here =
          drawn.stream().filter(row -> row[2].replace('.', '/').equals(name)).toList();
      return test || !here.isEmpty() ? with(bytes, test ? outer : null, here) : null;
    }

    private static byte[] with(byte[] bytes, String test, List<String[]> drawn) {
      ClassReader reader = new ClassReader(bytes);
      ClassWriter writer = new ClassWriter(reader, ClassWriter.COMPUTE_MAXS);
      reader.accept(
          new ClassVisitor(Opcodes.ASM9, writer) {
            @Override
            public MethodVisitor visitMethod(
                int access, String name, String descriptor, String signature, String[] thrown) {
              MethodVisitor next = super.visitMethod(access, name, descriptor, signature, thrown);
              return new MethodVisitor(Opcodes.ASM9, next) {
                @Override
                public void visitCode() {
                  super.visitCode();
                  if (test != null && !name.startsWith("<") && !name.startsWith("lambda$")) {
                    visitLdcInsn(test.replace('/', '.'));
                    visitMethodInsn(
                        Opcodes.INVOKESTATIC, TRACE, "enter", "(Ljava/lang/String;)V", false);
                  }
                  for (String[] one : drawn) {
                    if (one[3].equals(name) && one[4].equals(descriptor)) {
                      visitLdcInsn(Integer.valueOf(one[0]));
                      visitMethodInsn(Opcodes.INVOKESTATIC, TRACE, "hit", "(I)V", false);
                    }
                  }
                }
              };
            }
          },
          0);
      return writer.toByteArray();
    }
  }
}
