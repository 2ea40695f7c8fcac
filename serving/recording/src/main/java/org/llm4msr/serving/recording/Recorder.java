package org.llm4msr.serving.recording;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.internal.NDArrayEx;
import ai.djl.ndarray.types.Shape;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llm4msr.serving.recording.Value.Source;

/**
 * Records what a pass does. The pass gets proxies in place of arrays and of their manager; each
 * method runs on the engine's arrays, and is written down. For one thread and one pass.
 */
final class Recorder {

  /** Methods that tell about an array and not about its values. */
  private static final Set<String> ABOUT =
      Set.of(
          "getShape",
          "getDataType",
          "getDevice",
          "getName",
          "setName",
          "getUid",
          "size",
          "isEmpty",
          "dimension",
          "isReleased",
          "hasGradient",
          "setRequiresGradient",
          "toString",
          "getSparseFormat",
          "isSparse",
          "isScalar");

  /** Recorded arrays live until the recording ends. */
  private static final Set<String> LIFETIME = Set.of("close", "attach", "detach", "tempAttach");

  private final NDManager manager;
  private final List<Value> values = new ArrayList<>();
  private final List<NDArray> proxies = new ArrayList<>();
  private final IdentityHashMap<Object, Value> ofProxies = new IdentityHashMap<>();

  /**
   * Begins a recording.
   *
   * @param real owns the engine's arrays; the caller closes it after the last use of the values
   */
  Recorder(NDManager real) {
    manager = proxy(NDManager.class, (method, arguments) -> onManager(real, method, arguments));
  }

  /** Returns the manager of the pass. Arrays that it makes are constants. */
  NDManager manager() {
    return manager;
  }

  /** Returns an array that each run gets anew. */
  NDArray input(String name, NDArray array) {
    Source source = name.equals(RequestGraphs.USER) ? Source.USER : Source.ROWS;
    return add(Value.INPUT, List.of(), array, source, name, 0, 1);
  }

  /** Returns an array that is part of the model. */
  NDArray constant(String name, NDArray array) {
    return add(Value.CONSTANT, List.of(), array, Source.MODEL, name, 0, 1);
  }

  /** Returns what was recorded of an array. */
  Value value(NDArray proxy) {
    Value value = ofProxies.get(proxy);
    if (value == null) {
      throw Refusal.of(
          "uses an array that is no part of the pass.",
          "Make it by pass.manager() in each pass, or as a parameter or buffer.");
    }
    return value;
  }

  /** Returns all values, in order. */
  List<Value> values() {
    return List.copyOf(values);
  }

  private interface Handler {
    @Nullable Object handle(Method method, Object[] arguments) throws Throwable;
  }

  private static <T> T proxy(Class<T> type, Handler handler) {
    Object[] none = {};
    return type.cast(
        Proxy.newProxyInstance(
            Recorder.class.getClassLoader(),
            new Class<?>[] {type},
            (self, method, arguments) ->
                switch (method.getName()) {
                  case "hashCode" -> System.identityHashCode(self);
                  case "equals" -> arguments.length == 1 && self == arguments[0];
                  default -> handler.handle(method, arguments == null ? none : arguments);
                }));
  }

  private @Nullable Object onManager(NDManager real, Method method, Object[] arguments)
      throws Throwable {
    if (method.getName().equals("close")) {
      return null;
    }
    Object result = invoke(method, real, plain(arguments));
    if (result instanceof NDArray array) {
      return add(Value.CONSTANT, List.of(), array, Source.MODEL, null, 0, 1);
    }
    return result instanceof NDManager ? manager : result;
  }

  private NDArray add(
      String operation,
      List<Object> arguments,
      NDArray array,
      Source source,
      @Nullable String name,
      int output,
      int outputs) {
    NDScope.unregister(array);
    Value value =
        new Value(
            values.size(),
            operation,
            arguments,
            array,
            source,
            name,
            output,
            outputs,
            Refusal.caller());
    values.add(value);
    NDArray proxy = proxy(NDArray.class, (method, given) -> onArray(value, method, given));
    ofProxies.put(proxy, value);
    proxies.add(proxy);
    return proxy;
  }

  private @Nullable Object onArray(Value value, Method method, Object[] arguments)
      throws Throwable {
    String name = method.getName();
    if (name.equals("getManager")) {
      return manager;
    }
    if (LIFETIME.contains(name)) {
      return null;
    }
    if (ABOUT.contains(name)) {
      return invoke(method, value.array(), arguments);
    }
    if (name.equals("getNDArrayInternal")) {
      NDArrayEx internal = value.array().getNDArrayInternal();
      return proxy(
          NDArrayEx.class,
          (inner, given) -> record(value, "ex." + inner.getName(), inner, internal, given));
    }
    if (!givesArrays(method)) {
      if (value.constant()) {
        return invoke(method, value.array(), arguments);
      }
      throw Refusal.of(
          "reads values of an array (%s), which differ from request to request.".formatted(name),
          "Compute with arrays: maximum() and minimum(), or gt() and toType() as a mask, in place of a branch.");
    }
    NDArray folded =
        name.equals("matMul") ? Fold.product(this, value, value((NDArray) arguments[0])) : null;
    return folded == null ? record(value, name, method, value.array(), arguments) : folded;
  }

  /** Returns the array that the pass got for a value. */
  NDArray proxy(Value value) {
    return proxies.get(value.number());
  }

  private static boolean givesArrays(Method method) {
    Class<?> type = method.getReturnType();
    return type == NDArray.class || type == NDList.class;
  }

  private Object record(Value self, String name, Method method, Object on, Object[] arguments)
      throws Throwable {
    Object result = invoke(method, on, plain(arguments));
    List<Object> recorded = new ArrayList<>(List.of(self));
    Source source = self.source();
    for (Object argument : arguments) {
      if (argument instanceof NDArray array) {
        Value other = value(array);
        recorded.add(other);
        source = source.and(other.source());
      } else if (argument instanceof NDList list) {
        List<Value> others = list.stream().map(this::value).toList();
        recorded.add(others);
        source = others.stream().map(Value::source).reduce(source, Source::and);
      } else if (argument instanceof Shape shape) {
        recorded.add(shape.getShape());
      } else if (argument != null) {
        recorded.add(argument);
      }
    }
    if (result instanceof NDArray array) {
      return add(name, recorded, array, source, null, 0, 1);
    }
    if (result instanceof NDList list) {
      NDList proxies = new NDList(list.size());
      for (int i = 0; i < list.size(); i++) {
        proxies.add(add(name, recorded, list.get(i), source, null, i, list.size()));
      }
      return proxies;
    }
    throw Refusal.of("calls %s, which gives no array.".formatted(name), Refusal.LIST);
  }

  /** Returns arguments with the engine's arrays in place of proxies. */
  private Object[] plain(Object[] arguments) {
    Object[] plain = arguments.clone();
    for (int i = 0; i < plain.length; i++) {
      if (plain[i] instanceof NDArray array) {
        plain[i] = value(array).array();
      } else if (plain[i] instanceof NDList list) {
        NDList arrays = new NDList(list.size());
        list.forEach(array -> arrays.add(value(array).array()));
        plain[i] = arrays;
      }
    }
    return plain;
  }

  private static Object invoke(Method method, Object on, Object[] arguments) throws Throwable {
    try {
      return method.invoke(on, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
