package org.llm4msr.runtime.engine;

import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets MKL, which PyTorch brings along on x86, multiply on AMD's processors as it does on Intel's
 * of the same instructions. By itself it takes slower products there.
 *
 * <p>MKL chooses by the answer of one function, which it calls by name. A library with a function
 * of this name that stands in the global scope before PyTorch is loaded answers in its place.
 */
final class FullProducts {

  /** The system property that leaves MKL as it is, with the value {@code false}. */
  static final String SETTING = "llm4msr.fullProducts";

  /** What MKL asks: whether the processor is Intel's. */
  static final String FUNCTION = "mkl_serv_intel_cpu_true";

  static final String RESOURCE = "libfull_products.so";

  private static final Logger LOG = LoggerFactory.getLogger(FullProducts.class);

  private static final List<String> WIDE = List.of("avx2", "avx512f");

  /** JNA unloads a library that nothing refers to. */
  @SuppressWarnings("UnusedVariable")
  private static @Nullable NativeLibrary library;

  private static boolean tried;

  private FullProducts() {}

  /** Makes the products full where that helps; to be called before PyTorch is loaded. */
  static synchronized void provide() {
    if (tried || "false".equals(System.getProperty(SETTING)) || !isMklSlow()) {
      return;
    }
    tried = true;
    Path folder = BundledLibrary.folder();
    try {
      library = BundledLibrary.load(RESOURCE, folder, BundledLibrary.GLOBAL);
    } catch (IOException | LinkageError e) {
      LOG.info(
          "PyTorch multiplies more slowly than this processor could, as a library cannot be loaded from {}: {}. Name a folder that allows it by -Djava.io.tmpdir.",
          folder,
          e.toString());
    }
  }

  private static boolean isMklSlow() {
    return BundledLibrary.isSystem() && isMklSlow(CpuInfo.read());
  }

  /** Returns whether MKL is slow on a processor. */
  static boolean isMklSlow(CpuInfo processor) {
    return processor.isAmd() && processor.hasAny(WIDE);
  }
}
