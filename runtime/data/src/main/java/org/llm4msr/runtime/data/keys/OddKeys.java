package org.llm4msr.runtime.data.keys;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Locale;
import org.llm4msr.runtime.data.database.PreparationDatabase;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Warns of ids of users or items that are hardly meant as they are written. */
public final class OddKeys {

  private static final Logger LOG = LoggerFactory.getLogger(OddKeys.class);

  private static final String SPACED = "regexp_matches(k, '^[\\s\\p{Z}]|[\\s\\p{Z}]$|[\\r\\n]')";

  /** As Excel and pandas write large numbers; hashes have no sign. */
  private static final String ROUNDED = "regexp_full_match(k, '-?\\d+(\\.\\d+)?[eE]\\+\\d+')";

  private static final int MOST_SHOWN = 80;

  private OddKeys() {}

  /**
   * Looks at all ids.
   *
   * @param table with the column k
   * @param of what they are ids of, in words
   */
  public static void warn(PreparationDatabase database, String table, String of) {
    warn(
        database,
        table,
        SPACED,
        "Ids of %,d of %,d %s have spaces at an end, or ends of lines, such as '%s': each is another one than the id without. Remove them from the files.",
        of);
    warn(
        database,
        table,
        ROUNDED,
        "Ids of %,d of %,d %s are in scientific notation, such as '%s': a program has rounded numbers, and several may have become one. Write ids as whole numbers or as texts.",
        of);
  }

  private static void warn(
      PreparationDatabase database, String table, String odd, String message, String of) {
    String query =
        "SELECT count(*) FILTER (%1$s), count(*), min(k) FILTER (%1$s) FROM %2$s"
            .formatted(odd, table);
    database.forEach(query, found -> warn(found, message, of));
  }

  private static void warn(ResultSet found, String message, String of) throws SQLException {
    if (found.getLong(1) > 0) {
      String key = found.getString(3);
      String shown = key.substring(0, Math.min(key.length(), MOST_SHOWN));
      String inOneLine = shown.replace("\n", "\\n").replace("\r", "\\r");
      LOG.warn(
          String.format(Locale.ROOT, message, found.getLong(1), found.getLong(2), of, inOneLine));
    }
  }
}
