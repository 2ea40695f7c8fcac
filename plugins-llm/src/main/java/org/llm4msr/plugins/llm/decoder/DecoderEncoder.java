package org.llm4msr.plugins.llm.decoder;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.plugins.llm.TokenLimit;
import org.llm4msr.plugins.llm.Vectors;
import org.llm4msr.plugins.llm.decoder.DecoderConfig.Position;

/**
 * A decoder-only transformer as an encoder. Prompts are read in batches of about equal length; one
 * call computes at a time, since the engine uses all threads anyway.
 */
final class DecoderEncoder implements KnowledgeEncoder {

  private final DecoderConfig config;
  private final EncoderInfo info;
  private final DecoderShape shape;
  private final Decoder decoder;
  private final PromptTokens prompts;
  private final Set<Long> ends;
  private final SharedPrefix prefix;
  private boolean closed;

  DecoderEncoder(
      DecoderConfig config,
      EncoderInfo info,
      DecoderShape shape,
      Decoder decoder,
      PromptTokens prompts,
      Set<Long> ends) {
    this.config = config;
    this.info = info;
    this.shape = shape;
    this.decoder = decoder;
    this.prompts = prompts;
    this.ends = ends;
    this.prefix = new SharedPrefix(decoder);
  }

  @Override
  public EncoderInfo info() {
    return info;
  }

  @Override
  public int countTokens(String text) {
    return prompts.of(text).length;
  }

  @Override
  public List<Knowledge> encode(List<String> texts) {
    List<long[]> tokens = new ArrayList<>(texts.size());
    for (int i = 0; i < texts.size(); i++) {
      long[] prompt = prompts.of(texts.get(i));
      TokenLimit.check(texts.get(i), i, prompt.length, info.maxTokens());
      Arrays.stream(prompt).forEach(shape::checkToken);
      tokens.add(prompt);
    }
    Knowledge[] answers = new Knowledge[texts.size()];
    List<Integer> byLength =
        IntStream.range(0, tokens.size())
            .boxed()
            .sorted(Comparator.comparingInt(i -> tokens.get(i).length))
            .toList();
    synchronized (this) {
      int shared = prefix.length(tokens);
      int from = 0;
      while (from < byLength.size()) {
        int to = batchEnd(byLength, from, tokens, shared);
        List<Integer> batch = byLength.subList(from, to);
        List<Knowledge> read = read(batch.stream().map(tokens::get).toList(), shared);
        for (int i = 0; i < batch.size(); i++) {
          answers[batch.get(i)] = read.get(i);
        }
        from = to;
      }
    }
    return List.of(answers);
  }

  private int batchEnd(List<Integer> byLength, int from, List<long[]> tokens, int shared) {
    int to = from;
    long sum = 0;
    while (to < byLength.size()) {
      // Generation keeps keys and values of whole texts and of generated tokens.
      int kept = generates() ? config.generatedTokens() : -shared;
      sum += tokens.get(byLength.get(to)).length + kept;
      if (to > from && sum > config.batchTokens()) {
        return to;
      }
      to++;
    }
    return to;
  }

  private List<Knowledge> read(List<long[]> texts, int shared) {
    List<long[]> rests =
        texts.stream().map(text -> Arrays.copyOfRange(text, shared, text.length)).toList();
    NDList past = shared > 0 ? prefix.kept() : null;
    boolean generate = generates();
    TokenBatch batch = TokenBatch.of(rests, shared);
    try (NDManager step = decoder.newManager()) {
      Decoder.Reading reading = decoder.read(step, batch, past, generate);
      if (generate) {
        return new Generation(texts).run(step, batch, reading);
      }
      float[][] states = states(reading);
      return Arrays.stream(states).map(state -> knowledge(state, null)).toList();
    }
  }

  private boolean generates() {
    return config.position() == Position.GENERATED_END;
  }

  private float[][] states(Decoder.Reading reading) {
    boolean preNorm = config.state() == DecoderConfig.State.PRE_NORM;
    return rows(preNorm ? reading.preNorm() : reading.postNorm());
  }

  private static float[][] rows(NDArray matrix) {
    float[] values = matrix.toFloatArray();
    int width = (int) matrix.getShape().get(1);
    return IntStream.range(0, values.length / width)
        .mapToObj(row -> Arrays.copyOfRange(values, row * width, (row + 1) * width))
        .toArray(float[][]::new);
  }

  private Knowledge knowledge(float[] state, @Nullable String text) {
    if (config.l2()) {
      Vectors.normalize(state);
    }
    return new Knowledge(state, text);
  }

  /** Generates the answers to the texts of one batch, one token of each at a time. */
  private final class Generation {
    private final List<Sampler> samplers;
    private final List<List<Long>> generated;
    private final float[][] states;
    private final boolean[] ended;

    Generation(List<long[]> texts) {
      samplers = texts.stream().map(text -> new Sampler(config, text)).toList();
      generated = texts.stream().<List<Long>>map(text -> new ArrayList<>()).toList();
      states = new float[texts.size()][];
      ended = new boolean[texts.size()];
    }

    List<Knowledge> run(NDManager first, TokenBatch prompt, Decoder.Reading firstReading) {
      TokenBatch batch = prompt;
      Decoder.Reading reading = firstReading;
      NDManager step = first;
      try {
        while (goOn(reading)) {
          batch = batch.next(nextTokens(reading));
          NDManager next = decoder.newManager();
          try {
            reading = decoder.read(next, batch, reading.kept(), true);
          } finally {
            step.close(); // The next step contains what was kept of it.
            step = next;
          }
        }
        return IntStream.range(0, states.length)
            .mapToObj(i -> knowledge(states[i], prompts.text(generated.get(i))))
            .toList();
      } finally {
        step.close();
      }
    }

    /** Keeps the states of texts that have not ended, and returns whether there are any left. */
    private boolean goOn(Decoder.Reading reading) {
      float[][] now = states(reading);
      boolean open = false;
      for (int i = 0; i < states.length; i++) {
        if (!ended[i]) {
          states[i] = now[i];
          ended[i] = generated.get(i).size() == config.generatedTokens();
          open |= !ended[i];
        }
      }
      return open;
    }

    private long[] nextTokens(Decoder.Reading reading) {
      float[][] scores = rows(decoder.scores(reading.postNorm()));
      long[] tokens = new long[states.length];
      for (int i = 0; i < tokens.length; i++) {
        // Ended texts continue beside the others, but are ignored.
        if (!ended[i]) {
          tokens[i] = samplers.get(i).pick(scores[i]);
          ended[i] = ends.contains(tokens[i]);
          if (!ended[i]) {
            generated.get(i).add(tokens[i]);
          }
        }
      }
      return tokens;
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      prefix.close();
      decoder.close();
      prompts.close();
    }
  }
}
