package org.llm4msr.runtime.engine;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.management.JMException;
import javax.management.ObjectName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps buffers alive until MXNet has copied them. DJL's engine passes on the address of a buffer
 * to which no reference is left, so the garbage collector may free the memory before the copy; an
 * array's first elements are then what the C library writes into freed memory. That happens in
 * compiled code only: an interpreted method holds its arguments until it returns.
 */
final class MxNetBuffers {

  private static final Logger LOG = LoggerFactory.getLogger(MxNetBuffers.class);

  private static final String COPY = "ai/djl/mxnet/jna/JnaUtils.syncCopyFromCPU";
  private static final String DIRECTIVES =
      """
      [
        { match: ["%1$s"], Exclude: true },
        { match: ["*.*"], inline: ["-%1$s"] }
      ]
      """
          .formatted(COPY);
  private static final String ADDED = "2 compiler directives added";

  private static boolean asked;

  private MxNetBuffers() {}

  /** Makes the JVM interpret the method that copies, even if its callers are compiled. */
  static synchronized void keep() {
    if (asked) {
      return;
    }
    asked = true;
    try {
      Path file = Files.createTempFile("llm4msr-directives", ".json");
      try {
        Files.writeString(file, DIRECTIVES);
        Object answer =
            ManagementFactory.getPlatformMBeanServer()
                .invoke(
                    new ObjectName("com.sun.management:type=DiagnosticCommand"),
                    "compilerDirectivesAdd",
                    new Object[] {new String[] {"\"" + file + "\""}},
                    new String[] {String[].class.getName()});
        if (!String.valueOf(answer).contains(ADDED)) {
          warn(String.valueOf(answer).strip());
        }
      } finally {
        Files.delete(file);
      }
    } catch (IOException | JMException | RuntimeException e) {
      warn(e.toString());
    }
  }

  private static void warn(String why) {
    LOG.warn(
        "This JVM does not accept compiler directives ({}). Arrays of MXNet may occasionally"
            + " hold wrong first elements unless it is started with -XX:CompileCommand=exclude,{}",
        why,
        COPY.replace('/', '.').replace(".syncCopy", "::syncCopy"));
  }
}
