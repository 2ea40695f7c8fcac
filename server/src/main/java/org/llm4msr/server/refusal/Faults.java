package org.llm4msr.server.refusal;

import com.google.common.base.Throwables;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What nobody foresaw. */
public final class Faults {

  private static final Logger LOG = LoggerFactory.getLogger(Faults.class);

  private Faults() {}

  /**
   * Returns an error as it is sent; what is none of ours is logged whole, and sent without that.
   */
  public static MsrException known(Throwable error) {
    if (error instanceof MsrException known) {
      return known;
    }
    LOG.error("A fault of the server: {}", Throwables.getStackTraceAsString(error));
    return new MsrException(
        ErrorType.INTERNAL, "internal/FAULT", "A fault of the server; its log says more.");
  }
}
