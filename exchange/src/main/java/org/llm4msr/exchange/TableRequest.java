package org.llm4msr.exchange;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.List;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.Ticket;
import org.jspecify.annotations.Nullable;

/**
 * A client's request. A descriptor with a path requests a whole table; one with a command, like
 * every ticket, contains this record as JSON.
 *
 * @param path of the table
 * @param columns in the wanted order; null for all
 * @param batchRows the most rows of a batch; null for the usual number
 */
record TableRequest(
    List<String> path, @Nullable List<String> columns, @Nullable Integer batchRows) {

  /** The same as in batches that preparation writes. */
  static final int MOST_ROWS = 65_536;

  private static final JsonMapper JSON = new JsonMapper();

  static TableRequest of(FlightDescriptor descriptor) {
    return descriptor.isCommand()
        ? parse(descriptor.getCommand())
        : new TableRequest(descriptor.getPath(), null, null);
  }

  static TableRequest of(Ticket ticket) {
    return parse(ticket.getBytes());
  }

  private static TableRequest parse(byte[] json) {
    try {
      TableRequest request = JSON.readValue(json, TableRequest.class);
      if (request == null || request.path == null) {
        throw bad("it has no path");
      }
      if (request.batchRows != null && (request.batchRows < 1 || request.batchRows > MOST_ROWS)) {
        throw bad("batchRows is %d, and may be 1 to %d".formatted(request.batchRows, MOST_ROWS));
      }
      return request;
    } catch (JsonProcessingException e) {
      throw bad(e.getOriginalMessage());
    } catch (IOException e) {
      throw bad(e.toString());
    }
  }

  private static FlightRuntimeException bad(String problem) {
    return CallStatus.INVALID_ARGUMENT
        .withDescription(
            problem
                + ". Ask by a path, or by JSON such as {\"path\": [\"train\"], \"columns\": [\"label\"],"
                + " \"batchRows\": 4096}.")
        .toRuntimeException();
  }

  int rowsOfBatch() {
    return batchRows == null ? MOST_ROWS : batchRows;
  }

  Ticket ticket() {
    try {
      return new Ticket(JSON.writeValueAsBytes(this));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
