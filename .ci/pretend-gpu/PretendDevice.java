import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.security.ProtectionDomain;

/** A Java agent: has DJL call the pretend GPU what it calls a GPU, by another PtDeviceType. */
public final class PretendDevice implements ClassFileTransformer {

  private static final String REPLACED = "ai/djl/pytorch/engine/PtDeviceType";

  public static void premain(String arguments, Instrumentation instrumentation) {
    instrumentation.addTransformer(new PretendDevice());
  }

  @Override
  public byte[] transform(
      ClassLoader loader, String name, Class<?> type, ProtectionDomain domain, byte[] bytes) {
    if (!REPLACED.equals(name)) {
      return null;
    }
    try (var replacement = PretendDevice.class.getResourceAsStream("/replaced/PtDeviceType.class")) {
      return replacement.readAllBytes();
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
