package org.llm4msr.server.models;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Threads that give way to those that rank. Priorities of Java have no effect on Linux, so the
 * system is told.
 */
public final class LowPriority {

  /** As the command {@code nice} counts: 19 is the lowest, 0 the usual priority. */
  static final int NICE = 15;

  private static final Logger LOG = LoggerFactory.getLogger(LowPriority.class);
  private static final int PRIO_PROCESS = 0;
  private static final int THIS_THREAD = 0;

  private LowPriority() {}

  /** Returns a thread of low priority, which does not keep the process alive. */
  public static Thread thread(Runnable work, String name) {
    Thread thread =
        new Thread(
            () -> {
              lower();
              work.run();
            },
            name);
    thread.setDaemon(true);
    return thread;
  }

  /** On Linux, {@code setpriority} changes the calling thread alone; elsewhere the process. */
  private static void lower() {
    if (!Platform.isLinux()) {
      return;
    }
    try {
      int failed =
          NativeLibrary.getProcess()
              .getFunction("setpriority")
              .invokeInt(new Object[] {PRIO_PROCESS, THIS_THREAD, NICE});
      if (failed != 0) {
        LOG.info("The system does not lower the priority of the thread that loads models.");
      }
    } catch (LinkageError e) { // JNA unpacks a library of its own.
      LOG.info("The priority of the thread that loads models is not lowered: {}", e.toString());
    }
  }
}
