package org.llm4msr.runtime.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;

class LibraryVersionsTest {

  @Test
  void versionOfDuckDbIsTheOneThatItsEngineStates() throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:")) {
      String engine = connection.getMetaData().getDatabaseProductVersion();

      assertThat("v" + LibraryVersions.versions().get("duckdb")).startsWith(engine);
    }
  }

  @Test
  void noVersionIsUnknown() {
    assertThat(LibraryVersions.versions()).doesNotContainValue("unknown");
  }
}
