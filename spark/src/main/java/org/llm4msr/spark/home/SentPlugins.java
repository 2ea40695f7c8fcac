package org.llm4msr.spark.home;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkContext;

/**
 * Folders with plugins that a job names. The driver has them, and Spark sends them to executors.
 */
public final class SentPlugins {

  private static final String NAME = "llm4msr-plugins-";

  private SentPlugins() {}

  /**
   * Sends folders to all executors, those that start later included.
   *
   * @param folders of the driver
   * @param scratch a folder that lives as long as the job
   * @throws JobException {@code spark/NO_FOLDER}
   */
  public static void send(SparkContext context, List<String> folders, Path scratch) {
    for (int i = 0; i < folders.size(); i++) {
      ShippedFolder.send(context, folders.get(i), NAME + i, scratch);
    }
  }

  /**
   * Returns where this process has the folders of its job.
   *
   * @param folders all that were sent, in this order
   */
  static List<String> here(List<?> folders) {
    List<String> here = new ArrayList<>();
    for (int i = 0; i < folders.size(); i++) {
      Path folder = new ShippedFolder(NAME + i, folders.get(i).toString()).path();
      if (Files.isDirectory(folder)) { // There is no copy of an empty one.
        here.add(folder.toString());
      }
    }
    return here;
  }
}
