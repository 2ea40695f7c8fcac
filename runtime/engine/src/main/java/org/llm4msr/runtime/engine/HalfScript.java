package org.llm4msr.runtime.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import org.llm4msr.api.Script;

/**
 * Products of arrays (..., k, n) and (..., n, m) whose numbers are rounded to bfloat16, on the
 * device of an engine, which rounds the products too; they are float32 numbers again. The engine
 * records no gradient of a script: its methods are here too.
 */
public final class HalfScript implements AutoCloseable {

  /** What a script makes may not be part of a record: results are written to arrays given. */
  private static final String METHODS =
      """
        def product(self: __torch__.M,
          result: List[Tensor],
          a: List[Tensor],
          b: List[Tensor]) -> List[Tensor]:
          left = torch.to(a[0], 15)
          right = torch.to(b[0], 15)
          _0 = torch.copy_(result[0], torch.matmul(left, right), False)
          return [left, right]
        def toLeft(self: __torch__.M,
          result: List[Tensor],
          gradient: List[Tensor],
          right: List[Tensor]) -> List[Tensor]:
          product = torch.matmul(torch.to(gradient[0], 15), torch.transpose(right[0], -2, -1))
          _0 = torch.copy_(result[0], product, False)
          return annotate(List[Tensor], [])
        def toRight(self: __torch__.M,
          result: List[Tensor],
          left: List[Tensor],
          gradient: List[Tensor]) -> List[Tensor]:
          product = torch.matmul(torch.transpose(left[0], -2, -1), torch.to(gradient[0], 15))
          _0 = torch.copy_(result[0], product, False)
          return annotate(List[Tensor], [])
      """;

  private final Script script;

  private HalfScript(Script script) {
    this.script = script;
  }

  /**
   * Compiles the script.
   *
   * @throws ai.djl.engine.EngineException if the engine or its device cannot multiply so
   */
  public static HalfScript of(TensorEngine engine) {
    HalfScript halves = new HalfScript(engine.script(METHODS));
    try (NDManager manager = engine.engine().newBaseManager(engine.device())) {
      NDArray ones = manager.ones(new Shape(2, 2));
      halves.multiply(manager, ones, ones).result().toFloatArray();
      return halves;
    } catch (RuntimeException e) {
      halves.close();
      throw e;
    }
  }

  /** Multiplies; the manager owns the product. */
  public Product multiply(NDManager manager, NDArray left, NDArray right) {
    Shape shape = left.getShape();
    int rows = shape.dimension() - 1;
    Shape product = shape.slice(0, rows).add(right.getShape().get(rows));
    NDArray result = manager.create(product, DataType.FLOAT32);
    NDList rounded = call("product", result, left, right);
    return new Product(result, rounded.get(0), rounded.get(1));
  }

  private NDList call(String method, NDArray result, NDArray first, NDArray second) {
    return script.call(
        result.getManager(), method, new NDList(result), new NDList(first), new NDList(second));
  }

  /**
   * A product and the rounded numbers of which it was made; the result lives on after {@link
   * #close}.
   */
  public final class Product implements AutoCloseable {

    private final NDArray result;
    private final NDArray left;
    private final NDArray right;

    private Product(NDArray result, NDArray left, NDArray right) {
      this.result = result;
      this.left = left;
      this.right = right;
    }

    /** Returns the product (..., k, m). */
    public NDArray result() {
      return result;
    }

    /** Returns the gradient of the left array, of that of the product. */
    public NDArray toLeft(NDArray gradient) {
      NDArray to = like(left);
      call("toLeft", to, gradient, right);
      return to;
    }

    /** Returns the gradient of the right array, of that of the product. */
    public NDArray toRight(NDArray gradient) {
      NDArray to = like(right);
      call("toRight", to, left, gradient);
      return to;
    }

    /** Frees the rounded numbers, which only gradients need. */
    @Override
    public void close() {
      left.close();
      right.close();
    }

    private NDArray like(NDArray array) {
      return result.getManager().create(array.getShape(), DataType.FLOAT32);
    }
  }

  @Override
  public void close() {
    script.close();
  }
}
