package org.llm4msr.runtime.engine;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.engine.StandardCapabilities;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Script;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.llm4msr.runtime.plugins.ContextLoader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tensor engine of this process and the one thread that trains with it: a second one would
 * start threads of its own and slow both. {@link #infer} is for any thread. The subclasses hold
 * what differs between engines.
 */
public abstract sealed class TensorEngine implements AutoCloseable
    permits PyTorchEngine, MxNetEngine {

  private static final Logger LOG = LoggerFactory.getLogger(TensorEngine.class);
  private static volatile @Nullable Engine loaded;

  private final Engine engine;
  private final Device device;
  private final int threads;
  private final EngineThread thread;

  TensorEngine(Engine engine, EngineThread thread, RuntimeConfig config) {
    this.engine = engine;
    this.thread = thread;
    this.device = device(engine, config.device());
    this.threads = threads(config);
    if (device.isGpu()) {
      requireGpu();
    }
    LOG.info("{} {} on {}", engine.getEngineName(), engine.getVersion(), deviceName());
  }

  /** Loads the configured engine, or finds it loaded. */
  public static TensorEngine open(RuntimeConfig config) {
    return switch (config.engine()) {
      case PyTorchEngine.NAME -> PyTorchEngine.load(config);
      case MxNetEngine.NAME -> MxNetEngine.load(config);
      default ->
          throw new MsrException(
              ErrorType.USER,
              "engine/UNKNOWN",
              "There is no engine '" + config.engine() + "'. Use PyTorch or MXNet.");
    };
  }

  /** Returns the engine that this process has loaded, if any. */
  public static Optional<Engine> loaded() {
    return Optional.ofNullable(loaded);
  }

  /**
   * Returns an engine by its name, loaded and ready to be called.
   *
   * @throws MsrException {@code engine/NOT_LOADED}
   */
  public static Engine find(String name) {
    if (name.equals(PyTorchEngine.NAME)) {
      FullProducts.provide();
    }
    // DJL looks for engines and their libraries through it, once a process.
    try (ContextLoader scope = ContextLoader.ofLoader(TensorEngine.class.getClassLoader())) {
      Engine engine = Engine.getEngine(name);
      if (engine != null) {
        if (name.equals(MxNetEngine.NAME)) {
          MxNetBuffers.keep();
        }
        loaded = engine;
        return engine;
      }
    } catch (IllegalArgumentException e) {
      throw notLoaded(
          "The engine %s is not on the class path. Add its jar, or choose another; a jar made of several must merge their files in META-INF/services."
              .formatted(name),
          e);
    } catch (EngineException | LinkageError e) {
      throw notLoaded(
          "The engine %s did not load: %s. Check that its native library for this platform is on the class path, and that there is room in ~/.djl.ai, or the folder that DJL_CACHE_DIR names, to unpack it."
              .formatted(name, reason(e)),
          e);
    }
    throw notLoaded("The engine %s is not usable here. Choose another.".formatted(name), null);
  }

  private static MsrException notLoaded(String text, @Nullable Throwable cause) {
    return new MsrException(ErrorType.EXTERNAL, "engine/NOT_LOADED", text, cause);
  }

  /** Engines hide what failed behind a general message, or none. */
  private static String reason(Throwable error) {
    Throwable root = error;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String message = error.getMessage();
    if (message == null) {
      return root.toString();
    }
    return root == error ? message : message + " (" + root + ")";
  }

  static int threads(RuntimeConfig config) {
    return config.threads() > 0 ? config.threads() : Runtime.getRuntime().availableProcessors();
  }

  /**
   * Returns the device that a setting names: cpu, gpu:N, or auto, which is the first GPU if the
   * engine sees one.
   *
   * @throws MsrException engine/NO_DEVICE where there is no such GPU
   */
  public static Device device(Engine engine, String configured) {
    if (configured.equals("cpu")) {
      return Device.cpu();
    }
    int gpus = engine.getGpuCount();
    // DJL counts GPUs with the system's libcudart; PyTorch may have brought its own.
    boolean uncounted = gpus == 0 && engine.hasCapability(StandardCapabilities.CUDA);
    if (configured.equals("auto")) {
      return gpus > 0 || uncounted ? Device.gpu(0) : Device.cpu();
    }
    int number = Integer.parseInt(configured.substring("gpu:".length()));
    if (number >= gpus && !uncounted) {
      throw noDevice(
          "runtime.device is %s, but %s sees %d GPUs. Use cpu, auto, or a smaller number; docs/operating.md, GPUs, says what a GPU needs."
              .formatted(configured, engine.getEngineName(), gpus),
          null);
    }
    return Device.gpu(number);
  }

  /** Makes a GPU compute, so that a fault of it is reported before any work. */
  private void requireGpu() {
    try (NDManager manager = engine.newBaseManager(device)) {
      NDArray ones = manager.ones(new Shape(2, 2));
      ones.matMul(ones).toFloatArray(); // A GPU that others fill has no room for cuBLAS.
    } catch (EngineException e) {
      throw noDevice(
          "%s sees %s, but cannot use it: %s. Set runtime.device to another, or to cpu."
              .formatted(engine.getEngineName(), deviceName(), e.getMessage()),
          e);
    }
  }

  private static MsrException noDevice(String text, @Nullable Throwable cause) {
    return new MsrException(ErrorType.USER, "engine/NO_DEVICE", text, cause);
  }

  /**
   * Returns whether numbers too near to zero to have all their digits count as zero for the calling
   * thread, as they do for the engine's thread where PyTorch can make them.
   */
  public static boolean denormalsAreZero() {
    return Denormals.areZero();
  }

  /** Makes them count as zero for the calling thread, or no longer, where PyTorch can. */
  public static void setDenormalsAreZero(boolean zero) {
    Denormals.countAsZero(zero);
  }

  /** Returns the engine itself. */
  public Engine engine() {
    return engine;
  }

  /** Returns where arrays live. */
  public Device device() {
    return device;
  }

  /** Returns where arrays live as {@code runtime.device} names it: cpu, or gpu:N. */
  public String deviceName() {
    return device.isGpu() ? "gpu:" + device.getDeviceId() : "cpu";
  }

  /** Returns the threads that the engine and our own loops may use. */
  public int threads() {
    return threads;
  }

  /** Restarts the engine's random numbers, in case a plugin draws from them. */
  public void seed(long seed) {
    engine.setRandomSeed((int) (seed ^ (seed >>> 32)) & Integer.MAX_VALUE);
  }

  /** Sets how the engine's thread shares work with others to what is fastest for training steps. */
  public abstract void shareForTraining();

  /** Switches the recording of gradients off or on for the calling thread. */
  public abstract void recordGradients(boolean on);

  /**
   * Returns the gradient of an array after a backward pass, in native byte order, valid until the
   * gradient is closed.
   */
  public abstract FloatBuffer read(NDArray array);

  /** Returns what the engine can do beyond plain operations. */
  public abstract Set<EngineFeature> features();

  /** Compiles methods, as {@link org.llm4msr.api.TensorService#script} says. */
  abstract Script script(String methods);

  /** Returns whether threads other than the engine's may compute arrays. */
  abstract boolean isThreadSafe();

  /**
   * Runs work on the engine's thread and waits for it. An interrupt of the caller prevents work
   * that has not begun, and leaves the other alone.
   *
   * @throws MsrException {@code engine/INTERRUPTED} where the work did not begin
   */
  public <T> T call(Callable<T> work) {
    return call(work, () -> {});
  }

  /**
   * Runs work as {@link #call(Callable)} does.
   *
   * @param stop called where the caller is interrupted after the work began; may ask it to end
   */
  public <T> T call(Callable<T> work, Runnable stop) {
    return thread.call(work, stop);
  }

  /**
   * Runs work that needs no gradients, and returns at its end: on the calling thread, at once with
   * that of other threads, where the engine allows it; else on the engine's thread, after theirs.
   *
   * @throws MsrException {@code engine/INTERRUPTED} if the caller is interrupted before it begins
   */
  public abstract void infer(Runnable work);

  /** Runs work on the engine's thread to its end, whether or not the caller is interrupted. */
  public <T> T finish(Callable<T> work) {
    return thread.finish(work);
  }

  @Override
  public void close() {
    thread.close();
  }
}
