package org.llm4msr.plugins.llamacpp;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * A GGUF file's description of its model. It is read before the native library sees the file,
 * because the library ends its process if a file is not GGUF.
 *
 * @param architecture for example {@code llama}
 * @param contextLength tokens that the model reads
 * @param dimension K
 * @param specialTokens maximum number of tokens that are added to a text
 * @see <a href="https://github.com/ggml-org/ggml/blob/master/docs/gguf.md">the format</a>
 */
record GgufMetadata(String architecture, int contextLength, int dimension, int specialTokens) {

  /** Tokenizers that end a text with a special token. */
  private static final Set<Object> ENCODERS = Set.of("bert", "t5");

  private static final int MAGIC = 0x46554747;
  private static final int LONGEST_TEXT = 1 << 24;
  private static final long MOST_ENTRIES = 1 << 20;

  static GgufMetadata read(Path file) {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
      Reader reader = new Reader(new DataInputStream(in));
      if (reader.number(4) != MAGIC) {
        throw new IOException("it does not start like a GGUF file");
      }
      long version = reader.number(4);
      if (version < 2 || version > 3) {
        throw new IOException("its version is %d, 2 and 3 are known".formatted(version));
      }
      reader.number(8); // Tensors.
      return of(reader.entries());
    } catch (IOException | ArithmeticException e) {
      throw new MsrException(
          ErrorType.DATA,
          "llama-cpp/NOT_A_MODEL",
          "cannot use the model: %s. File %s. Check that it is a complete GGUF file of a decoder."
              .formatted(e instanceof EOFException ? "it ends early" : e.getMessage(), file),
          e);
    }
  }

  private static GgufMetadata of(Map<String, Object> entries) throws IOException {
    if (!(entries.get("general.architecture") instanceof String architecture)) {
      throw new IOException("it names no architecture");
    }
    boolean encoder = ENCODERS.contains(entries.getOrDefault("tokenizer.ggml.model", ""));
    return new GgufMetadata(
        architecture,
        positive(entries, architecture + ".context_length"),
        positive(entries, architecture + ".embedding_length"),
        special(entries, "tokenizer.ggml.add_bos_token", 1)
            + special(entries, "tokenizer.ggml.add_eos_token", encoder ? 1 : 0));
  }

  /** Returns 1 if the file says that the token is added, 0 if it says that it is not. */
  private static int special(Map<String, Object> entries, String key, int otherwise) {
    return entries.get(key) instanceof Long added ? Long.signum(Math.abs(added)) : otherwise;
  }

  private static int positive(Map<String, Object> entries, String key) throws IOException {
    if (entries.get(key) instanceof Long number && number > 0 && number <= Integer.MAX_VALUE) {
      return number.intValue();
    }
    throw new IOException("it has no %s".formatted(key));
  }

  /** Reads little-endian values; keeps texts and integers, and skips the rest. */
  private record Reader(DataInputStream in) {

    private static final int BOOL = 7;
    private static final int STRING = 8;
    private static final int ARRAY = 9;

    Map<String, Object> entries() throws IOException {
      long count = number(8);
      if (count < 0 || count > MOST_ENTRIES) {
        throw new IOException("it has %d entries".formatted(count));
      }
      Map<String, Object> entries = new HashMap<>();
      for (long i = 0; i < count; i++) {
        String key = text();
        int type = (int) number(4);
        switch (type) {
          case STRING -> entries.put(key, text());
          case ARRAY -> passArray();
          case 6, 12 -> in.skipNBytes(bytes(type));
          default -> entries.put(key, number(bytes(type)));
        }
      }
      return entries;
    }

    private void passArray() throws IOException {
      int type = (int) number(4);
      long length = number(8);
      if (length < 0 || type == ARRAY) {
        throw new IOException("it has an array of %d values of type %d".formatted(length, type));
      }
      if (type != STRING) {
        in.skipNBytes(Math.multiplyExact(length, (long) bytes(type)));
        return;
      }
      for (long i = 0; i < length; i++) {
        in.skipNBytes(textLength());
      }
    }

    private static int bytes(int type) throws IOException {
      return switch (type) {
        case 0, 1, BOOL -> 1;
        case 2, 3 -> 2;
        case 4, 5, 6 -> 4;
        case 10, 11, 12 -> 8;
        default -> throw new IOException("it has a value of type %d".formatted(type));
      };
    }

    private String text() throws IOException {
      byte[] bytes = new byte[textLength()];
      in.readFully(bytes);
      return new String(bytes, UTF_8);
    }

    private int textLength() throws IOException {
      long length = number(8);
      if (length < 0 || length > LONGEST_TEXT) {
        throw new IOException("it has a text of %d bytes".formatted(length));
      }
      return (int) length;
    }

    long number(int bytes) throws IOException {
      long number = 0;
      for (int i = 0; i < bytes; i++) {
        number |= (long) in.readUnsignedByte() << (8 * i);
      }
      return number;
    }
  }
}
