package org.llm4msr.runtime.training.workers;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.batch.Exchange;
import org.llm4msr.runtime.model.DenseParameter;
import org.llm4msr.runtime.model.ParameterStore;

/**
 * Finds copies of a model that have become different: after the first step, where a part of the
 * model keeps in a buffer what it saw of its own rows, and now and then.
 */
final class CopyCheck {

  private static final int EVERY = 500;

  private final Exchange exchange;
  private boolean checked;

  CopyCheck(Exchange exchange) {
    this.exchange = exchange;
  }

  void check(ParameterStore store, long step) {
    if (checked && step % EVERY != 0) {
      return;
    }
    checked = true;
    Map<String, Long> own = sums(store);
    ByteBuffer message =
        ByteBuffer.allocate(own.size() * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    own.values().forEach(message::putLong);
    List<ByteBuffer> all = exchange.gather(message.flip());
    for (String name : own.keySet()) {
      long first = all.get(0).getLong();
      for (ByteBuffer other : all.subList(1, all.size())) {
        if (other.getLong() != first) {
          throw different(name, step);
        }
      }
    }
  }

  private static Map<String, Long> sums(ParameterStore store) {
    Map<String, Long> sums = new LinkedHashMap<>();
    store.bufferValues().forEach((name, values) -> sums.put(name, sum(values)));
    for (DenseParameter parameter : store.parameters()) {
      float[] values = new float[parameter.size()];
      parameter.values().get(values);
      sums.put(parameter.name(), sum(values));
    }
    return sums;
  }

  private static long sum(float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES);
    bytes.asFloatBuffer().put(values);
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return crc.getValue();
  }

  private static MsrException different(String name, long step) {
    return new MsrException(
        ErrorType.USER,
        "training/COPIES_DIFFER",
        "After step %d, %s differs from worker to worker. Either its part of the model learns from the rows of a batch beside the gradients, which works in one process alone, or the workers run on different processors."
            .formatted(step, name));
  }
}
