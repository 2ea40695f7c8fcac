package org.llm4msr.endtoend;

import java.io.File;
import java.lang.reflect.Method;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.experiment.Experiment;
import org.llm4msr.runtime.scoring.Scorer;

/**
 * Uses the runtime as a container does that loads it with a loader of its own, in a thread whose
 * context class loader sees neither that nor all of the JDK.
 */
public final class EmbeddedService {

  private EmbeddedService() {}

  /**
   * Prints the scores of bundles, and what training experiments gives: a line for each stage and
   * path.
   */
  public static void main(String[] arguments) throws Exception {
    String[] classPath = System.getProperty("java.class.path").split(File.pathSeparator);
    URL[] urls = Arrays.stream(classPath).map(EmbeddedService::url).toArray(URL[]::new);
    ClassLoader platform = ClassLoader.getPlatformClassLoader();
    Thread.currentThread().setContextClassLoader(platform);
    try (URLClassLoader loader = new URLClassLoader(urls, platform)) {
      Method run =
          loader
              .loadClass(EmbeddedService.class.getName())
              .getMethod("run", String.class, String.class);
      for (int i = 0; i < arguments.length; i += 2) {
        System.out.println(run.invoke(null, arguments[i], arguments[i + 1]));
      }
    }
  }

  private static URL url(String entry) {
    try {
      return Path.of(entry).toUri().toURL();
    } catch (MalformedURLException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** Returns what to print. */
  public static String run(String stage, String path) {
    try {
      return stage.equals("train") ? train(Path.of(path)).toString() : score(Path.of(path));
    } catch (MsrException e) {
      return e.getMessage();
    }
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
