package org.llm4msr.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.data.preparation.Mutations;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Damages files one after the other, and judges what reading them says. */
final class DamageDrill implements AutoCloseable {

  private static final long SEED = Long.getLong("llm4msr.test.seed", 20261125);

  private static final int SECONDS_A_CASE = 60;

  /** Whose fault damaged files can be; the others are our own. */
  private static final Set<ErrorType> TYPES =
      EnumSet.of(ErrorType.USER, ErrorType.DATA, ErrorType.EXTERNAL);

  /** A key that became another is no damage that a store could know: its answer is right. */
  private static final Set<String> RIGHT_ANSWERS = Set.of("knowledge/UNKNOWN_KEY");

  private static final Set<String> TEXT =
      Set.of("yaml", "json", "jsonl", "csv", "sha256", "log", "txt");

  private static final Logger LOG = LoggerFactory.getLogger(DamageDrill.class);

  private final ExecutorService thread = Executors.newSingleThreadExecutor();

  private DamageDrill() {}

  /** Does something with a damaged file. */
  @FunctionalInterface
  interface Use {
    void of(Path damaged) throws Exception;
  }

  /** Begins, with a thread of its own, so that none is left over after a test. */
  static DamageDrill start() throws Exception {
    DamageDrill drill = new DamageDrill();
    drill.thread.submit(() -> {}).get();
    return drill;
  }

  /**
   * Damages one file after the other.
   *
   * @param seal hides the damage from what compares sizes and checksums; three times of four
   */
  void check(int cases, List<Path> files, Use seal, Use reading) throws Exception {
    Map<Path, byte[]> sound = new LinkedHashMap<>();
    for (Path file : files) {
      sound.put(file, Files.readAllBytes(file));
    }
    List<String> wrong = new ArrayList<>();
    int refused = 0;
    for (int n = 0; n < cases; n++) {
      Mutations mutations = new Mutations(SEED + n);
      Path file = mutations.pick(files);
      byte[] original = sound.get(file);
      boolean text = TEXT.contains(file.toString().replaceAll(".*\\.", ""));
      write(file, text ? mutations.text(original) : mutations.bytes(original));
      if (!mutations.oneIn(4)) {
        seal.of(file);
      }
      String answer = answer(file, files, reading);
      if (answer.startsWith("[")) {
        refused++;
        LOG.debug("{} {} {}", n, file.getFileName(), answer);
      } else if (!answer.isEmpty()) {
        wrong.add("case %d, %s: %s".formatted(n, file, answer));
      }
      for (Map.Entry<Path, byte[]> entry : sound.entrySet()) {
        write(entry.getKey(), entry.getValue());
      }
    }
    assertThat(wrong).as("of %d cases, with -Dllm4msr.test.seed=%d", cases, SEED).isEmpty();
    assertThat(refused).as("damage that is seen").isGreaterThan(cases / 4);
  }

  /** Returns nothing for a result, the text of a proper error, or what is wrong. */
  private String answer(Path damaged, List<Path> files, Use reading) throws Exception {
    Future<?> result =
        thread.submit(
            () -> {
              reading.of(damaged);
              return null;
            });
    try {
      result.get(SECONDS_A_CASE, TimeUnit.SECONDS);
      return "";
    } catch (TimeoutException e) {
      return "no end after " + SECONDS_A_CASE + " s";
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof MsrException error)) {
        return stackTrace(e.getCause());
      }
      String text = String.valueOf(error.getMessage());
      boolean named =
          Stream.concat(files.stream(), Stream.of(damaged))
              .map(file -> file.getFileName().toString())
              // Where the files of a table are one already, the table is the place.
              .anyMatch(name -> text.contains(name) || text.contains("Table " + stem(name)));
      if (!named && !RIGHT_ANSWERS.contains(error.code())) {
        return "names no file: " + text;
      }
      return TYPES.contains(error.type()) ? text : "of type " + error.type() + ": " + text;
    }
  }

  private static String stem(String name) {
    return name.replaceAll("[.].*", "");
  }

  private static String stackTrace(Throwable error) {
    StringWriter text = new StringWriter();
    error.printStackTrace(new PrintWriter(text));
    return text.toString().lines().limit(12).collect(Collectors.joining("\n"));
  }

  /** Writes a new file in place of one that may be mapped. */
  static void write(Path file, byte[] content) throws IOException {
    Files.deleteIfExists(file);
    Files.write(file, content);
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
