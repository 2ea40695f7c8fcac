package org.llm4msr.runtime.knowledge.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.files.Checksums;

/** A number for each key of a level, which depends on nothing else. */
record KeySeeds(long seed, Level level) {

  long of(String key) {
    byte[] text = (seed + " " + level + " " + key).getBytes(UTF_8);
    return ByteBuffer.wrap(Checksums.sha256().digest(text)).getLong();
  }
}
