package org.llm4msr.spark.home;

import java.io.Serializable;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The runtime, loaded once into this process, and what its functions have opened. Both stay until
 * the process ends: native libraries load into one class loader only, and a model serves all tasks.
 */
public final class LoadedRuntime {

  private static final String FUNCTIONS = "org.llm4msr.runtime.cluster.";

  private static @Nullable LoadedRuntime loaded;

  private final RuntimeHome home;
  private final URLClassLoader loader;
  private final Map<Object, Function<Object, Object>> opened = new ConcurrentHashMap<>();

  private LoadedRuntime(RuntimeHome home) {
    this.home = home;
    loader = new URLClassLoader("llm4msr", home.urls(), ClassLoader.getPlatformClassLoader());
  }

  /**
   * Returns the runtime of this process; the first call loads it.
   *
   * @param place where it is, if it has to be loaded
   * @throws JobException as {@link RuntimePlace#home}
   */
  public static synchronized LoadedRuntime of(RuntimePlace place) {
    LoadedRuntime runtime = loaded;
    if (runtime == null) {
      // Libraries look for them when they are loaded: no download, no call home.
      for (String property : List.of("ai.djl.offline", "OPT_OUT_TRACKING")) {
        if (System.getProperty(property) == null) {
          System.setProperty(property, "true");
        }
      }
      runtime = new LoadedRuntime(place.home());
      Runtime.getRuntime().addShutdownHook(new Thread(runtime::close, "llm4msr-close"));
      loaded = runtime;
    }
    return runtime;
  }

  /**
   * Calls a function of the runtime.
   *
   * @param name the simple name of its class
   * @param settings to which {@code plugins} is added
   * @throws JobException what the function throws, if that is an error with a code
   */
  public Object call(String name, Map<String, ?> settings) {
    return inside(function(name), withPlugins(settings));
  }

  /**
   * Returns what a function of the runtime opens with these settings; the first call opens it.
   *
   * @param settings must be equal where the same thing is meant
   */
  public Function<Object, Object> open(String name, Map<String, ? extends Serializable> settings) {
    Function<Object, Object> own =
        opened.computeIfAbsent(List.of(name, settings), key -> cast(call(name, settings)));
    return argument -> inside(own, argument);
  }

  private Map<String, Object> withPlugins(Map<String, ?> settings) {
    Map<String, Object> all = new HashMap<>(settings);
    List<String> folders = new ArrayList<>();
    home.plugins().forEach(folder -> folders.add(folder.toString()));
    if (settings.get("plugins") instanceof List<?> more) {
      folders.addAll(SentPlugins.here(more));
    }
    all.put("plugins", folders);
    return all;
  }

  private Function<Object, Object> function(String name) {
    ServiceLoader<?> services = ServiceLoader.load(Function.class, loader);
    Optional<?> found =
        services.stream()
            .filter(provider -> provider.type().getName().equals(FUNCTIONS + name))
            .findFirst()
            .map(ServiceLoader.Provider::get);
    return cast(
        found.orElseThrow(
            () ->
                JobException.of(
                    "spark/OTHER_VERSION",
                    "%s holds a llm4msr that cannot do this job. Unpack the archive of the version of the job there."
                        .formatted(home.folder()),
                    null)));
  }

  @SuppressWarnings("unchecked") // All that the runtime offers has this type.
  private static Function<Object, Object> cast(Object function) {
    return (Function<Object, Object>) function;
  }

  /** Libraries look things up through the context class loader. */
  private Object inside(Function<Object, Object> function, Object argument) {
    Thread thread = Thread.currentThread();
    ClassLoader former = thread.getContextClassLoader();
    thread.setContextClassLoader(loader);
    try {
      return function.apply(argument);
    } catch (RuntimeException e) {
      throw JobException.of(e, "");
    } finally {
      thread.setContextClassLoader(former);
    }
  }

  /** Waits for what is being computed. */
  private void close() {
    for (Function<Object, Object> function : opened.values()) {
      if (function instanceof AutoCloseable closeable) {
        try {
          closeable.close();
        } catch (Exception e) {
          throw new IllegalStateException(e);
        }
      }
    }
  }
}
