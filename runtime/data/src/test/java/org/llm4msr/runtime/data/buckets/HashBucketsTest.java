package org.llm4msr.runtime.data.buckets;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.llm4msr.runtime.data.database.PreparationDatabase;
import org.llm4msr.toolkit.database.SqlText;

class HashBucketsTest {

  @TempDir Path folder;

  private static final List<String> TEXTS =
      List.of(
          "",
          "a",
          "Köln",
          "'",
          "日本",
          "bucket 7 of 64",
          "bucket 65 of 64",
          "bucket 07 of 64",
          "bucket 7 of 65",
          "bucket x of 64",
          "bucket 99999999999 of 64",
          "a b",
          " a");

  /** The test suite of RFC 1321, and 1 + int(digest[:15], 16) % 1000 by Python. */
  @ParameterizedTest
  @CsvSource({
    "'', d41d8cd98f00b204e9800998ecf8427e, 425",
    "a, 0cc175b9c0f1b6a831c399e269772661, 363",
    "abc, 900150983cd24fb0d6963f7d28e17f72, 28",
    "message digest, f96b697d7cb7938d525a2f31aaf161d0, 649",
    "Köln, 2fc01bde301ce78776bfd009c2edc542, 329"
  })
  void hashesAsPublished(String text, String digest, int id) {
    assertThat(new HashBuckets(1000).id(text))
        .isEqualTo(id)
        .isEqualTo((int) (Long.parseLong(digest.substring(0, 15), 16) % 1000) + 1);
  }

  @Test
  void theDatabaseHashesAlike() {
    HashBuckets buckets = new HashBuckets(64);
    try (PreparationDatabase database = new PreparationDatabase(folder, 256L << 20, 1)) {
      List<String> ids = new ArrayList<>();
      for (String text : TEXTS) {
        String sql =
            "SELECT " + buckets.sql("t") + " FROM (SELECT " + SqlText.literal(text) + " AS t)";
        ids.addAll(database.query(sql, row -> row.getString(1)));
      }
      assertThat(ids)
          .isEqualTo(TEXTS.stream().map(text -> String.valueOf(buckets.id(text))).toList());
      String none = "SELECT " + buckets.sql("t") + " IS NULL FROM (SELECT NULL::VARCHAR AS t)";
      assertThat(database.query(none, row -> row.getBoolean(1))).containsExactly(true);
    }
  }

  @Test
  void aNameStandsForItsBucket() {
    HashBuckets buckets = new HashBuckets(64);
    List<String> names = buckets.names();

    assertThat(names).hasSize(64).startsWith("bucket 1 of 64").endsWith("bucket 64 of 64");
    for (int id = 1; id <= 64; id++) {
      assertThat(buckets.id(names.get(id - 1))).isEqualTo(id);
    }
  }
}
