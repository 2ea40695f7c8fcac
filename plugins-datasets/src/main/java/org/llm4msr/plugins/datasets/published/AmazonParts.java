package org.llm4msr.plugins.datasets.published;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * The benchmark files of 2023, divided by their publisher: for each category {@code train}, {@code
 * valid} and {@code test}, either by two dates that all categories share ({@code timestamp}), or
 * the last two reviews of each user for validation and test ({@code last_out}).
 *
 * @param files by category and part
 */
record AmazonParts(Map<String, Map<String, Path>> files) {

  /** The folders of the published benchmark. */
  static final List<String> FOLDERS =
      List.of(
          "5core/timestamp",
          "5core/last_out",
          "5core/timestamp_w_his",
          "5core/last_out_w_his",
          "0core/timestamp",
          "0core/last_out",
          "0core/timestamp_w_his",
          "0core/last_out_w_his");

  /** The names of files. */
  static final String FILES = "([A-Z]\\w*)\\.(?:train|valid|test)\\.csv(?:\\.gz)?";

  /** Finds the files of the named categories, or of all if none is named. */
  static AmazonParts find(RawFolder folder, AmazonConfig config) {
    List<String> categories =
        config.categories().isEmpty() ? categories(folder) : config.categories();
    Map<String, Map<String, Path>> files = new LinkedHashMap<>();
    for (String category : categories) {
      Map<String, Path> parts = new LinkedHashMap<>();
      parts.put("train", file(folder, category + ".train.csv"));
      parts.put("validation", file(folder, category + ".valid.csv"));
      parts.put("test", file(folder, category + ".test.csv"));
      files.put(category, parts);
    }
    return new AmazonParts(files);
  }

  private static List<String> categories(RawFolder folder) {
    TreeSet<String> categories = new TreeSet<>();
    for (Path file : folder.matching(FILES)) {
      Matcher name = Pattern.compile(FILES).matcher(String.valueOf(file.getFileName()));
      if (name.matches()) {
        categories.add(name.group(1));
      }
    }
    return List.copyOf(categories);
  }

  private static Path file(RawFolder folder, String name) {
    return folder
        .csv(name)
        .orElseThrow(
            () ->
                new MsrException(
                    ErrorType.DATA,
                    "data/MISSING_FILE",
                    "There is no file %s in %s. Download the three parts of each category, or fix dataset.categories."
                        .formatted(name, folder.path())));
  }
}
