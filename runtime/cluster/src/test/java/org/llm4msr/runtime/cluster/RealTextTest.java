package org.llm4msr.runtime.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RealTextTest {

  private static final double[] VALUES = {
    0,
    -0.0,
    1,
    17,
    -3,
    0.1,
    2.5,
    -1.25,
    1e15,
    1e16,
    1.5e15,
    123456.789,
    1e-4,
    1e-5,
    1.5e-7,
    -2.5e-9,
    9007199254740991.0,
    9007199254740992.0,
    1e20,
    3.14e100,
    Double.NaN,
    Double.POSITIVE_INFINITY,
    Double.NEGATIVE_INFINITY
  };

  @Test
  void realNumbersHaveTheTextsThatPreparationGivesThem() throws SQLException {
    try (Connection database = DriverManager.getConnection("jdbc:duckdb:");
        PreparedStatement sql =
            database.prepareStatement(
                """
                SELECT CASE WHEN x = trunc(x) AND abs(x) < 9007199254740992 THEN x::BIGINT::VARCHAR
                  WHEN NOT isnan(x) THEN x::VARCHAR END FROM (SELECT ?::DOUBLE AS x)
                """)) {
      for (double value : VALUES) {
        assertThat(RealText.of(value)).as("%s", value).isEqualTo(text(sql, value));
      }
      Random random = new Random(3);
      for (int i = 0; i < 500; i++) {
        // Few digits: of others Java 17 may write one more than is needed.
        double value = random.nextInt(100_000) / Math.pow(10, random.nextInt(12));
        assertThat(RealText.of(value)).as("%s", value).isEqualTo(text(sql, value));
      }
    }
  }

  private static String text(PreparedStatement sql, double value) throws SQLException {
    sql.setDouble(1, value);
    try (ResultSet rows = sql.executeQuery()) {
      rows.next();
      return rows.getString(1);
    }
  }

  @Test
  void aFloatHasTheDigitsOfAFloat() {
    assertThat(RealText.of(0.1f)).isEqualTo("0.1");
    assertThat(RealText.of(2f)).isEqualTo("2");
  }
}
