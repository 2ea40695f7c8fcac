package org.llm4msr.plugins.llm;

import static java.util.Objects.requireNonNull;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.plugins.llm.OnnxSentenceConfig.Pooling;

/**
 * A sentence encoder on ONNX Runtime. Each text is a separate run on one thread, with as many runs
 * at once as there are threads: a dynamically quantised model takes its activation scales from the
 * whole batch, so in a batch the neighbours would change a text's vector (by up to 0.03 per
 * element). Besides, nothing is padded, which is faster.
 */
final class OnnxSentenceEncoder implements KnowledgeEncoder {

  private static final Set<String> INPUTS = Set.of("input_ids", "attention_mask", "token_type_ids");

  private final EncoderInfo info;
  private final SentenceModel model;
  private final HuggingFaceTokenizer tokenizer;
  private final OrtEnvironment environment;
  private final OrtSession session;
  private final String output;
  private final ExecutorService threads;

  private OnnxSentenceEncoder(
      SentenceModel model,
      HuggingFaceTokenizer tokenizer,
      OrtEnvironment environment,
      OrtSession session,
      int threads)
      throws OrtException, IOException {
    this.model = model;
    this.tokenizer = tokenizer;
    this.environment = environment;
    this.session = session;
    this.output = checkedOutput();
    this.info =
        new EncoderInfo(
            model.name(),
            model.revision(),
            model.files().checksum(),
            model.state(),
            run(new long[] {0, 1}).length,
            model.maxTokens(),
            true);
    this.threads =
        Executors.newFixedThreadPool(
            threads,
            task -> {
              Thread thread = new Thread(task, "onnx-sentence");
              thread.setDaemon(true);
              return thread;
            });
  }

