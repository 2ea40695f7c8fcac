package org.llm4msr.toolkit.hub;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Checksums as the hub states them. */
final class Sha {

  private static final int BUFFER_BYTES = 1 << 20;

  private Sha() {}

  static MessageDigest sha256() {
    return digest("SHA-256");
  }

  /** Returns the SHA-256 of a file, by which the hub names large files. */
  static String sha256(Path file) throws IOException {
    return hash(sha256(), file);
  }

  /** Returns the SHA-1 by which Git names a file's content. */
  static String gitBlob(Path file) throws IOException {
    MessageDigest digest = digest("SHA-1");
    digest.update(("blob " + Files.size(file) + "\0").getBytes(StandardCharsets.US_ASCII));
    return hash(digest, file);
  }

  private static String hash(MessageDigest digest, Path file) throws IOException {
    byte[] buffer = new byte[BUFFER_BYTES];
    try (InputStream in = Files.newInputStream(file)) {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        digest.update(buffer, 0, read);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest digest(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // Every JDK has both.
    }
  }
}
