package org.llm4msr.dist;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.Experiment;
import org.llm4msr.runtime.Scorer;

/** Uses the runtime as a service does, in a thread whose context class loader does not see it. */
final class EmbeddedService {

  private EmbeddedService() {}

  /** Prints the scores of a bundle, or what training an experiment gives. */
  public static void main(String[] arguments) throws InterruptedException {
    Path path = Path.of(arguments[1]);
    Thread thread =
        new Thread(
            () -> {
              try {
                System.out.println(
                    arguments[0].equals("train") ? train(path).getFileName() : score(path));
              } catch (MsrException e) {
                System.out.println(e.getMessage());
              }
            });
    thread.setContextClassLoader(ClassLoader.getPlatformClassLoader());
    thread.start();
    thread.join();
  }

  /** Returns the bundle. */
  static Path train(Path file) {
    Experiment experiment = Experiment.fromYaml(file);
    experiment.prepare(false, Progress.NONE);
    experiment.extract(false, Progress.NONE);
    return experiment.train("embedded", Progress.NONE).bundle();
  }

  static String score(Path bundle) {
    try (Scorer scorer = Scorer.load(bundle)) {
      Map<String, Object> row =
          Map.of("user", 1, "item", 2, "scenario", "feed", "hour", 3, "price", 4, "tags", "a");
      return Arrays.toString(scorer.score(List.of(row)));
    }
  }
}
