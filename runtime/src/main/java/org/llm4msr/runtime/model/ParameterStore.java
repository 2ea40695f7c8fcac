package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Buffer;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.FeatureLayout;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Scenario;

/**
 * All dense parameters and buffers of one model by full name. Owns their memory until it is closed.
 * Reading is safe from several threads; creating, updating and restoring belong to one.
 */
public final class ParameterStore implements AutoCloseable {

  private static final Pattern NAME = Pattern.compile("[a-z0-9.-]+(/[a-z0-9.-]+)*");

  private final NDManager manager;
  private final long seed;
  private final Map<String, DenseParameter> parameters = new LinkedHashMap<>();
  private final Map<String, DenseBuffer> buffers = new LinkedHashMap<>();
  private boolean sealed;

  /**
   * Makes an empty store.
   *
   * @param parent of the manager that owns the arrays; its engine and device are the model's
   * @param seed decides, with each array's name, its first values
   */
  public ParameterStore(NDManager parent, long seed) {
    manager = parent.newSubManager();
    manager.setName("parameters");
    this.seed = seed;
  }

  /**
   * Returns where a part of the model makes its arrays.
   *
   * @param scope what stands before the names, for example {@code backbone} or {@code meta/user}
   */
  public ModelContext context(String scope, ModelShape shape) {
    return new Context(scope, scope, shape);
  }

  /** Makes a parameter of the runtime's own. */
  public DenseParameter parameter(
      String scope, String name, Shape shape, Initializer initializer, Decay decay) {
    String full = scope + "/" + name;
    check(full, shape);
    DenseParameter parameter = new DenseParameter(manager, scope, full, shape, decay);
    Draws.fill(parameter.values(), initializer, seed, full);
    parameter.push();
    parameters.put(full, parameter);
    return parameter;
  }

  /** Refuses any further creation: the model is complete. */
  public void seal() {
    sealed = true;
  }

  /** Returns the parameters in the order of their creation. */
  public Collection<DenseParameter> parameters() {
    return Collections.unmodifiableCollection(parameters.values());
  }

  /** Returns the buffers in the order of their creation. */
  public Collection<DenseBuffer> buffers() {
    return Collections.unmodifiableCollection(buffers.values());
  }

  /** Returns how many numbers are trained. */
  public long parameterCount() {
    return parameters.values().stream().mapToLong(DenseParameter::size).sum();
  }

  /** Clears all gradients. */
  public void zeroGradients() {
    parameters.values().forEach(DenseParameter::push);
  }

  /** Copies all values of parameters and buffers. */
  public ParameterSnapshot snapshot() {
    Map<String, float[]> values = new LinkedHashMap<>();
    for (DenseParameter parameter : parameters.values()) {
      float[] copy = new float[parameter.size()];
      parameter.values().get(copy);
      values.put(parameter.name(), copy);
    }
    buffers.values().forEach(buffer -> values.put(buffer.name(), buffer.values()));
    return new ParameterSnapshot(values);
  }

  /**
   * Puts values back.
   *
   * @throws MsrException of type DATA where names or sizes are not the model's
   */
  public void restore(ParameterSnapshot snapshot) {
    for (DenseParameter parameter : parameters.values()) {
      parameter.values().put(snapshot.values(parameter.name(), parameter.size()));
      parameter.push();
    }
    for (DenseBuffer buffer : buffers.values()) {
      int size = Math.toIntExact(buffer.shape().size());
      buffer.restore(FloatBuffer.wrap(snapshot.values(buffer.name(), size)));
    }
  }

  @Override
  public void close() {
    parameters.values().forEach(DenseParameter::close);
    buffers.values().forEach(DenseBuffer::close);
    manager.close();
  }

  private DenseBuffer buffer(String scope, String full, Shape shape, Initializer initializer) {
    check(full, shape);
    float[] start = new float[Math.toIntExact(shape.size())];
    Draws.fill(FloatBuffer.wrap(start), initializer, seed, full);
    DenseBuffer buffer = new DenseBuffer(manager, scope, full, shape, start);
    buffers.put(full, buffer);
    return buffer;
  }

  private void check(String full, Shape shape) {
    if (sealed) {
      throw broken("LATE_PARAMETER", full, "was made after creation", "Make it in create().");
    }
    if (!NAME.matcher(full).matches()) {
      throw broken("PARAMETER_NAME", full, "is no valid name", "Use [a-z0-9.-] and slashes.");
    }
    if (parameters.containsKey(full) || buffers.containsKey(full)) {
      throw broken("DUPLICATE_PARAMETER", full, "was made twice", "Name the parts with scope().");
    }
    if (shape.size() * Float.BYTES > Integer.MAX_VALUE) {
      throw new MsrException(
          ErrorType.RESOURCES,
          "model/PARAMETER_TOO_LARGE",
          "Parameter "
              + full
              + " of shape "
              + shape
              + " takes 2 GiB or more. Make the layers smaller, or set generatorHidden where it is"
              + " a generator of weights.");
    }
  }

  private static MsrException broken(String code, String name, String what, String next) {
    return new MsrException(
        ErrorType.PLUGIN, "model/" + code, "Array " + name + " " + what + ". " + next);
  }

  private final class Context implements ModelContext {

    private final String scope;
    private final String prefix;
    private final ModelShape shape;

    Context(String scope, String prefix, ModelShape shape) {
      this.scope = scope;
      this.prefix = prefix;
      this.shape = shape;
    }

    @Override
    public FeatureLayout layout() {
      return shape.layout();
    }

    @Override
    public List<Scenario> scenarios() {
      return shape.scenarios();
    }

    @Override
    public int scenarioEmbeddingSize() {
      return shape.scenarioEmbeddingSize();
    }

    @Override
    public Parameter parameter(String name, Shape dims, Initializer initializer, Decay decay) {
      String inScope = (prefix + "/" + name).substring(scope.length() + 1);
      return ParameterStore.this.parameter(scope, inScope, dims, initializer, decay);
    }

    @Override
    public Buffer buffer(String name, Shape dims, Initializer initializer) {
      return ParameterStore.this.buffer(scope, prefix + "/" + name, dims, initializer);
    }

    @Override
    public ModelContext scope(String name) {
      return new Context(scope, prefix + "/" + name, shape);
    }
  }
}
