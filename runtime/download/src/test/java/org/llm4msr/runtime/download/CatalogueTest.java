package org.llm4msr.runtime.download;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.llm4msr.runtime.download.Catalogue.Licence;
import org.llm4msr.runtime.download.DatasetDownload.Receipt;
import org.llm4msr.runtime.download.DatasetDownload.Result;
import org.llm4msr.runtime.download.PublishedDataset.Checksum;
import org.llm4msr.runtime.download.PublishedDataset.PublishedFile;

class CatalogueTest {

  private static final PublishedDataset FILMS =
      dataset(
          "films",
          "Ratings of films",
          List.of(
              new PublishedFile("https://x/a.zip", 1_250_000_000L, "0f", null, null, null),
              new PublishedFile("https://x/b", null, null, Checksum.MD5_FILE, null, null),
              new PublishedFile("https://x/c", 40_000L, null, null, null, null),
              new PublishedFile("https://x/d", 50_000L, null, null, null, 1_000)));
  private static final PublishedDataset BOOKS = dataset("books", "Ratings of books", List.of());
  private static final Catalogue CATALOGUE =
      new Catalogue(
          Map.of("free", new Licence("Free", "https://x/free", List.of("Do what", "you like."))),
          List.of(FILMS, BOOKS));

  private static PublishedDataset dataset(String name, String title, List<PublishedFile> files) {
    return new PublishedDataset(name, title, "table", "https://x", "free", List.of(), files, null);
  }

  @Test
  void aTableNamesWhatThereIs() {
    assertThat(CATALOGUE.text())
        .isEqualTo(
            """
            name   licence  reader  what it is
            films  Free     table   Ratings of films
            books  by hand  table   Ratings of books
            """);
  }

  @Test
  void ofADataSetSizesChecksumsAndTermsAreTold() {
    assertThat(CATALOGUE.text(FILMS))
        .isEqualTo(
            """
            Ratings of films
              from https://x/a.zip, 1,250.0 MB, verified by the MD5 of its publishers
              from https://x/b, verified by the MD5 of its publishers
              from https://x/c, 0.0 MB, verified by its size only: its publishers state no checksum
              from https://x/d, 0.1 MB, its first 1,000 rows, without a checksum
            Licence: Free, https://x/free
              Do what
              you like.""");
  }

  @Test
  void aResultTellsHowToReadIt() {
    Receipt receipt = new Receipt("films", List.of(), "Free", List.of());

    assertThat(new Result(Path.of("data/films"), receipt, false).text(FILMS))
        .isEqualTo(
            "data/films is downloaded. Use it in a configuration:"
                + " dataset: { name: table, path: data/films }");
    assertThat(new Result(Path.of("data/films"), receipt, true).text(FILMS))
        .startsWith("data/films already exists. Use it");
  }
}
