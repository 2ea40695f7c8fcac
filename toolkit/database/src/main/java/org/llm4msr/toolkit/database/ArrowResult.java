package org.llm4msr.toolkit.database;

import java.io.IOException;
import java.sql.SQLException;
import java.sql.Statement;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.llm4msr.api.Stability;

/**
 * The batches of a running query. Its failures reach the reader as {@link IOException}, like those
 * of a file. Closing it ends the query.
 */
@Stability(level = Stability.Level.UNSTABLE, since = "0.1")
public final class ArrowResult implements AutoCloseable {

  private final Statement statement;
  private final ArrowReader reader;

  ArrowResult(Statement statement, ArrowReader reader) {
    this.statement = statement;
    this.reader = reader;
  }

  /** Returns the batches; closed with this. */
  public ArrowReader reader() {
    return reader;
  }

  @Override
  public void close() throws IOException, SQLException {
    try (statement) {
      reader.close();
    }
  }
}
