package org.llm4msr.plugins.datasets;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * The files of the categories, whichever release they are of.
 *
 * @param reviews one file a category, by the category's name
 * @param metadata the products of a category, where there is such a file
 */
record AmazonFiles(Map<String, Reviews> reviews, Map<String, Path> metadata) {

  /** How reviews are written. */
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

  private static final String METADATA = "meta_(.+)\\.jsonl?(?:\\.gz)?";
  private static final Map<String, Form> FORMS = new LinkedHashMap<>();

  static {
    FORMS.put("(?!meta_)(?:reviews_)?(.+?)(?:_5)?\\.json(?:\\.gz)?", Form.JSON_2018);
    FORMS.put("(?!meta_)(.+)\\.jsonl(?:\\.gz)?", Form.JSON_2023);
    FORMS.put("ratings_(.+)\\.csv(?:\\.gz)?", Form.RATINGS_2014);
    FORMS.put("(?!ratings_)(.+)\\.csv(?:\\.gz)?", Form.RATINGS_2018);
  }

  /** Finds the files of the named categories, or of all where none is named. */
  static AmazonFiles find(RawFolder folder, List<String> categories) {
    Map<String, Reviews> reviews = new LinkedHashMap<>();
    FORMS.forEach(
        (pattern, form) ->
            byCategory(folder, pattern, categories)
                .forEach((category, file) -> add(reviews, category, new Reviews(file, form))));
    for (String category : categories) {
      if (!reviews.containsKey(category)) {
        throw new MsrException(
            ErrorType.DATA,
            "data/MISSING_FILE",
            "There is no file of reviews of the category %s in %s, which has %s. Mend dataset.categories, or fetch the file."
                .formatted(category, folder.path(), find(folder, List.of()).reviews().keySet()));
      }
    }
    return new AmazonFiles(ordered(reviews, categories), byCategory(folder, METADATA, categories));
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
      if (name.matches() && (categories.isEmpty() || categories.contains(name.group(1)))) {
        Path other = found.put(name.group(1), file);
        if (other != null) {
          throw twice(name.group(1), other, file);
        }
      }
    }
    return found;
  }

  private static MsrException twice(String category, Path one, Path other) {
    return new MsrException(
        ErrorType.DATA,
        "data/TWO_FILES",
        "The category %s is in two files: %s and %s. Leave one of them in the folder."
            .formatted(category, one, other));
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
