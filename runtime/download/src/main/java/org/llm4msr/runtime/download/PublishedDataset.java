package org.llm4msr.runtime.download;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A data set of the catalogue.
 *
 * @param name the name to request it by
 * @param title what it is
 * @param reader the reader for its files
 * @param page where its publishers describe it
 * @param licence key of its licence in the catalogue
 * @param categories the values of {@code {category}} in addresses; empty if there is only one data
 *     set
 * @param files the files to download; empty if a program cannot download it
 * @param manual instructions for a download by hand, or null
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
   * @param bytes its size as its publishers state it, or null if only the server states it; with
   *     {@code rows}, how many bytes from the start hold them
   * @param md5 in hexadecimal as its publishers state it, or null
   * @param checksum where the publishers state the current size or MD5; null if they do not
   * @param root folder within the archive whose content is wanted; null for a file that is not an
   *     archive
   * @param rows how many of the first rows of a CSV file are wanted; null for all
   */
  public record PublishedFile(
      String address,
      @Nullable Long bytes,
      @Nullable String md5,
      @Nullable Checksum checksum,
      @Nullable String root,
      @Nullable Integer rows) {

    /** Returns the last part of the address. */
    String fileName() {
      return address.substring(address.lastIndexOf('/') + 1);
    }

    PublishedFile of(String category) {
      return new PublishedFile(
          address.replace("{category}", category), bytes, md5, checksum, root, rows);
    }
  }

  /** Where a publisher states checksums. */
  public enum Checksum {
    /** In the description of the record on Zenodo. */
    ZENODO,
    /** In a file of the same name with {@code .md5} appended. */
    MD5_FILE
  }
}
