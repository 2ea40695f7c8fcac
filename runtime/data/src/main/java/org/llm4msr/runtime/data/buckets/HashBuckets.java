package org.llm4msr.runtime.data.buckets;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.AbstractList;
import java.util.List;
import java.util.RandomAccess;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The ids of hashed values, from 1: the first 15 hexadecimal digits of the MD5 (RFC 1321) of the
 * UTF-8 text, modulo the buckets, plus 1. DuckDB and most languages have this hash.
 *
 * @param buckets how many ids there are beside 0, which is for missing values
 */
public record HashBuckets(int buckets) {

  /** 60 bits, so that the number is positive in 64. */
  private static final int DIGITS = 15;

  private static final int BITS_OF_DIGIT = 4;

  private static final Pattern NAMED = Pattern.compile("bucket ([1-9]\\d{0,8}) of (\\d{1,9})");

  /** Returns the id of a text; that of a name of {@link #name} is the one it names. */
  public int id(String text) {
    if (text.startsWith("bucket ")) {
      Matcher named = NAMED.matcher(text);
      if (named.matches() && named.group(2).equals(String.valueOf(buckets))) {
        int id = Integer.parseInt(named.group(1));
        if (id <= buckets) {
          return id;
        }
      }
    }
    return (int) (hash(text) % buckets) + 1;
  }

  private static long hash(String text) {
    byte[] digest = md5().digest(text.getBytes(StandardCharsets.UTF_8));
    long first = 0;
    for (int i = 0; i < Long.BYTES; i++) {
      first = (first << Byte.SIZE) | (digest[i] & 0xff);
    }
    return first >>> (Long.SIZE - DIGITS * BITS_OF_DIGIT);
  }

  private static MessageDigest md5() {
    try {
      return MessageDigest.getInstance("MD5");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has MD5", e);
    }
  }

  /** Returns a text that stands for an id from 1, where its values are not known any more. */
  public String name(int id) {
    return "bucket " + id + " of " + buckets;
  }

  /** Returns the names by rising id, the first of which is 1. */
  public List<String> names() {
    return new Names();
  }

  /**
   * Returns the id of a text in SQL; null for null.
   *
   * @param text an expression
   */
  public String sql(String text) {
    String of = " of " + buckets;
    String number =
        "TRY_CAST(substr(%1$s, 8, len(%1$s) - %2$d) AS INTEGER)".formatted(text, 7 + of.length());
    String isNamed =
        "starts_with(%1$s, 'bucket ') AND regexp_full_match(%1$s, 'bucket [1-9][0-9]{0,8}%2$s') AND %3$s <= %4$d"
            .formatted(text, of, number, buckets);
    return "CASE WHEN %s THEN %s ELSE (('0x' || md5(%s)[1:%d])::UBIGINT %% %d + 1)::INTEGER END"
        .formatted(isNamed, number, text, DIGITS, buckets);
  }

  /** Made when they are asked for: there may be millions. */
  private final class Names extends AbstractList<String> implements RandomAccess {
    @Override
    public String get(int index) {
      return name(index + 1);
    }

    @Override
    public int size() {
      return buckets;
    }
  }
}
