package org.llm4msr.runtime.download;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.download.PublishedDataset.PublishedFile;
import org.llm4msr.runtime.text.NearestName;
import org.llm4msr.runtime.text.TextTable;

/**
 * The published data sets that can be downloaded.
 *
 * @param licences by key
 */
public record Catalogue(Map<String, Licence> licences, List<PublishedDataset> datasets) {

  private static final double MEGABYTE = 1e6;

  /**
   * A licence.
   *
   * @param name the common name
   * @param address of its full text
   * @param text its content: in full if it is short, otherwise a summary of the terms
   */
  public record Licence(String name, String address, List<String> text) {}

  /** Returns the catalogue of this release. */
  public static Catalogue load() {
    try (InputStream in = Catalogue.class.getResourceAsStream("catalogue.json")) {
      return new JsonMapper().readValue(in, Catalogue.class);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Returns a data set.
   *
   * @throws MsrException {@code download/UNKNOWN} with the known names
   */
  public PublishedDataset get(String name) {
    List<String> names = datasets.stream().map(PublishedDataset::name).toList();
    return datasets.stream()
        .filter(dataset -> dataset.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new MsrException(
                    ErrorType.USER,
                    "download/UNKNOWN",
                    "There is no data set '%s' to download.%s There are: %s."
                        .formatted(name, NearestName.hint(name, names), String.join(", ", names))));
  }

  /** Returns the licence of a data set. */
  public Licence licence(PublishedDataset dataset) {
    Licence licence = licences.get(dataset.licence());
    if (licence == null) {
      throw new IllegalStateException(dataset.name() + " has no licence in the catalogue");
    }
    return licence;
  }

  /** Returns a table of the data sets. */
  public String text() {
    return TextTable.of(
        List.of("name", "licence", "reader", "what it is"),
        datasets.stream()
            .map(
                dataset ->
                    List.of(
                        dataset.name(),
                        dataset.files().isEmpty() ? "by hand" : licence(dataset).name(),
                        dataset.reader(),
                        dataset.title()))
            .toList());
  }

  /** Returns lines of what is downloaded, how it is verified, and the licence to accept. */
  public String text(PublishedDataset dataset) {
    List<String> lines = new ArrayList<>(List.of(dataset.title()));
    for (PublishedFile file : dataset.files()) {
      Long bytes = file.bytes();
      String size = bytes == null ? "" : String.format(Locale.ROOT, ", %,.1f MB", bytes / MEGABYTE);
      lines.add("  from " + file.address() + size + ", " + verified(file));
    }
    Licence licence = licence(dataset);
    lines.add("Licence: " + licence.name() + ", " + licence.address());
    licence.text().forEach(line -> lines.add("  " + line));
    return String.join(System.lineSeparator(), lines);
  }

  private static String verified(PublishedFile file) {
    if (file.rows() != null) {
      return String.format(Locale.ROOT, "its first %,d rows, without a checksum", file.rows());
    }
    return file.md5() != null || file.checksum() != null
        ? "verified by the MD5 of its publishers"
        : "verified by its size only: its publishers state no checksum";
  }
}
