package org.llm4msr.plugins.llm.decoder;

import ai.djl.sentencepiece.SpTokenizer;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;

/**
 * A {@code tokenizer.model} of SentencePiece. It knows no special tokens: those of the architecture
 * follow its vocabulary.
 */
final class SentencePieceTokens implements TextTokens {

  private final SpTokenizer tokenizer;
  private final long size;
  private final long[] start;

  private SentencePieceTokens(SpTokenizer tokenizer, long size, long[] start) {
    this.tokenizer = tokenizer;
    this.size = size;
    this.start = start;
  }

  static SentencePieceTokens open(ModelFolder folder, Architecture.Prefix prefix) {
    try {
      byte[] model = Files.readAllBytes(folder.tokenizer());
      long size = pieces(model);
      List<Long> start =
          prefix.tokens().isEmpty()
              ? folder.config().integers("bos_token_id")
              : prefix.tokens().stream().map(name -> size + prefix.extra().indexOf(name)).toList();
      return new SentencePieceTokens(
          new SpTokenizer(model), size, start.stream().mapToLong(Long::longValue).toArray());
    } catch (IOException | RuntimeException e) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/MODEL_NOT_READABLE",
          "cannot read %s: %s. Take the file from the model's publisher again."
              .formatted(folder.tokenizer(), e.getMessage()),
          e);
    }
  }

  /** Counts the pieces of a model, the repeated field 1 of its protocol buffer. */
  private static long pieces(byte[] model) throws IOException {
    CodedInputStream in = CodedInputStream.newInstance(model);
    int piece = 1 << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED;
    long count = 0;
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      count += tag == piece ? 1 : 0;
      in.skipField(tag);
    }
    return count;
  }

  @Override
  public long[] encode(String text, boolean special) {
    LongStream pieces = Arrays.stream(tokenizer.getProcessor().encode(text)).asLongStream();
    return (special ? LongStream.concat(Arrays.stream(start), pieces) : pieces).toArray();
  }

  @Override
  public String decode(long[] tokens) {
    int[] pieces =
        Arrays.stream(tokens).filter(token -> token < size).mapToInt(Math::toIntExact).toArray();
    return tokenizer.getProcessor().decode(pieces);
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
