package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A Python with some packages. */
record Python(String program) {

  private static final int MINUTES = 10;

  /**
   * Returns the Python that {@code -Dllm4msr.test.python} names or that is on the path. Where it
   * lacks a package, all are installed into an environment of their own, once for a build.
   *
   * @throws org.opentest4j.TestAbortedException where there is none and none can be made
   */
  static Python with(String... packages) throws IOException, InterruptedException {
    Python found = new Python(System.getProperty("llm4msr.test.python", "python3"));
    String imports = "import " + String.join(", ", packages);
    if (found.succeeds("-c", imports)) {
      return found;
    }
    Path folder = Path.of("target", "python").toAbsolutePath();
    Python own = new Python(folder.resolve("bin/python").toString());
    boolean made =
        own.succeeds("-c", imports)
            || (found.succeeds("-m", "venv", folder.toString())
                && own.succeeds(
                    Stream.concat(Stream.of("-m", "pip", "install"), Stream.of(packages))
                        .toArray(String[]::new)));
    assumeTrue(
        made,
        "needs Python with %s: name one by -Dllm4msr.test.python=FILE"
            .formatted(String.join(" and ", packages)));
    return own;
  }

  private boolean succeeds(String... arguments) throws IOException, InterruptedException {
    try {
      return start(ProcessBuilder.Redirect.DISCARD, arguments).waitFor() == 0;
    } catch (IOException e) {
      return false; // There is no such program.
    }
  }

  private Process start(ProcessBuilder.Redirect output, String... arguments) throws IOException {
    List<String> command = Stream.concat(Stream.of(program), Stream.of(arguments)).toList();
    return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output).start();
  }

  /**
   * Runs a script to its end, which must be a good one.
   *
   * @param output gets what it prints
   */
  void run(Path output, String... arguments) throws IOException, InterruptedException {
    Process process = start(ProcessBuilder.Redirect.to(output.toFile()), arguments);
    assertThat(process.waitFor(MINUTES, TimeUnit.MINUTES)).as("ends").isTrue();
    assertThat(process.exitValue()).as(Files.readString(output)).isZero();
  }
}
