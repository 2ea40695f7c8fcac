package org.llm4msr.runtime.plugins;

import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.security.CodeSigner;
import java.util.jar.Manifest;
import org.jspecify.annotations.Nullable;

/**
 * A class file as the JDK's class loader reads it from a jar.
 *
 * @param jar where it lies
 * @param manifest of the jar; empty if there is none
 * @param signers null if it is not signed
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record VerifiedClass(byte[] code, URL jar, Manifest manifest, CodeSigner @Nullable [] signers) {

  /**
   * Reads a class file.
   *
   * @throws SecurityException if it is not the one that was signed
   */
  static VerifiedClass read(JarURLConnection connection) throws IOException {
    connection.setUseCaches(false); // The cache would hold the jar open, and miss a newer one.
    try (InputStream in = connection.getInputStream()) {
      byte[] code = in.readAllBytes();
      Manifest manifest = connection.getManifest();
      return new VerifiedClass(
          code,
          withoutFragment(connection.getJarFileURL()),
          manifest == null ? new Manifest() : manifest,
          connection.getJarEntry().getCodeSigners());
    }
  }

  /** A jar with several versions of a class has the fragment {@code runtime}. */
  private static URL withoutFragment(URL jar) throws IOException {
    return new URL(jar.getProtocol(), jar.getHost(), jar.getFile());
  }
}
