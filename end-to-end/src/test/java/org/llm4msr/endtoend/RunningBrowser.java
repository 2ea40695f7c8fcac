package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A browser without a window whose pages are clicked and typed into. */
final class RunningBrowser implements AutoCloseable {

  private static final int SECONDS = 60;

  private final Process process;
  private final String port;

  private RunningBrowser(Process process, String port) {
    this.process = process;
    this.port = port;
  }

  /** Starts a browser whose profile tells where it listens. */
  static RunningBrowser start(List<String> command, Path profile) throws Exception {
    Path listens = profile.resolve("DevToolsActivePort");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    boolean runs =
        Await.whileAlive(
            process, () -> Files.exists(listens) && Files.readAllLines(listens).size() >= 2);
    assertThat(runs).as("the browser runs").isTrue();
    return new RunningBrowser(process, Files.readAllLines(listens).get(0));
  }

  /** Opens an empty page; the caller closes it. */
  BrowserTab tab() throws Exception {
    return BrowserTab.open(port);
  }

  /** Ends it, and waits for all its processes: they write into the profile to the last. */
  @Override
  public void close() throws Exception {
    List<ProcessHandle> processes = process.descendants().toList();
    BrowserTab last = tab();
    last.call("Browser.close", Map.of());
    assertThat(process.waitFor(SECONDS, TimeUnit.SECONDS)).as("the browser ends").isTrue();
    for (ProcessHandle each : processes) {
      assertThat(each.onExit().get(SECONDS, TimeUnit.SECONDS).isAlive()).isFalse();
    }
  }
}
