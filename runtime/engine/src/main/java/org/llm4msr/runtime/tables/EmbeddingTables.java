package org.llm4msr.runtime.tables;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.llm4msr.runtime.batch.Exchange;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.tables.TableSequence.Form;

/**
 * The embedding tables of all fields, in the order of the fields of a batch; fields may share a
 * table. {@link EmbeddingGather} reads a batch's vectors, {@link EmbeddingUpdate} trains them.
 */
public final class EmbeddingTables {

  private final List<EmbeddingTable> vectors;
  private final List<EmbeddingTable> linear;
  private final List<TableSequence> sequences;
  private final List<Place> places = new ArrayList<>();
  private final int width;
  private final int vectorWidth;
  private final int sequencesEnd;
  private final boolean mkl;
  private @Nullable TableParts parts;

  /** Makes the layer without first-order weights; Java multiplies vectors. */
  public EmbeddingTables(List<EmbeddingTable> vectors) {
    this(vectors, List.of(), false);
  }

  /**
   * Makes the layer.
   *
   * @param vectors the table of each field's vectors; one of several fields is there several times
   * @param linear the table of each field's first-order weights, of dimension 1, shared likewise;
   *     none for a model without
   * @param mkl whether MKL multiplies, or Java
   */
  public EmbeddingTables(List<EmbeddingTable> vectors, List<EmbeddingTable> linear, boolean mkl) {
    this(vectors, linear, List.of(), mkl, 0);
  }

  /**
   * Makes the layer of a model with sequences, or with columns that no table gives.
   *
   * @param sequences each reads the table of a field; their ids come after the values of the fields
   * @param added columns at the end of the flat input that no table gives
   */
  public EmbeddingTables(
      List<EmbeddingTable> vectors,
      List<EmbeddingTable> linear,
      List<TableSequence> sequences,
      boolean mkl,
      int added) {
    this.mkl = mkl;
    this.vectors = List.copyOf(vectors);
    this.linear = List.copyOf(linear);
    this.sequences = List.copyOf(sequences);
    int column = 0;
    for (List<EmbeddingTable> tables : List.of(this.vectors, this.linear)) {
      for (int field = 0; field < tables.size(); field++) {
        EmbeddingTable table = tables.get(field);
        places.add(new Place(table, field, column, null));
        column += table.dimension();
      }
    }
    vectorWidth = column - this.linear.size();
    int number = this.vectors.size();
    for (TableSequence sequence : this.sequences) {
      places.add(new Place(sequence.table(), number++, column, sequence));
      column = Math.addExact(column, sequence.columns());
    }
    sequencesEnd = column;
    width = Math.addExact(column, added);
  }

  /** Returns the same tables with other sequences. */
  public EmbeddingTables with(List<TableSequence> others) {
    return new EmbeddingTables(vectors, linear, others, mkl, width - sequencesEnd);
  }

  /**
   * What a field reads of a table.
   *
   * @param field its number in a batch, where sequences come after the fields
   * @param column the first of its columns in the flat input
   * @param sequence how lists are read if it is no field
   */
  record Place(EmbeddingTable table, int field, int column, @Nullable TableSequence sequence) {

    int dimension() {
      return table.dimension();
    }

    /** Returns what rows get of a sequence; null of a field. */
    @Nullable Form form() {
      return sequence == null ? null : sequence.form();
    }
  }

  /** Returns whether MKL may multiply. */
  boolean usesMkl() {
    return mkl;
  }

  /** Returns what the fields read, in the order of the columns. */
  List<Place> places() {
    return places;
  }

  /** Returns what each table gives, table by table, in the order of the columns. */
  List<List<Place>> byTable() {
    Map<EmbeddingTable, List<Place>> byTable = new LinkedHashMap<>();
    for (Place place : places) {
      byTable.computeIfAbsent(place.table(), table -> new ArrayList<>()).add(place);
    }
    return List.copyOf(byTable.values());
  }

  /** Reads rows that this worker does not have from the others, where tables are partitioned. */
  public void shareWith(Exchange exchange) {
    List<List<Place>> partitioned =
        byTable().stream().filter(of -> of.get(0).table().partition() != null).toList();
    parts = partitioned.isEmpty() ? null : new TableParts(partitioned, exchange);
  }

  /** Returns what this worker and others tell each other; null where no table is partitioned. */
  public @Nullable TableParts parts() {
    return parts;
  }

  /**
   * Reads the rows of partitioned tables that a batch needs, until the next call; all workers call
   * it, or the first one alone, while the others {@link TableParts#serve}.
   *
   * @param rows B
   * @param fields the values of the fields, then the ids of the sequences
   * @return the same with the numbers by which these rows are read
   */
  public List<FieldValues> fetch(int rows, List<FieldValues> fields) {
    return parts == null ? fields : parts.fetch(rows, fields);
  }

  /** Returns the table of each field's vectors. */
  public List<EmbeddingTable> tables() {
    return vectors;
  }

  /** Returns a table of which this worker has a number that is not finite, if there is one. */
  public Optional<EmbeddingTable> notFinite() {
    return places.stream()
        .map(Place::table)
        .distinct()
        .filter(table -> !table.isFinite())
        .findFirst();
  }

  /** Returns the table of each field's first-order weights; empty for a model without. */
  public List<EmbeddingTable> linear() {
    return linear;
  }

  /** Returns what projects the vectors of a field onto its table. */
  VectorProjection projection(Place place, Workers workers) {
    return new VectorProjection(place.table(), mkl, workers);
  }

  /** Returns the first of the columns of a field's vectors. */
  public int column(int field) {
    return places.get(field).column();
  }

  /** Returns the first of the columns of a sequence. */
  public int sequenceColumn(int sequence) {
    return places.get(vectors.size() + linear.size() + sequence).column();
  }

  /** Returns what reads lists of ids beside the fields. */
  public List<TableSequence> sequences() {
    return sequences;
  }

  /**
   * Returns the columns of the flat input: those of the vectors, of the weights, of the sequences,
   * then those that no table gives.
   */
  public int width() {
    return width;
  }

  /** Returns where the columns of the sequences end in the flat input. */
  public int sequencesEnd() {
    return sequencesEnd;
  }

  /** Returns W, the columns of the vectors. */
  public int vectorWidth() {
    return vectorWidth;
  }
}
