package org.llm4msr.endtoend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A browser without a window: Chromium from the packages of the system. */
final class Browser {

  private static final int MINUTES = 2;

  private final Path program;
  private final Path folder;

  private Browser(Path program, Path folder) {
    this.program = program;
    this.folder = folder;
  }

  /** Finds the browser; the test is skipped where there is none. */
  static Browser find(Path folder) {
    List<Path> found =
        Stream.of(System.getenv("PATH").split(File.pathSeparator))
            .flatMap(
                place ->
                    Stream.of("chromium", "chromium-browser", "google-chrome")
                        .map(Path.of(place)::resolve))
            .filter(Files::isExecutable)
            .toList();
    assumeTrue(!found.isEmpty(), "no Chromium on the PATH: pages are not looked at");
    return new Browser(found.get(0), folder);
  }

  /**
   * What the browser made of a page.
   *
   * @param dom the page after its scripts ran
   * @param console what it wrote to the console, errors and warnings of the page among it
   */
  record Seen(String dom, List<String> console) {}

  /**
   * Opens a page, takes a picture of it, and returns what it became.
   *
   * @param millis that its scripts may run
   */
  Seen open(String address, Path picture, int millis) throws IOException, InterruptedException {
    call(address, "--window-size=900,4000", "--screenshot=" + picture);
    Path dom = call(address, "--dump-dom", "--virtual-time-budget=" + millis);
    List<String> console =
        Files.readAllLines(dom.resolveSibling("err.txt"), UTF_8).stream()
            .filter(line -> line.contains("CONSOLE"))
            .toList();
    return new Seen(Files.readString(dom, UTF_8), console);
  }

  /** Starts it for pages that are clicked and typed into; the caller closes it. */
  RunningBrowser start() throws Exception {
    return RunningBrowser.start(command("--remote-debugging-port=0"), folder.resolve("profile"));
  }

  private Path call(String address, String... options) throws IOException, InterruptedException {
    List<String> command = command(options);
    command.add(address);
    Path out = folder.resolve("out.txt");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(folder.resolve("err.txt").toFile())
            .start();
    assertThat(process.waitFor(MINUTES, TimeUnit.MINUTES)).as("the browser ends").isTrue();
    assertThat(process.exitValue()).isZero();
    return out;
  }

  private List<String> command(String... options) {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(
        List.of(
            "--headless=new",
            "--no-sandbox", // Containers of a CI run as root.
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--enable-logging=stderr",
            "--user-data-dir=" + folder.resolve("profile")));
    command.addAll(List.of(options));
    return command;
  }
}
