package org.llm4msr.spark.prepare;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.util.SerializableConfiguration;

/**
 * The folder in which driver and executors leave files for each other: one that all nodes have, or
 * a URL.
 *
 * @param root a URL without escapes
 * @param hadoop how it is reached
 */
record Staging(String root, SerializableConfiguration hadoop) implements Serializable {

  /** Returns the place of a file or folder. */
  String place(String name) {
    return root + "/" + name;
  }

  /** Returns whether the folder is one of this machine. */
  boolean isLocal() {
    return root.startsWith("file:");
  }

  /** Takes a local file, which then is gone; another one of this name is replaced. */
  void put(Path file, String name) throws IOException {
    if (isLocal()) {
      Path target = local(name);
      Files.createDirectories(target.getParent());
      Path copy =
          target.resolveSibling(
              "_"
                  + requireNonNull(file.getParent(), "folder").getFileName()
                  + "-"
                  + file.getFileName()
                  + ".part"); // No pattern of Parquet files takes it.
      Files.move(file, copy);
      Files.move(copy, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } else {
      files().copyFromLocalFile(true, true, hadoopPath(file), path(name));
    }
  }

  /** Returns a file or folder on this machine; it lies in a folder if it has to be copied. */
  Path get(String name, Path copies) throws IOException {
    if (isLocal()) {
      return local(name);
    }
    Path copy = copies.resolve(name.replace('/', '-'));
    files().copyToLocalFile(false, path(name), hadoopPath(copy), true);
    return copy;
  }

  /** Moves a file to this machine. */
  void take(String name, Path target) throws IOException {
    if (isLocal()) {
      Files.move(local(name), target);
    } else {
      files().copyToLocalFile(true, path(name), hadoopPath(target), true);
    }
  }

  /** Makes an empty file. */
  void touch(String name) throws IOException {
    files().create(path(name)).close();
  }

  /** Makes a folder. */
  void make(String name) throws IOException {
    files().mkdirs(path(name));
  }

  /** Returns whether there is a file or folder. */
  boolean has(String name) throws IOException {
    return files().exists(path(name));
  }

  /** Returns the names in a folder. */
  List<String> list(String folder) throws IOException {
    return Stream.of(files().listStatus(path(folder))).map(f -> f.getPath().getName()).toList();
  }

  /** Returns the only Parquet file of a folder, by its name here. */
  String only(String folder) throws IOException {
    List<String> files = list(folder).stream().filter(name -> name.endsWith(".parquet")).toList();
    if (files.size() != 1) {
      throw new IllegalStateException(
          "%s has %d files of rows in place of one".formatted(place(folder), files.size()));
    }
    return folder + "/" + files.get(0);
  }

  /** Deletes a file. */
  void delete(String name) throws IOException {
    files().delete(path(name), false);
  }

  /** Deletes everything. */
  void delete() throws IOException {
    files().delete(new org.apache.hadoop.fs.Path(root), true);
  }

  private FileSystem files() throws IOException {
    return new org.apache.hadoop.fs.Path(root).getFileSystem(hadoop.value());
  }

  private org.apache.hadoop.fs.Path path(String name) {
    return new org.apache.hadoop.fs.Path(place(name));
  }

  private static org.apache.hadoop.fs.Path hadoopPath(Path file) {
    return new org.apache.hadoop.fs.Path(file.toUri());
  }

  /** Returns a file or folder of a folder of this machine. */
  Path local(String name) {
    return Path.of(new org.apache.hadoop.fs.Path(root).toUri().getPath()).resolve(name);
  }
}
