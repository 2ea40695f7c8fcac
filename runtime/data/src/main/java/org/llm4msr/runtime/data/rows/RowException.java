package org.llm4msr.runtime.data.rows;

import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/** The error of one row that cannot be read, whatever the others hold. */
public final class RowException extends MsrException {

  private static final long serialVersionUID = 1L;

  private final long row;

  /**
   * Makes an error.
   *
   * @param row its number, from 0
   * @param message which names the row, and the column and value that are wrong
   */
  RowException(String code, long row, String message) {
    super(ErrorType.DATA, "data/" + code, message);
    this.row = row;
  }

  /** Returns the number of the row, from 0. */
  public long row() {
    return row;
  }
}
