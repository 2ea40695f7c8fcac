package org.llm4msr.plugins.datasets.published;

import static java.util.stream.Collectors.joining;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.plugins.datasets.input.TextFile;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of the categories, of any release.
 *
 * @param reviews one file per category, by the category's name
 * @param metadata the products of a category, if there is such a file
 */
record AmazonFiles(Map<String, Reviews> reviews, Map<String, Path> metadata) {

  /** The format of reviews. */
  enum Form {
    /** JSON lines, keys and seconds of 2014 and 2018. */
    JSON_2018,
    /** JSON lines, keys and milliseconds of 2023. */
    JSON_2023,
    /** Without a header: user, item, rating, seconds. */
    RATINGS_2014,
    /** Without a header: item, user, rating, seconds. */
    RATINGS_2018,
    /** With a header: user_id, parent_asin, rating, timestamp in milliseconds. */
    RATINGS_2023
  }

  /** The reviews of one category. */
  record Reviews(Path file, Form form) {}

  private static final Logger LOG = LoggerFactory.getLogger(AmazonFiles.class);

  /** The form of category names in the releases. */
  private static final Pattern PUBLISHED = Pattern.compile("[A-Z]\\w*");

  private static final String METADATA = "meta_(.+)\\.jsonl?(?:\\.gz)?";
  private static final String ZIPPED_METADATA = "meta_(.+)\\.jsonl?\\.zip";
  private static final String ZIPPED =
      "(?!meta_)(?:reviews_|ratings_)?(.+?)(?:_5)?\\.(?:jsonl?|csv)\\.zip";
  private static final Map<String, Form> FORMS = new LinkedHashMap<>();

  static {
    FORMS.put("(?!meta_)(?:reviews_)?(.+?)(?:_5)?\\.json(?:\\.gz)?", Form.JSON_2018);
    FORMS.put("(?!meta_)(.+)\\.jsonl(?:\\.gz)?", Form.JSON_2023);
    FORMS.put("ratings_(.+)\\.csv(?:\\.gz)?", Form.RATINGS_2014);
    FORMS.put("(?!ratings_)(.+)\\.csv(?:\\.gz)?", Form.RATINGS_2018);
  }

  /** Finds the files of the named categories, or of all if none is named. */
  static AmazonFiles find(RawFolder folder, AmazonConfig config) {
    List<String> categories = config.categories();
    Map<String, Reviews> reviews = new LinkedHashMap<>();
    FORMS.forEach(
        (pattern, form) ->
            byCategory(folder, pattern, categories)
                .forEach((category, file) -> add(reviews, category, new Reviews(file, form))));
    requireUnzipped(folder, ZIPPED, categories, reviews.keySet());
    Map<String, Path> metadata = config.metadata() ? metadata(folder, categories) : Map.of();
    if (reviews.isEmpty() && categories.isEmpty()) {
      throw missing("of a category", folder);
    }
    for (String category : categories) {
      if (!reviews.containsKey(category)) {
        throw missing("of the category " + category, folder);
      }
    }
    return new AmazonFiles(ordered(reviews, categories), metadata);
  }

  /** Finds the products of the named categories, or of all if none is named. */
  static Map<String, Path> metadata(RawFolder folder, List<String> categories) {
    Map<String, Path> found = byCategory(folder, METADATA, categories);
    requireUnzipped(folder, ZIPPED_METADATA, categories, found.keySet());
    return found;
  }

  private static void requireUnzipped(
      RawFolder folder, String pattern, List<String> categories, Set<String> unzipped) {
    for (Path zip : folder.matching(pattern)) {
      Matcher name = Pattern.compile(pattern).matcher(String.valueOf(zip.getFileName()));
      if (name.matches()
          && isWanted(name.group(1), categories)
          && !unzipped.contains(name.group(1))) {
        throw new MsrException(
            ErrorType.DATA,
            "data/ZIPPED",
            zip + " cannot be read as it is. Unzip it first, or move it out of the folder.");
      }
    }
  }

  private static boolean isWanted(String category, List<String> categories) {
    return categories.isEmpty()
        ? PUBLISHED.matcher(category).matches()
        : categories.contains(category);
  }

  private static MsrException missing(String which, RawFolder folder) {
    String files =
        folder.matching(".*").stream()
            .map(file -> String.valueOf(file.getFileName()))
            .collect(joining(", "));
    return new MsrException(
        ErrorType.DATA,
        "data/MISSING_FILE",
        "There is no file of reviews %s in %s, which has %s. Fix dataset.categories, set dataset.parts to read files of parts, or download the file."
            .formatted(which, folder.path(), files));
  }

  private static void add(Map<String, Reviews> reviews, String category, Reviews found) {
    Reviews own = new Reviews(found.file(), form(found));
    Reviews other = reviews.put(category, own);
    if (other != null) {
      throw twice(category, other.file(), found.file());
    }
  }

  private static Form form(Reviews reviews) {
    boolean header =
        reviews.form() == Form.RATINGS_2018
            && TextFile.firstLine(reviews.file()).contains("parent_asin");
    return header ? Form.RATINGS_2023 : reviews.form();
  }

  private static Map<String, Path> byCategory(
      RawFolder folder, String pattern, List<String> categories) {
    Map<String, Path> found = new LinkedHashMap<>();
    for (Path file : folder.matching(pattern)) {
      Matcher name = Pattern.compile(pattern).matcher(String.valueOf(file.getFileName()));
      if (name.matches() && isWanted(name.group(1), categories)) {
        Path other = found.put(name.group(1), file);
        if (other != null) {
          throw twice(name.group(1), other, file);
        }
      } else if (categories.isEmpty()) {
        LOG.warn(
            "{} is not read: published categories begin with a capital. Name it in"
                + " dataset.categories, with the others, to read it",
            file);
      }
    }
    return found;
  }

  private static MsrException twice(String category, Path first, Path other) {
    return new MsrException(
        ErrorType.DATA,
        "data/TWO_FILES",
        "The category %s is in two files: %s and %s. Leave only one of them in the folder."
            .formatted(category, first, other));
  }

  private static Map<String, Reviews> ordered(
      Map<String, Reviews> reviews, List<String> categories) {
    List<String> order =
        categories.isEmpty() ? reviews.keySet().stream().sorted().toList() : categories;
    Map<String, Reviews> result = new LinkedHashMap<>();
    order.forEach(category -> result.put(category, reviews.get(category)));
    return result;
  }
}
