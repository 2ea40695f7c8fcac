package org.llm4msr.runtime.tables;

import java.util.List;

/**
 * The embedding tables of all fields, one per field, in the order of the fields of a batch. {@link
 * EmbeddingGather} reads a batch's vectors, {@link EmbeddingUpdate} trains them.
 */
public final class EmbeddingTables {

  private final List<EmbeddingTable> tables;
  private final int dimension;
  private final boolean mkl;

  /** Makes the layer over tables of one dimension; Java multiplies vectors. */
  public EmbeddingTables(List<EmbeddingTable> tables) {
    this(tables, false);
  }

  /**
   * Makes the layer over tables of one dimension.
   *
   * @param mkl whether MKL multiplies vectors, or Java
   */
  public EmbeddingTables(List<EmbeddingTable> tables, boolean mkl) {
    this.mkl = mkl;
    this.tables = List.copyOf(tables);
    this.dimension = tables.isEmpty() ? 0 : tables.get(0).dimension();
  }

  /** Returns the tables, one per field. */
  public List<EmbeddingTable> tables() {
    return tables;
  }

  /** Returns what projects the vectors of a field onto its table. */
  VectorProjection projection(int field, Workers workers) {
    return new VectorProjection(tables.get(field), mkl, workers);
  }

  /** Returns D, the columns of one field. */
  public int dimension() {
    return dimension;
  }

  /** Returns W, the columns of the flat input. */
  public int width() {
    return tables.size() * dimension;
  }
}
