package org.llm4msr.plugins.llamacpp;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.codec.digest.MessageDigestAlgorithms;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;

/** Returns the state of a text's last token, computed by llama.cpp in a {@link LlamaProcess}. */
final class LlamaCppEncoder implements KnowledgeEncoder {

  private static final int MOST_TOKENS = 4096;
  private static final int SHOWN = 60;

  private final EncoderInfo info;
  private final int specialTokens;
  private final LlamaProcess process;

  private LlamaCppEncoder(EncoderInfo info, int specialTokens, LlamaProcess process) {
    this.info = info;
    this.specialTokens = specialTokens;
    this.process = process;
  }

  /** Loads a model into a separate process. */
  static LlamaCppEncoder open(GgufModel model, LlamaCppConfig config, Path scratch, int threads) {
    GgufMetadata metadata = GgufMetadata.read(model.file());
    int maxTokens =
        config.maxTokens() == null
            ? Math.min(MOST_TOKENS, metadata.contextLength())
            : config.maxTokens();
    if (maxTokens > metadata.contextLength()) {
      throw new MsrException(
          ErrorType.USER,
          "llama-cpp/TOO_MANY_TOKENS",
          "knowledge.encoder.maxTokens is %d, the model reads %d. File %s. Set it to that or less."
              .formatted(maxTokens, metadata.contextLength(), model.file()));
    }
    EncoderInfo info =
        new EncoderInfo(
            model.name(),
            model.revision(),
            checksum(model.file()),
            "post-norm, prompt-end, l2",
            metadata.dimension(),
            maxTokens,
            true);
    return new LlamaCppEncoder(
        info,
        metadata.specialTokens(),
        LlamaProcess.start(model.file(), maxTokens, threads, scratch));
  }

  @Override
  public EncoderInfo info() {
    return info;
  }

  @Override
  public int countTokens(String text) {
    return process.count(text) + specialTokens;
  }

  @Override
  public List<Knowledge> encode(List<String> texts) {
    for (int i = 0; i < texts.size(); i++) {
      int tokens = countTokens(texts.get(i));
      if (tokens > info.maxTokens()) {
        String text = texts.get(i);
        throw new MsrException(
            ErrorType.USER,
            "knowledge/PROMPT_TOO_LONG",
            "a text has %d tokens, the encoder reads at most %d. Text %d of this call: \"%s...\". Shorten it; encoders never cut text."
                .formatted(
                    tokens,
                    info.maxTokens(),
                    i,
                    text.substring(0, Math.min(SHOWN, text.length()))));
      }
    }
    List<Knowledge> answers = new ArrayList<>(texts.size());
    for (String text : texts) {
      answers.add(new Knowledge(process.embed(text, info.dimension()), null));
    }
    return answers;
  }

  private static String checksum(Path file) {
    try {
      return new DigestUtils(MessageDigestAlgorithms.SHA_256).digestAsHex(file);
    } catch (IOException e) {
      throw new MsrException(
          ErrorType.EXTERNAL,
          "llama-cpp/NOT_READ",
          "cannot read the model: %s. File %s. Check that the disk is available."
              .formatted(e, file),
          e);
    }
  }

  @Override
  public void close() {
    process.close();
  }
}
