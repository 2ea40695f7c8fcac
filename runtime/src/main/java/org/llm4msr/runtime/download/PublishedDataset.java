package org.llm4msr.runtime.download;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A data set of the catalogue.
 *
 * @param name by which it is asked for
 * @param title what it is
 * @param reader the reader that takes its files
 * @param page where its publishers describe it
 * @param licence key of its licence in the catalogue
 * @param categories what {@code {category}} in addresses may stand for; empty where there is one
 *     data set only
 * @param files what is loaded; empty where it cannot be loaded by a program
 * @param manual what is to be done by hand, or null
 */
public record PublishedDataset(
    String name,
    String title,
    String reader,
    String page,
    String licence,
    List<String> categories,
    List<PublishedFile> files,
    @Nullable String manual) {

  public PublishedDataset {
    requireNonNull(name, "name is null");
    categories = categories == null ? List.of() : List.copyOf(categories);
    files = files == null ? List.of() : List.copyOf(files);
  }

  /** Returns the section of a configuration that reads the files in a folder. */
  public String section(Path folder) {
    return "dataset: { name: %s, path: %s }".formatted(reader, folder);
  }

  /**
   * A file.
   *
   * @param address of the file
   * @param bytes its size as its publishers state it, or null where only the server says it
   * @param md5 in hexadecimal as its publishers state it, or null
   * @param checksum where the publishers state size or MD5 today; null where they do not
   * @param root folder within the archive whose content is wanted; null for a file that is no
   *     archive
   */
  public record PublishedFile(
      String address,
      @Nullable Long bytes,
      @Nullable String md5,
      @Nullable Checksum checksum,
      @Nullable String root) {

    /** Returns the last part of the address. */
    String fileName() {
      return address.substring(address.lastIndexOf('/') + 1);
    }

    PublishedFile of(String category) {
      return new PublishedFile(address.replace("{category}", category), bytes, md5, checksum, root);
    }
  }

  /** Where a publisher states checksums. */
  public enum Checksum {
    /** In the description of the record on Zenodo. */
    ZENODO,
    /** In a file of the same name with {@code .md5} behind it. */
    MD5_FILE
  }
}
