package org.llm4msr.runtime.data.arrow;

import java.nio.Buffer;
import org.apache.arrow.memory.BufferAllocator;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * Checks the access that Arrow needs in the JVM. Without it, Arrow first fails with an error in its
 * class initialisation, and later only reports that a class is missing.
 */
public final class OpenPackages {

  private OpenPackages() {}

  /**
   * Requires that Arrow may reach the addresses of direct buffers.
   *
   * @throws MsrException {@code jvm/NOT_OPEN}
   */
  public static void require() {
    require(BufferAllocator.class.getModule());
  }

  public static void require(Module arrow) {
    if (!Buffer.class.getModule().isOpen("java.nio", arrow)) {
      throw new MsrException(
          ErrorType.USER,
          "jvm/NOT_OPEN",
          "This JVM does not let Arrow use direct buffers. Start it with --add-opens=java.base/java.nio=ALL-UNNAMED, or with -jar and a jar whose manifest has the line Add-Opens: java.base/java.nio.");
    }
  }
}
