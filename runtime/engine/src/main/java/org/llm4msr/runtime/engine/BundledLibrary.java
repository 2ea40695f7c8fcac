package org.llm4msr.runtime.engine;

import static java.util.Objects.requireNonNull;

import com.sun.jna.Library;
import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;

/**
 * Libraries of our own, for Linux on x86-64, which lie beside this class; {@code src/main/c} has
 * their sources.
 */
public final class BundledLibrary {

  /** Of the dynamic linker: resolve all names at once, and keep them from other libraries. */
  public static final int ALONE = 0x2;

  /** Of the dynamic linker: as above, but offer the names to libraries that are loaded later. */
  static final int GLOBAL = 0x102;

  private BundledLibrary() {}

  /** Returns whether this is such a system, with a processor that has some instruction sets. */
  public static boolean serves(List<String> instructions) {
    return isSystem() && CpuInfo.read().hasAll(instructions);
  }

  static boolean isSystem() {
    return System.getProperty("os.name").equals("Linux")
        && System.getProperty("os.arch").equals("amd64");
  }

  /** Returns the folder from which libraries are loaded. */
  public static Path folder() {
    return Path.of(System.getProperty("java.io.tmpdir"));
  }

  /**
   * Loads a library from a copy in a folder, which is deleted at once.
   *
   * @param name of the file
   * @param flags {@link #ALONE} or {@link #GLOBAL}
   * @throws IOException if the folder takes no file
   * @throws LinkageError if it allows no execution, or the C library is another
   */
  public static NativeLibrary load(String name, Path folder, int flags) throws IOException {
    Path copy = Files.createTempFile(folder, "llm4msr-", ".so");
    try (InputStream content =
        requireNonNull(BundledLibrary.class.getResourceAsStream(name), name)) {
      Files.copy(content, copy, StandardCopyOption.REPLACE_EXISTING);
      return NativeLibrary.getInstance(copy.toString(), Map.of(Library.OPTION_OPEN_FLAGS, flags));
    } finally {
      Files.delete(copy);
    }
  }
}
