package com.example.encoder;

import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;

/** Lets a service count and encode texts, some at a time, and checks its answers. */
final class HttpEncoder implements KnowledgeEncoder {

  private static final int SHOWN = 60;

  private final EncodingService service;
  private final int batchSize;
  private final EncoderInfo info;

  HttpEncoder(HttpEncoderConfig config) {
    service = new EncodingService(config);
    batchSize = config.batchSize();
    info = service.info();
  }

  @Override
  public EncoderInfo info() {
    return info;
  }

  @Override
  public int countTokens(String text) {
    return service.count(List.of(text))[0];
  }

  @Override
  public List<Knowledge> encode(List<String> texts) {
    List<Knowledge> answers = new ArrayList<>(texts.size());
    for (int from = 0; from < texts.size(); from += batchSize) {
      List<String> batch = texts.subList(from, Math.min(texts.size(), from + batchSize));
      refuseLong(batch, from);
      for (float[] vector : service.encode(batch, info.dimension())) {
        answers.add(new Knowledge(vector, null));
      }
    }
    return answers;
  }

  @Override
  public void stopWaiting() {
    service.stopWaiting();
  }

  private void refuseLong(List<String> batch, int from) {
    int[] tokens = service.count(batch);
    for (int i = 0; i < tokens.length; i++) {
      if (tokens[i] > info.maxTokens()) {
        String text = batch.get(i);
        throw new MsrException(
            ErrorType.USER,
            "knowledge/PROMPT_TOO_LONG",
            "text %d of this call has %d tokens, the service reads at most %d: \"%s...\". Shorten it."
                .formatted(
                    from + i,
                    tokens[i],
                    info.maxTokens(),
                    text.substring(0, Math.min(SHOWN, text.length()))));
      }
    }
  }

  @Override
  public void close() {}
}
