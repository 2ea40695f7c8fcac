package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.llm4msr.runtime.files.DurableFiles;

/**
 * A command, run to its end in the workspace {@code whole}, and in {@code killed} with kills on the
 * way.
 *
 * @param arguments by workspace
 * @param opens end of the name of a file that the command opens when its work begins
 * @param afterKill checks what a kill left
 * @param atEnd compares the two workspaces
 * @param result is deleted where the command ends before all its kills, and begins anew
 */
record KilledStage(
    Cli cli,
    Function<String, List<String>> arguments,
    String opens,
    Check afterKill,
    Check atEnd,
    Path result) {

  /** Checks of what a command left. */
  @FunctionalInterface
  interface Check {
    void run() throws Exception;
  }

  /** Sends SIGKILL at drawn moments of the work, and lets the command end at last. */
  void kill(int times, Random random) throws Exception {
    Cli.Running unbroken = start("whole");
    long begun = System.nanoTime();
    Cli.Outcome outcome = unbroken.await();
    assertThat(outcome.code()).as(outcome.err()).isZero();
    long nanos = System.nanoTime() - begun;

    int kills = 0;
    int ends = 0;
    while (kills < times) {
      Cli.Running running = start("killed");
      LockSupport.parkNanos((long) (random.nextDouble() * nanos));
      if (running.kill()) {
        kills++;
        afterKill.run();
      } else {
        ends++;
        assertThat(running.await()).returns(0, Cli.Outcome::code);
        atEnd.run();
        DurableFiles.delete(result);
      }
    }
    assertThat(start("killed").await()).returns(0, Cli.Outcome::code);
    atEnd.run();
    System.out.printf(
        "%s: %d ms of work, %d kills, ended %d times between%n",
        arguments.apply("killed").get(0), TimeUnit.NANOSECONDS.toMillis(nanos), kills, ends);
  }

  /** Starts the command and waits until its work begins. */
  private Cli.Running start(String workspace) throws Exception {
    Cli.Running running = cli.start(arguments.apply(workspace).toArray(String[]::new));
    Await.whileAlive(running.process(), () -> running.opened(opens));
    return running;
  }
}
