package org.llm4msr.runtime.engine;

import ai.djl.pytorch.jni.LibUtils;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Floating-point numbers too near to zero to have all their digits: in float32, nearer than 2^-126.
 * Gradients of rows that a model is sure of come down to them, and on Intel's processors a product
 * with one takes many times as long as another. Whether they count as zero is a setting of each
 * thread, also for Java code; threads of native libraries inherit it.
 */
final class Denormals {

  private static final Logger LOG = LoggerFactory.getLogger(Denormals.class);

  /** Volatile, so that the thread that asks divides it. */
  private static volatile float leastNormal = Float.MIN_NORMAL;

  private static volatile boolean isBound;

  private Denormals() {}

  /** Finds PyTorch's function, once PyTorch is loaded; on Linux on x86-64, if it has it. */
  static synchronized void bind() {
    if (isBound || !BundledLibrary.isSystem()) {
      return;
    }
    Path path = Path.of(LibUtils.getLibtorchPath(), System.mapLibraryName("torch_cpu"));
    try {
      Native.register(Denormals.class, NativeLibrary.getInstance(path.toString()));
      isBound = true;
    } catch (LinkageError e) {
      LOG.debug("PyTorch computes with denormal numbers", e);
    }
  }

  /** The static {@code at::Context::setFlushDenormal(bool)}. */
  @SuppressWarnings("MemberName")
  private static native byte _ZN2at7Context16setFlushDenormalEb(byte on);

  /** Returns whether they count as zero for the calling thread. */
  static boolean areZero() {
    return leastNormal / 2 == 0;
  }

  /** Makes them count as zero for the calling thread, or no longer, if the function was found. */
  static void countAsZero(boolean zero) {
    if (zero != areZero() && isBound) {
      _ZN2at7Context16setFlushDenormalEb((byte) (zero ? 1 : 0));
    }
  }
}
