package org.llm4msr.spark.home;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.SparkFiles;

/**
 * A folder of the driver, such as a bundle, that every process of a job has.
 *
 * @param name of its copy among the files of a process
 * @param original where the driver has it
 */
public record ShippedFolder(String name, String original) implements Serializable {

  private static final String DRIVER = "driver";

  /**
   * Sends a folder to all executors, those that start later included.
   *
   * @param place a folder of this machine, or a URL such as {@code hdfs://...}, whose folder is
   *     copied here first
   * @param name for its copies
   * @param scratch a folder that lives as long as the job
   * @throws JobException {@code spark/NO_FOLDER}
   */
  public static ShippedFolder send(SparkContext context, String place, String name, Path scratch) {
    try {
      Path folder = local(context, place, scratch.resolve(name));
      if (!Files.isDirectory(folder)) {
        throw JobException.ofUser(
            "spark/NO_FOLDER",
            "There is no folder %s on the machine of the driver.".formatted(place));
      }
      if (!context.isLocal()) {
        Path archive = pack(folder, scratch.resolve(name + ".zip"));
        context.addArchive(archive.toUri() + "#" + name);
      }
      return new ShippedFolder(name, folder.toString());
    } catch (IOException e) {
      throw JobException.of(
          "spark/NO_FOLDER", "%s cannot be read: %s".formatted(place, e.getMessage()), e);
    }
  }

  private static Path local(SparkContext context, String place, Path copy) throws IOException {
    if (!place.contains("://")) {
      return Path.of(place).toAbsolutePath().normalize();
    }
    var source = new org.apache.hadoop.fs.Path(place);
    FileSystem files = source.getFileSystem(context.hadoopConfiguration());
    files.copyToLocalFile(source, new org.apache.hadoop.fs.Path(copy.toUri()));
    return copy;
  }

  /** Numbers hardly get smaller, so nothing is compressed. */
  private static Path pack(Path folder, Path archive) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
      files = all.filter(Files::isRegularFile).sorted().toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(archive));
        ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.setLevel(0);
      for (Path file : files) {
        zip.putNextEntry(new ZipEntry(folder.relativize(file).toString()));
        Files.copy(file, zip);
        zip.closeEntry();
      }
    }
    return archive;
  }

  /** Returns where this process has it. */
  public Path path() {
    return Path.of(SparkEnv.get().executorId().equals(DRIVER) ? original : SparkFiles.get(name));
  }
}
