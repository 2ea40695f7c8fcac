package org.llm4msr.runtime.engine;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.util.Utils;
import java.io.File;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Script;
import org.llm4msr.runtime.config.RuntimeConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** PyTorch: gradients are recorded by every new thread until told otherwise; memory is shared. */
final class PyTorchEngine extends TensorEngine {

  /** Not bfloat16, which crashes the JVM outside of scripts. */
  static final Set<EngineFeature> FEATURES =
      Set.of(
          EngineFeature.GATHER, EngineFeature.SCATTER, EngineFeature.TOP_K, EngineFeature.SCRIPT);

  private static final Logger LOG = LoggerFactory.getLogger(PyTorchEngine.class);

  static final String NAME = "PyTorch";
  static final EngineTraits TRAITS = new EngineTraits(true, true);

  /** Elsewhere DJL chooses a flavor itself. */
  private static final boolean LINUX_X86_64 =
      System.getProperty("os.name").equals("Linux")
          && System.getProperty("os.arch").equals("amd64");

  /**
   * A thread takes this number when it first asks for it; until then its products use all cores.
   */
  private static final String THREADS = "ai.djl.pytorch.num_threads";

  private PyTorchEngine(Engine engine, RuntimeConfig config) {
    super(engine, new EngineThread(PyTorchEngine::beginThread), config);
  }

  private static void beginThread() {
    JniUtils.getNumThreads(); // See THREADS.
    Denormals.bind();
    Denormals.countAsZero(true);
  }

  static PyTorchEngine load(RuntimeConfig config) {
    // Read once, when the engine loads.
    Integer before = Integer.getInteger(THREADS);
    if (before == null) {
      System.setProperty(THREADS, Integer.toString(threads(config)));
    } else if (config.threads() > 0 && config.threads() != before) {
      LOG.warn(
          "runtime.threads is {}, but PyTorch has {} threads in this process, since it was loaded with them.",
          config.threads(),
          before);
    }
    requireLibrary(
        Utils.getEnvOrSystemProperty("PYTORCH_LIBRARY_PATH"),
        Utils.getEnvOrSystemProperty("PYTORCH_FLAVOR"));
    return new PyTorchEngine(find(NAME), config);
  }

  /**
   * If the named libraries are missing, DJL silently takes those of the class path; nor does it say
   * which flavors of its own library exist.
   */
  static void requireLibrary(@Nullable String folders, @Nullable String flavor) {
    if (folders == null) {
      return;
    }
    if (!holds(folders, "torch")) {
      throw noLibrary(
          "PYTORCH_LIBRARY_PATH is '%s', where there is no %s. Set it to the folder lib of PyTorch, or unset it."
              .formatted(folders, System.mapLibraryName("torch")));
    }
    String own = System.mapLibraryName("djl_torch");
    String resource = "jnilib/linux-x86_64/%s/%s".formatted(flavor, own);
    if (LINUX_X86_64
        && !holds(folders, "djl_torch")
        && JniUtils.class.getClassLoader().getResource(resource) == null) {
      throw noLibrary(
          "PYTORCH_LIBRARY_PATH is set, and PYTORCH_FLAVOR is %s, for which DJL has no library (%s). Set PYTORCH_FLAVOR=cu128 for any build of PyTorch for CUDA, and PYTORCH_FLAVOR=cpu for one without."
              .formatted(flavor == null ? "not" : "'" + flavor + "'", resource));
    }
  }

  private static boolean holds(String folders, String name) {
    String library = System.mapLibraryName(name);
    return Arrays.stream(folders.split(File.pathSeparator))
        .map(Path::of)
        .map(path -> path.endsWith(library) ? path : path.resolve(library))
        .anyMatch(Files::isRegularFile);
  }

  private static MsrException noLibrary(String text) {
    return new MsrException(ErrorType.USER, "engine/NO_LIBRARY", text);
  }

  /**
   * Most element-wise operations take less time than waking a second thread. With more than two
   * threads the engine is left as it is, since that was not measured.
   */
  @Override
  public void shareForTraining() {
    if (threads() == 2 && device().equals(Device.cpu())) {
      call(OpenMp::elementsAlone);
    }
  }

  @Override
  public void recordGradients(boolean on) {
    JniUtils.setGradMode(on);
  }

  @Override
  public void infer(Runnable work) {
    if (Thread.currentThread().isInterrupted()) {
      throw EngineThread.interrupted(null);
    }
    JniUtils.getNumThreads(); // See THREADS.
    boolean recorded = JniUtils.isGradMode();
    JniUtils.setGradMode(false);
    try {
      work.run();
    } finally {
      JniUtils.setGradMode(recorded);
    }
  }

  @Override
  boolean isThreadSafe() {
    return true;
  }

  @Override
  public Set<EngineFeature> features() {
    return FEATURES;
  }

  @Override
  Script script(String methods) {
    return TorchScript.compile(engine(), device(), methods);
  }

  @Override
  public FloatBuffer read(NDArray array) {
    return array.getDevice().equals(Device.cpu())
        ? array.toByteBuffer(true).order(ByteOrder.nativeOrder()).asFloatBuffer()
        : FloatBuffer.wrap(HostCopy.of(array));
  }
}
