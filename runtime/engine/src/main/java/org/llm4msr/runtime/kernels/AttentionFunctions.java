package org.llm4msr.runtime.kernels;

import com.sun.jna.Native;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.llm4msr.runtime.engine.BundledLibrary;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The functions of {@code attention.c} under their own names; arguments are addresses, but for
 * sizes.
 */
@SuppressWarnings("MethodName")
final class AttentionFunctions {

  /** The system property that leaves attention to MKL, with the value {@code false}. */
  static final String SETTING = "llm4msr.fusedAttention";

  private static final String RESOURCE = "libattention.so";

  private static final Logger LOG = LoggerFactory.getLogger(AttentionFunctions.class);

  private static final List<String> INSTRUCTIONS = List.of("avx2", "fma");

  private AttentionFunctions() {}

  /** Returns whether they can be called. */
  static boolean areThere() {
    return Loaded.FOUND;
  }

  /** Looked up on first use. */
  private static final class Loaded {
    private static final boolean FOUND = find();
  }

  private static boolean find() {
    if ("false".equals(System.getProperty(SETTING)) || !BundledLibrary.serves(INSTRUCTIONS)) {
      return false;
    }
    Path folder = BundledLibrary.folder();
    try {
      Native.register(
          AttentionFunctions.class, BundledLibrary.load(RESOURCE, folder, BundledLibrary.ALONE));
      return true;
    } catch (IOException | LinkageError e) {
      LOG.info(
          "Target attention takes twice as long as it could, as a library cannot be loaded from {}: {}. Name a folder that allows it by -Djava.io.tmpdir.",
          folder,
          e.toString());
      return false;
    }
  }

  static native long attention_memory(long width, long hidden, long most);

  static native void attention_weights(long rows, long memory);

  static native void attention_sums(long rows, long memory);

  static native void attention_gradients(
      long rows, long memory, long ofFlat, long ofVectors, long ofLearned);
}
