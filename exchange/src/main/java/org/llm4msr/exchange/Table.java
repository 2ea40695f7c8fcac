package org.llm4msr.exchange;

import java.io.IOException;
import java.util.List;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/** A table that clients can read. Immutable and thread-safe. */
interface Table {

  Schema schema();

  /** Returns the number of rows, or -1 if it is unknown without reading. */
  long rows();

  /** Begins to read; the caller closes the result. */
  Rows open(TableRequest request, BufferAllocator allocator) throws IOException;

  /** Returns the schema of the requested columns. */
  default Schema schema(TableRequest request) {
    List<String> columns = request.columns();
    if (columns == null) {
      return schema();
    }
    List<Field> fields = schema().getFields();
    return new Schema(
        columns.stream()
            .map(
                name ->
                    fields.stream()
                        .filter(field -> field.getName().equals(name))
                        .findFirst()
                        .orElseThrow(
                            () ->
                                CallStatus.INVALID_ARGUMENT
                                    .withDescription(
                                        "There is no column '%s'; there are %s."
                                            .formatted(
                                                name, fields.stream().map(Field::getName).toList()))
                                    .toRuntimeException()))
            .toList());
  }

  /** The rows of one answer, in batches. */
  interface Rows extends AutoCloseable {

    /** Returns the root that receives each batch. */
    VectorSchemaRoot root();

    /** Loads the next batch into the root, and returns whether there was one. */
    boolean next() throws IOException;

    @Override
    void close() throws IOException;
  }
}
