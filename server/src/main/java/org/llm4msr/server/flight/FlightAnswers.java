package org.llm4msr.server.flight;

import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.flight.FlightProducer.ServerStreamListener;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import org.llm4msr.server.ranking.BatchAnswer;
import org.llm4msr.server.refusal.Refusals;

/**
 * The batches that a call is answered with: {@value #PROBABILITY}, and {@code probability_NAME} for
 * each further label of the model. For one thread; closing it does not end the call.
 */
final class FlightAnswers implements AutoCloseable {

  /** The column of the main label. */
  static final String PROBABILITY = "probability";

  private final ServerStreamListener writer;
  private final BufferAllocator allocator;
  private List<String> labels = List.of();
  private @Nullable VectorSchemaRoot root;

  FlightAnswers(ServerStreamListener writer, BufferAllocator allocator) {
    this.writer = writer;
    this.allocator = allocator;
  }

  /**
   * Sends a batch.
   *
   * @throws org.llm4msr.api.MsrException {@code serve/OTHER_LABELS} if the model is now another
   *     version with other labels than the batches before
   */
  void put(BatchAnswer answer) {
    VectorSchemaRoot begun = root == null ? begin(answer.labels()) : root;
    if (!labels.equals(answer.labels())) {
      throw Refusals.otherLabels(labels, answer.labels());
    }
    fill(begun, PROBABILITY, answer.scores().scores());
    for (int label = 0; label < labels.size(); label++) {
      fill(begun, column(labels.get(label)), answer.scores().further()[label]);
    }
    begun.setRowCount(answer.scores().scores().length);
    writer.putNext();
  }

  /** Ends the call; one without batches is answered with none. */
  void complete() {
    if (root == null) {
      begin(List.of());
    }
    writer.completed();
  }

  private VectorSchemaRoot begin(List<String> further) {
    labels = further;
    List<Field> columns = new ArrayList<>(List.of(field(PROBABILITY)));
    labels.forEach(label -> columns.add(field(column(label))));
    VectorSchemaRoot begun = VectorSchemaRoot.create(new Schema(columns), allocator);
    root = begun;
    writer.start(begun);
    return begun;
  }

  private static String column(String label) {
    return PROBABILITY + "_" + label;
  }

  private static Field field(String name) {
    return Field.notNullable(name, new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE));
  }

  private static void fill(VectorSchemaRoot root, String name, float[] probabilities) {
    Float4Vector column = (Float4Vector) root.getVector(name);
    column.allocateNew(probabilities.length);
    for (int row = 0; row < probabilities.length; row++) {
      column.set(row, probabilities[row]);
    }
  }

  @Override
  public void close() {
    if (root != null) {
      root.close();
    }
  }
}
