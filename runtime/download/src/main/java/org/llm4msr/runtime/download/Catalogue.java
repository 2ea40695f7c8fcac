package org.llm4msr.runtime.download;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.text.NearestName;

/**
 * The published data sets that can be downloaded.
 *
 * @param licences by key
 */
public record Catalogue(Map<String, Licence> licences, List<PublishedDataset> datasets) {

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
}