  /** Loads a model. */
  static OnnxSentenceEncoder load(SentenceModel model, int threads) {
    OrtEnvironment environment =
        OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, "llm4msr");
    OnnxTemporaries.deleteAtExit();
    HuggingFaceTokenizer tokenizer = null;
    OrtSession session = null;
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions();
        InputStream vocabulary = model.files().tokenizer()) {
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      tokenizer =
          HuggingFaceTokenizer.newInstance(
              vocabulary, Map.of("truncation", "false", "padding", "false"));
      session = open(model, environment, options);
      return new OnnxSentenceEncoder(model, tokenizer, environment, session, threads);
    } catch (OrtException | IOException | RuntimeException e) {
      closeQuietly(tokenizer, session);
      throw e instanceof MsrException known ? known : notReadable(model, e);
    }
  }

  @Override
  public EncoderInfo info() {
    return info;
  }

  @Override
  public int countTokens(String text) {
    return tokenizer.encode(text).getIds().length;
  }

  @Override
  public List<Knowledge> encode(List<String> texts) {
    List<long[]> ids = new ArrayList<>(texts.size());
    for (int i = 0; i < texts.size(); i++) {
      long[] tokens = tokenizer.encode(texts.get(i)).getIds();
      TokenLimit.check(texts.get(i), i, tokens.length, info.maxTokens());
      ids.add(tokens);
    }
    // The longest texts first, so that no thread starts a long one when the others are done.
    List<Integer> order =
        IntStream.range(0, ids.size())
            .boxed()
            .sorted(Comparator.comparingInt((Integer i) -> -ids.get(i).length))
            .toList();
    Knowledge[] answers = new Knowledge[ids.size()];
    await(
        order.stream()
            .<Callable<Void>>map(
                i ->
                    () -> {
                      answers[i] = new Knowledge(run(ids.get(i)), null);
                      return null;
                    })
            .toList());
    return List.of(answers);
  }

  @Override
  public void close() {
    threads.shutdownNow();
    closeQuietly(tokenizer, session);
  }

  private static OrtSession open(
      SentenceModel model, OrtEnvironment environment, OrtSession.SessionOptions options)
      throws OrtException, IOException {
    if (model.files() instanceof SentenceModel.Source.Resources resources) {
      try (InputStream weights = resources.weights()) {
        return environment.createSession(weights.readAllBytes(), options);
      }
    }
    // By path, because weights above 2 GiB are in a second file beside it.
    var folder = (SentenceModel.Source.Folder) model.files();
    return environment.createSession(folder.weights().toString(), options);
  }

  private String checkedOutput() throws OrtException {
    for (String input : session.getInputNames()) {
      if (!INPUTS.contains(input)) {
        throw notASentenceModel("it needs an input " + input + ", known are " + INPUTS);
      }
    }
    for (Map.Entry<String, NodeInfo> entry : session.getOutputInfo().entrySet()) {
      if (entry.getValue().getInfo() instanceof TensorInfo tensor
          && tensor.getShape().length == 3) {
        return entry.getKey();
      }
    }
    throw notASentenceModel("it has no output of shape (batch, tokens, K)");
  }

  private float[] run(long[] ids) throws OrtException {
    long[] ones = new long[ids.length];
    Arrays.fill(ones, 1);
    Map<String, long[]> values =
        Map.of("input_ids", ids, "attention_mask", ones, "token_type_ids", new long[ids.length]);
    Map<String, OnnxTensor> inputs = new HashMap<>();
    try {
      for (String name : session.getInputNames()) {
        LongBuffer buffer = LongBuffer.wrap(requireNonNull(values.get(name)));
        inputs.put(name, OnnxTensor.createTensor(environment, buffer, new long[] {1, ids.length}));
      }
      try (OrtSession.Result result = session.run(inputs, Set.of(output))) {
        return pool(((OnnxTensor) result.get(0)).getFloatBuffer(), ids.length);
      }
    } finally {
      inputs.values().forEach(OnnxTensor::close);
    }
  }

  /** Pools the states of the tokens, (tokens, K) row by row, into one vector. */
  private float[] pool(FloatBuffer states, int tokens) {
    float[] vector = new float[states.remaining() / tokens];
    states.get(vector);
    if (model.pooling() == Pooling.MEAN) {
      for (int token = 1; token < tokens; token++) {
        for (int k = 0; k < vector.length; k++) {
          vector[k] += states.get();
        }
      }
      for (int k = 0; k < vector.length; k++) {
        vector[k] /= tokens;
      }
    }
    if (model.normalize()) {
      Vectors.normalize(vector);
    }
    return vector;
  }

  private void await(List<Callable<Void>> tasks) {
    try {
      for (Future<Void> done : threads.invokeAll(tasks)) {
        done.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new MsrException(
          ErrorType.EXTERNAL,
          "knowledge/INTERRUPTED",
          "encoding was interrupted. Model %s. Run it again; what is stored is kept."
              .formatted(model.name()),
          e);
    } catch (ExecutionException e) {
      throw new MsrException(
          ErrorType.EXTERNAL,
          "knowledge/ENCODER_FAILED",
          "ONNX Runtime failed: %s. Model %s. Check that model.onnx fits tokenizer.json."
              .formatted(e.getCause(), model.name()),
          e);
    }
  }

  private MsrException notASentenceModel(String why) {
    return new MsrException(
        ErrorType.USER,
        "knowledge/NOT_A_SENTENCE_MODEL",
        "the model cannot be used: %s. Model %s. Export it for feature extraction."
            .formatted(why, model.name()));
  }

  private static MsrException notReadable(SentenceModel model, Exception cause) {
    return new MsrException(
        ErrorType.USER,
        "knowledge/MODEL_NOT_READABLE",
        "cannot load the model: %s. Model %s. Check that its files are complete."
            .formatted(cause.getMessage(), model.name()),
        cause);
  }

  private static void closeQuietly(@Nullable AutoCloseable... resources) {
    for (AutoCloseable resource : resources) {
      try {
        if (resource != null) {
          resource.close();
        }
      } catch (Exception e) {
        // Only closing matters here; the error that led here is the one to report.
      }
    }
  }
}
