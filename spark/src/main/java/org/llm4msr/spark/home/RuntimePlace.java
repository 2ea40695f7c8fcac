package org.llm4msr.spark.home;

import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.SparkFiles;
import org.jspecify.annotations.Nullable;

/**
 * Where processes of a job find the runtime.
 *
 * @param folder on every node; null where Spark unpacks an archive called {@code llm4msr}
 * @param ofDriver on the machine of the driver; null where that is the same
 * @param version of the job; null where classes of no jar run it
 */
public record RuntimePlace(
    @Nullable String folder, @Nullable String ofDriver, @Nullable String version)
    implements Serializable {

  /** The setting of Spark that names the folder. */
  public static final String HOME = "spark.llm4msr.home";

  /** The setting of Spark that names the folder of the driver. */
  public static final String DRIVER_HOME = "spark.llm4msr.driver.home";

  private static final String ARCHIVE = "llm4msr";
  private static final String DRIVER = "driver";

  /** Reads the settings of a job. */
  public static RuntimePlace of(SparkConf conf) {
    return new RuntimePlace(
        conf.get(HOME, null),
        conf.get(DRIVER_HOME, null),
        RuntimePlace.class.getPackage().getImplementationVersion());
  }

  /**
   * Opens the runtime's folder in this process.
   *
   * @throws JobException {@code spark/NO_HOME}, {@code spark/OTHER_VERSION}, {@code
   *     spark/OTHER_PLATFORM}
   */
  RuntimeHome home() {
    SparkEnv process = SparkEnv.get();
    boolean isDriver = process.executorId().equals(DRIVER);
    String name =
        isDriver
            ? DRIVER
            : "executor %s on %s"
                .formatted(process.executorId(), process.blockManager().blockManagerId().host());
    String place = isDriver && ofDriver != null ? ofDriver : folder;
    Path opened = place == null ? archive() : Path.of(place);
    return RuntimeHome.open(opened, name).fitting(version, name);
  }

  /** Spark unpacks it among the files of the process, YARN into its working folder. */
  private static Path archive() {
    Path ofSpark = Path.of(SparkFiles.get(ARCHIVE));
    return Files.isDirectory(ofSpark) ? ofSpark : Path.of(ARCHIVE).toAbsolutePath();
  }
}
