package org.llm4msr.plugins.datasets.published;

import org.llm4msr.api.Setting;

/** What to read from Douban. */
public record DoubanConfig(
    @Setting(value = "The label is 1 if the rating is above this", defaultValue = "3")
        double positiveAbove,
    @Setting(
            value =
                "The column of books, films and music that reviews refer to: uid, or id"
                    + " (book_id ...)",
            defaultValue = "uid")
        ItemColumn itemColumn) {

  /** The key of the tables of items. */
  public enum ItemColumn {
    /** The column UID, as for users. */
    UID,
    /** The column book_id, movie_id or music_id. */
    ID
  }
}
