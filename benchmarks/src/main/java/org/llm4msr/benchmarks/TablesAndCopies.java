package org.llm4msr.benchmarks;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.engine.TensorEngine;
import org.llm4msr.runtime.tables.EmbeddingGather;
import org.llm4msr.runtime.tables.EmbeddingTable;
import org.llm4msr.runtime.tables.EmbeddingTables;
import org.llm4msr.runtime.tables.EmbeddingUpdate;
import org.llm4msr.runtime.tables.UpdateRule;
import org.llm4msr.runtime.tables.Workers;

/**
 * Products, the gathers and updates of tables, and the copies of layers' results and gradients
 * between the engine's memory and the heap, where loops of Java run in vector registers. No bias,
 * no activation, no loss.
 */
final class TablesAndCopies implements Contender {

  /** Numbers that are copied at a time. */
  private static final int BLOCK = 1 << 12;

  private final TensorEngine engine;
  private final ProductsAlone products;
  private final Workers workers;
  private final EmbeddingGather gather;
  private final EmbeddingUpdate update;
  private final UpdateRule rule;
  private final FloatBuffer input;
  private final float[][] blocks;
  private final StepClock clock;

  TablesAndCopies(
      TensorEngine engine, Setup setup, int threads, ProductsAlone products, List<Batch> batches) {
    this.engine = engine;
    this.products = products;
    workers = new Workers(threads);
    int fields = setup.data().fields();
    int rows = setup.data().rowsPerField();
    rule = UpdateRule.rows(setup.training().optimizer());
    List<EmbeddingTable> tables = new ArrayList<>();
    for (int f = 0; f < fields; f++) {
      tables.add(new EmbeddingTable("field" + f, rows, Setup.DIMENSION, rule.stateSlots()));
      tables.get(f).initialize(7, workers);
    }
    gather = new EmbeddingGather(new EmbeddingTables(tables), workers);
    update = new EmbeddingUpdate(new EmbeddingTables(tables), workers);
    input = products.input();
    blocks = IntStream.range(0, threads).mapToObj(w -> new float[BLOCK]).toArray(float[][]::new);
    clock = new StepClock(batches, this::step);
  }

  private void step(Batch batch, long number) {
    gather.gather(batch, input);
    products.run(
        result -> {
          copy(result, 1); // Forward: bias and activation.
          copy(result, 2); // Backward: the results and their gradients.
        });
    update.run(batch, input, rule, number + 1, Setup.LEARNING_RATE);
  }

  /** Copies an array to the heap so many times, and back once. */
  private void copy(FloatBuffer array, int reads) {
    workers.range(
        array.limit(),
        BLOCK,
        (worker, from, to) -> {
          for (int i = 0; i < reads; i++) {
            array.get(from, blocks[worker], 0, to - from);
          }
          array.put(from, blocks[worker], 0, to - from);
        });
  }

  @Override
  public String name() {
    return "products, tables, copies";
  }

  @Override
  public long denseParameters() {
    return products.denseParameters();
  }

  @Override
  public List<StepTime> time(int steps) {
    return engine.call(() -> clock.time(steps));
  }

  @Override
  public void close() {
    workers.close();
  }
}
