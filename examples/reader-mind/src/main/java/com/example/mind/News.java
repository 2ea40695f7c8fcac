package com.example.mind;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.RawSchema;

/**
 * The lines of {@code news.tsv}: id, category, subcategory, title, abstract, address, entities of
 * the title, entities of the abstract.
 */
final class News implements Rows {

  static final String CATEGORY = "category";
  static final String SUBCATEGORY = "subcategory";
  static final String TITLE = "title";
  static final Schema SCHEMA =
      new Schema(List.of(text(RawSchema.ITEM), text(CATEGORY), text(SUBCATEGORY), text(TITLE)));

  private static final int COLUMNS = 8;

  private final TsvFile file;

  News(Path path) throws IOException {
    file = new TsvFile(path, COLUMNS);
  }

  /** Returns the category of every piece of news. */
  static Map<String, String> read(Path path) throws IOException {
    Map<String, String> categories = new HashMap<>();
    try (TsvFile file = new TsvFile(path, COLUMNS)) {
      for (String[] line = file.next(); line != null; line = file.next()) {
        categories.put(line[0], line[1]);
      }
    }
    return categories;
  }

  static Field text(String name) {
    return Field.nullable(name, ArrowType.Utf8.INSTANCE);
  }

  @Override
  public @Nullable List<?> next() throws IOException {
    String[] line = file.next();
    return line == null ? null : List.of(line[0], line[1], line[2], line[3]);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
