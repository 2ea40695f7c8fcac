package org.llm4msr.runtime.knowledge.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import org.llm4msr.api.knowledge.Prompt;
import org.llm4msr.runtime.files.Checksums;

/** SHA-256 of prompts. */
public final class Hashes {

  private Hashes() {}

  /** Hashes a prompt as it was built, before history is dropped: (32). */
  public static byte[] of(Prompt prompt) {
    MessageDigest digest = Checksums.sha256();
    update(digest, prompt.head());
    prompt.history().forEach(item -> update(digest, item));
    update(digest, prompt.separator());
    update(digest, prompt.tail());
    return digest.digest();
  }

  /** Each part is hashed with its length, so that the boundaries of parts count. */
  static void update(MessageDigest digest, String part) {
    byte[] bytes = part.getBytes(UTF_8);
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
    digest.update(bytes);
  }
}
