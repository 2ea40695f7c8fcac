package org.llm4msr.cli.command;

import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.runtime.plugins.ErrorSource;

/**
 * What Ctrl-C does. A command that can stop in good order is asked to and waited for, until its own
 * final message is printed; any other ends at once, with a message on what is kept.
 */
public final class Interruption {

  private static final String CODE = "cli/INTERRUPTED";
  private static final int FAILED = 1;

  /** One call of a slow language model may take minutes. */
  private static final long SECONDS_TO_STOP = 300;

  private final Terminal terminal;
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile @Nullable String kept;
  private volatile @Nullable Stop stop;

  private record Stop(BooleanSupplier runs, String note, Runnable request) {}

  public Interruption(Terminal terminal) {
    this.terminal = terminal;
  }

  /** Sets the message on what is kept of the work that begins now. */
  public void setKept(String text) {
    kept = text;
  }

  /** Sets the action that stops the work in good order, and the note that is printed then. */
  public void stopWith(String note, Runnable request) {
    stopWith(() -> true, note, request);
  }

  /**
   * Sets the action for work that has to be prepared first.
   *
   * @param runs whether the work has begun; before, there is nothing to wait for
   */
  public void stopWith(BooleanSupplier runs, String note, Runnable request) {
    stop = new Stop(runs, note, request);
  }

  /** Called when the work that could stop in good order is over. */
  public void cannotStop() {
    stop = null;
  }

  /** Called when the command is over and everything is printed. */
  public void end() {
    ended.countDown();
  }

  /** Runs while the process ends, for whatever reason. */
  public void begin() {
    if (ended.getCount() == 0) {
      return;
    }
    Optional<StackTraceElement> exit = exit();
    if (exit.isPresent()) { // That thread does not continue: there is nothing to wait for.
      String text =
          "%s called System.exit. What is stored is kept; report it to the author of that code."
              .formatted(ErrorSource.where(exit.get()));
      terminal.note("[cli/EXIT] " + text);
      terminal.error("cli/EXIT", ErrorType.PLUGIN, text, false);
      Runtime.getRuntime().halt(FAILED); // Its own exit code may be that of a success.
      return;
    }
    Stop asked = stop;
    if (asked != null && asked.runs().getAsBoolean()) {
      terminal.note(asked.note());
      asked.request().run();
      if (hasEnded()) {
        return;
      }
    }
    String text = kept;
    if (text != null) {
      terminal.note("[" + CODE + "] " + text);
      terminal.error(CODE, ErrorType.USER, text, true);
    }
  }

  /** Returns the frame outside the JDK that called {@code System.exit}, if any. */
  private static Optional<StackTraceElement> exit() {
    for (StackTraceElement[] trace : Thread.getAllStackTraces().values()) {
      for (int i = 0; i + 1 < trace.length; i++) {
        if (trace[i].getClassName().equals("java.lang.Runtime")
            && trace[i].getMethodName().equals("exit")) {
          StackTraceElement next = trace[i + 1];
          return Arrays.stream(trace, i + 1, trace.length)
              .filter(frame -> frame.getModuleName() == null)
              .findFirst()
              .or(() -> Optional.of(next));
        }
      }
    }
    return Optional.empty();
  }

  private boolean hasEnded() {
    try {
      return ended.await(SECONDS_TO_STOP, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
