package org.llm4msr.runtime.data.prepared;

/** What users did: the rows that were logged, and not drawn as negatives. */
@FunctionalInterface
public interface LoggedRows {

  /**
   * Visits the rows oldest first, those of all parts together; of rows of one time, those of an
   * earlier part first. Rows without a time are left out.
   */
  void forEach(Visitor visitor);

  /** Takes one row. */
  @FunctionalInterface
  interface Visitor {

    /**
     * Takes a row by its indices.
     *
     * @param scenario rank
     * @param positive whether its label is 1
     * @param time milliseconds since 1970
     * @param group number of the row's group, such as an impression; 0 for none
     */
    void visit(
        Split part, int user, int item, int scenario, boolean positive, long time, int group);
  }
}
