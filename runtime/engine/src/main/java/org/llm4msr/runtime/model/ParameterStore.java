package org.llm4msr.runtime.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Buffer;
import org.llm4msr.api.model.Decay;
import org.llm4msr.api.model.FeatureLayout;
import org.llm4msr.api.model.Initializer;
import org.llm4msr.api.model.ModelContext;
import org.llm4msr.api.model.Parameter;
import org.llm4msr.api.model.Scenario;
import org.llm4msr.api.model.SequenceShape;
import org.llm4msr.runtime.engine.HostCopy;

/**
 * All dense parameters and buffers of one model by full name. Owns their memory until it is closed.
 * Reading is safe from several threads after {@link #share}; creating, updating and restoring
 * belong to one.
 */
public final class ParameterStore implements AutoCloseable {

  private static final Pattern NAME = Pattern.compile("[a-z0-9.-]+(/[a-z0-9.-]+)*");

  private final NDManager manager;
  private final long seed;
  private final List<ParameterArray> arrays = new ArrayList<>();
  private final Map<String, DenseParameter> parameters = new LinkedHashMap<>();
  private final Set<DenseParameter> watched = new LinkedHashSet<>();
  private final List<BufferArray> bufferArrays = new ArrayList<>();
  private final Map<String, DenseBuffer> buffers = new LinkedHashMap<>();
  private final ParameterReads reads = new ParameterReads();
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
    return new Context(scope, scope, List.of(scope), new Shape(), shape);
  }

  /** Makes a parameter of the runtime's own. */
  public ParameterArray parameter(
      String scope, String name, Shape shape, Initializer initializer, Decay decay) {
    String full = scope + "/" + name;
    return array(scope, full, List.of(full), new Shape(), shape, initializer, decay);
  }

  /** Chooses what a pass gets when it reads a parameter or buffer. */
  @FunctionalInterface
  public interface Reader {

    /**
     * Returns what the pass gets.
     *
     * @param name of the parameter or buffer; of several of one shape, of all together
     * @param array its values
     */
    NDArray read(String name, NDArray array);
  }

  /** Runs something, and has a reader asked for all that it reads; no other pass may run then. */
  public <T> T through(Reader reader, Supplier<T> run) {
    return reads.through(reader, run);
  }

  /** Refuses any further creation: the model is complete. */
  public void seal() {
    sealed = true;
  }

  /** Returns the arrays that the parameters belong to, in the same order. */
  public List<ParameterArray> arrays() {
    return Collections.unmodifiableList(arrays);
  }

  /** Returns the parameters in the order of their creation. */
  public Collection<DenseParameter> parameters() {
    return Collections.unmodifiableCollection(parameters.values());
  }

  /** Returns the parameters whose values metrics follow, in the order in which models said so. */
  public Collection<DenseParameter> watched() {
    return Collections.unmodifiableCollection(watched);
  }

  /** Returns the buffers in the order of their creation. */
  public Collection<DenseBuffer> buffers() {
    return Collections.unmodifiableCollection(buffers.values());
  }

  /**
   * Returns the name of a parameter or buffer whose array somebody closed.
   *
   * @param scope of the part of the model that it belongs to
   */
  public Optional<String> closed(String scope) {
    return Stream.concat(
            arrays.stream().filter(ParameterArray::isClosed).map(ParameterArray::name),
            bufferArrays.stream().filter(BufferArray::isClosed).map(BufferArray::name))
        .filter(name -> name.startsWith(scope + "/"))
        .findFirst();
  }

  /** Makes written values known to the engine and drops all gradients. */
  public void push() {
    arrays.forEach(ParameterArray::push);
  }

  /**
   * Makes known to the engine what an optimiser changed, and drops all gradients. What the engine
   * shares may still change behind it.
   */
  public void endStep() {
    arrays.forEach(ParameterArray::endStep);
  }

  /** Copies all values of parameters and buffers. */
  public ParameterSnapshot snapshot() {
    Map<String, float[]> values = new LinkedHashMap<>();
    for (DenseParameter parameter : parameters.values()) {
      float[] copy = new float[parameter.size()];
      parameter.values().get(copy);
      values.put(parameter.name(), copy);
    }
    values.putAll(bufferValues());
    return new ParameterSnapshot(values);
  }

  /**
   * Returns copies of the values of all buffers by name; fetches each of the engine's arrays once.
   */
  public Map<String, float[]> bufferValues() {
    Map<String, float[]> values = new LinkedHashMap<>();
    for (BufferArray array : bufferArrays) {
      float[] whole = HostCopy.of(array.array());
      array.parts().forEach(buffer -> values.put(buffer.name(), buffer.of(whole)));
    }
    return values;
  }

  /**
   * Puts values back.
   *
   * @throws MsrException of type DATA where names or sizes are not the model's
   */
  public void restore(ParameterSnapshot snapshot) {
    for (DenseParameter parameter : parameters.values()) {
      parameter.values().put(snapshot.values(parameter.name(), parameter.size()));
    }
    push();
    for (BufferArray array : bufferArrays) {
      FloatBuffer values = FloatBuffer.allocate(Math.toIntExact(array.array().size()));
      for (DenseBuffer buffer : array.parts()) {
        values.put(snapshot.values(buffer.name(), buffer.size()));
      }
      array.restore(values.array());
    }
  }

  /**
   * Makes the arrays safe to read by several threads: DJL asks the engine for a shape once, and
   * hands it from thread to thread without care.
   */
  public void share() {
    arrays.forEach(array -> array.array().getShape());
    bufferArrays.forEach(array -> array.array().getShape());
  }

  @Override
  public void close() {
    arrays.forEach(ParameterArray::close);
    bufferArrays.forEach(BufferArray::close);
    manager.close();
  }

  private ParameterArray array(
      String scope,
      String name,
      List<String> names,
      Shape lead,
      Shape part,
      Initializer initializer,
      Decay decay) {
    check(name, names, lead.addAll(part));
    ParameterArray array =
        new ParameterArray(manager, reads, scope, name, names, lead, part, decay);
    for (DenseParameter parameter : array.parts()) {
      InitialValues.fill(parameter.values(), initializer, seed, parameter.name());
      parameters.put(parameter.name(), parameter);
    }
    array.push();
    arrays.add(array);
    return array;
  }

  private BufferArray bufferArray(
      String name, List<String> names, Shape lead, Shape part, Initializer initializer) {
    check(name, names, lead.addAll(part));
    FloatBuffer start = FloatBuffer.allocate(Math.toIntExact(names.size() * part.size()));
    for (int i = 0; i < names.size(); i++) {
      int size = Math.toIntExact(part.size());
      InitialValues.fill(start.slice(i * size, size), initializer, seed, names.get(i));
    }
    BufferArray array = new BufferArray(manager, reads, name, names, lead, part, start.array());
    array.parts().forEach(buffer -> buffers.put(buffer.name(), buffer));
    bufferArrays.add(array);
    return array;
  }

  private void check(String name, List<String> names, Shape shape) {
    names.forEach(this::check);
    if (shape.size() * Float.BYTES > Integer.MAX_VALUE) {
      throw new MsrException(
          ErrorType.RESOURCES,
          "model/PARAMETER_TOO_LARGE",
          "Parameter "
              + name
              + " of shape "
              + shape
              + (names.size() > 1 ? ", all " + names.size() + " parts together," : "")
              + " takes 2 GiB or more. Make the layers smaller, or set generatorHidden where it is"
              + " a generator of weights.");
    }
  }

  private void check(String full) {
    if (sealed) {
      throw broken("LATE_PARAMETER", full, "was created after create()", "Create it in create().");
    }
    if (!NAME.matcher(full).matches()) {
      throw broken("PARAMETER_NAME", full, "is not a valid name", "Use [a-z0-9.-] and slashes.");
    }
    if (parameters.containsKey(full) || buffers.containsKey(full)) {
      throw broken(
          "DUPLICATE_PARAMETER", full, "was created twice", "Name the parts with scope().");
    }
  }

  private static MsrException broken(String code, String name, String problem, String next) {
    return new MsrException(
        ErrorType.PLUGIN, "model/" + code, "Array " + name + " " + problem + ". " + next);
  }

  private final class Context implements ModelContext {

    private final String scope;
    private final String prefix;
    private final List<String> prefixes;
    private final Shape lead;
    private final ModelShape shape;

    /**
     * Makes a context.
     *
     * @param prefix of the names of arrays
     * @param prefixes of the names of what lies in them
     * @param lead axes in front, one part a prefix
     */
    Context(String scope, String prefix, List<String> prefixes, Shape lead, ModelShape shape) {
      this.scope = scope;
      this.prefix = prefix;
      this.prefixes = prefixes;
      this.lead = lead;
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
    public List<SequenceShape> sequences() {
      return shape.sequences();
    }

    @Override
    public Parameter parameter(String name, Shape dims, Initializer initializer, Decay decay) {
      return array(scope, prefix + "/" + name, named(name), lead, dims, initializer, decay);
    }

    @Override
    public Buffer buffer(String name, Shape dims, Initializer initializer) {
      return bufferArray(prefix + "/" + name, named(name), lead, dims, initializer);
    }

    @Override
    public void watch(Parameter parameter) {
      if (sealed) {
        throw broken(
            "LATE_PARAMETER",
            parameter.name(),
            "was watched after create()",
            "Watch it in create().");
      }
      if (!(parameter instanceof ParameterArray array) || !arrays.contains(array)) {
        throw broken(
            "FOREIGN_PARAMETER", parameter.name(), "is of another model", "Watch your own.");
      }
      watched.addAll(array.parts());
    }

    @Override
    public ModelContext scope(String name) {
      return new Context(scope, prefix + "/" + name, named(name), lead, shape);
    }

    @Override
    public ModelContext each(String name, int count) {
      List<String> parts =
          prefixes.stream()
              .flatMap(p -> IntStream.range(0, count).mapToObj(i -> p + "/" + name + "." + i))
              .toList();
      return new Context(scope, prefix + "/" + name + ".*", parts, lead.add(count), shape);
    }

    private List<String> named(String name) {
      return prefixes.stream().map(p -> p + "/" + name).toList();
    }
  }
}
