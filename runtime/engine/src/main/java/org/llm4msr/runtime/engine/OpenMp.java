package org.llm4msr.runtime.engine;

import ai.djl.pytorch.jni.JniUtils;
import ai.djl.pytorch.jni.LibUtils;
import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The library that distributes PyTorch's loops over threads; it comes with PyTorch on Linux. */
final class OpenMp {

  private static final Logger LOG = LoggerFactory.getLogger(OpenMp.class);

  private OpenMp() {}

  /**
   * Makes the calling thread compute element-wise operations by itself. Products still use all
   * threads, because MKL has its own count.
   *
   * @return whether there is such a library
   */
  static boolean elementsAlone() {
    Optional<NativeLibrary> library = library();
    JniUtils.getNumThreads(); // PyTorch sets its own number when a thread first asks.
    library.ifPresent(
        found -> found.getFunction("omp_set_num_threads").invokeVoid(new Object[] {1}));
    return library.isPresent();
  }

  private static Optional<NativeLibrary> library() {
    try (Stream<Path> files = Files.list(Path.of(LibUtils.getLibtorchPath()))) {
      return files
          .filter(file -> String.valueOf(file.getFileName()).startsWith("libgomp"))
          .findFirst()
          .map(file -> NativeLibrary.getInstance(file.toString()));
    } catch (IOException | LinkageError e) { // JNA unpacks a library of its own.
      LOG.debug("OpenMP is left as it is", e);
      return Optional.empty();
    }
  }
}
