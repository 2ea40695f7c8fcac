package org.llm4msr.plugins.llm;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has a service encode texts, several per request and with several requests at once. A first
 * request finds out the model's name and dimension.
 */
final class OpenAiEncoder implements KnowledgeEncoder {

  private static final Logger LOG = LoggerFactory.getLogger(OpenAiEncoder.class);

  private final EmbeddingsClient client;
  private final TokenCounter counter;
  private final int batchSize;
  private final EncoderInfo info;
  private final ExecutorService requests;

  private OpenAiEncoder(OpenAiConfig config, EmbeddingsClient client, TokenCounter counter) {
    this.client = client;
    this.counter = counter;
    this.batchSize = config.batchSize();
    EmbeddingsClient.Embeddings first = client.first("a");
    int dimension = first.vectors()[0].length;
    String revision = config.revision() == null ? first.model() : config.revision();
    String identity = String.join("\n", config.model(), revision, String.valueOf(dimension));
    this.info = info(config, revision, DigestUtils.sha256Hex(identity), dimension);
    this.requests =
        Executors.newFixedThreadPool(
            config.concurrency(),
            task -> {
              Thread thread = new Thread(task, "openai");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Asks the service for its model.
   *
   * @param environment variables by name
   */
  static OpenAiEncoder open(OpenAiConfig config, Path base, UnaryOperator<String> environment) {
    EmbeddingsClient client = new EmbeddingsClient(config, environment);
    TokenCounter counter = TokenCounter.open(config.tokenizer(), base);
    try {
      return new OpenAiEncoder(config, client, counter);
    } catch (RuntimeException e) {
      counter.close();
      throw e;
    }
  }

  /** Makes an encoder that only counts, without asking the service. */
  static CountingEncoder counter(OpenAiConfig config, Path base) {
    if (config.tokenizer() == null) {
      LOG.warn(
          "Tokens are counted as bytes, of which a token of {} has several:"
              + " knowledge.encoder.tokenizer is not set. Set it to where its tokenizer.json is.",
          config.model());
    }
    TokenCounter counter = TokenCounter.open(config.tokenizer(), base);
    String revision = config.revision() == null ? "" : config.revision();
    return new CountingEncoder(info(config, revision, "", 0), counter::count, counter::close);
  }

  private static EncoderInfo info(
      OpenAiConfig config, String revision, String checksum, int dimension) {
    return new EncoderInfo(
        config.model(),
        revision,
        checksum,
        "as the service returns it",
        dimension,
        config.maxTokens(),
        true);
  }

  @Override
  public EncoderInfo info() {
    return info;
  }

  @Override
  public int countTokens(String text) {
    return counter.count(text);
  }

  @Override
  public List<Knowledge> encode(List<String> texts) {
    for (int i = 0; i < texts.size(); i++) {
      TokenLimit.check(texts.get(i), i, counter.count(texts.get(i)), info.maxTokens());
    }
    List<Callable<float[][]>> batches = new ArrayList<>();
    for (int from = 0; from < texts.size(); from += batchSize) {
      List<String> batch = texts.subList(from, Math.min(texts.size(), from + batchSize));
      batches.add(() -> client.embed(batch, info.dimension()));
    }
    List<Knowledge> answers = new ArrayList<>(texts.size());
    for (float[][] vectors : answers(batches)) {
      for (float[] vector : vectors) {
        answers.add(new Knowledge(vector, null));
      }
    }
    return answers;
  }

  @Override
  public void stopWaiting() {
    client.stopWaiting();
  }

  /** Runs the requests; the first failure cancels the others. */
  private List<float[][]> answers(List<Callable<float[][]>> batches) {
    List<Future<float[][]>> running = batches.stream().map(requests::submit).toList();
    try {
      List<float[][]> answers = new ArrayList<>(running.size());
      for (Future<float[][]> answer : running) {
        answers.add(answer.get());
      }
      return answers;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw client.interrupted(e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof MsrException known ? known : failed(e.getCause());
    } finally {
      running.forEach(answer -> answer.cancel(true));
    }
  }

  private static MsrException failed(@Nullable Throwable cause) {
    return new MsrException(
        ErrorType.INTERNAL,
        "knowledge/ENCODER_FAILED",
        "a request was not handled: %s. Report this.".formatted(cause),
        cause);
  }

  @Override
  public void close() {
    requests.shutdownNow();
    counter.close();
    if (client.repeated() > 0) {
      LOG.warn(
          "Requests to {} that were sent again, as there was no usable answer: {}. All were"
              + " answered unless an error says otherwise.",
          info.model(),
          client.repeated());
    }
  }
}
