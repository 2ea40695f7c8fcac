package org.llm4msr.runtime.knowledge.extraction;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.Prompt;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.knowledge.store.Hashes;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;
import org.llm4msr.runtime.knowledge.store.StoreWriter;
import org.llm4msr.runtime.knowledge.store.StoredKnowledge;
import org.llm4msr.runtime.knowledge.store.StoredLevel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One filling of a store: has the encoder read what is not there, and counts. */
final class Filling implements PromptSink {

  /** Prompts per call, of about equal length: few enough to show the progress of a slow model. */
  static final int CALL = 64;

  private static final Logger LOG = LoggerFactory.getLogger(Filling.class);

  private final KnowledgeEncoder encoder;
  private final EncoderCalls calls;
  private final StoreWriter writer;
  private final @Nullable KnowledgeStore sibling;
  private final Runnable endWhenAsked;
  private final Progress progress;
  private final PromptFitter fitter;
  private final List<Waiting> waiting = new ArrayList<>();
  private final Tally tally = new Tally();
  private final Refusals refusals = new Refusals();
  private final UselessVectors useless = new UselessVectors();
  private final long total;
  private long seen;
  private long shortened;
  private long dropped;
  private long tokens;
  private long encodingNanos;
  private long clock;

  /** A prompt that waits to be encoded. */
  @SuppressWarnings("ArrayRecordComponent") // A hash, never compared here.
  private record Waiting(byte[] hash, PromptFitter.Fitted fitted) {}

  /**
   * Begins a filling.
   *
   * @param calls have the encoder read
   * @param sibling a store of the same encoder, from which the vectors of equal prompts are taken
   * @param total keys that will be added or left out
   * @param endWhenAsked throws once the filling shall end
   */
  Filling(
      KnowledgeEncoder encoder,
      EncoderCalls calls,
      StoreWriter writer,
      @Nullable KnowledgeStore sibling,
      long total,
      Runnable endWhenAsked,
      Progress progress) {
    this.encoder = encoder;
    this.calls = calls;
    this.writer = writer;
    this.sibling = sibling;
    this.total = total;
    this.endWhenAsked = endWhenAsked;
    this.progress = progress;
    this.fitter = new PromptFitter(encoder);
    report();
  }

  @Override
  public void leaveOut(Level level, Outcome why, String key) {
    tally.add(level, why, key);
  }

  @Override
  public void add(Level level, Prompt prompt) {
    endWhenAsked.run();
    seen++;
    String key = prompt.key();
    StoredLevel before = writer.before(level);
    byte[] hash = hash(prompt, before);
    boolean held = before.holds(key, hash);
    if (held || (sibling != null && sibling.level(level).holds(key, hash))) {
      writer.declare(level, key, hash);
      tally.add(level, Outcome.STORED, key);
      if (!held) {
        copy(requireNonNull(sibling, "no sibling").level(level), level, key, hash);
      }
      return;
    }
    PromptFitter.Fitted fitted;
    try {
      fitted = fitter.fit(level, prompt);
    } catch (MsrException e) {
      refuse(level, key, e, e);
      return;
    }
    Outcome outcome = outcome(level, fitted);
    if (outcome != Outcome.READ) {
      tally.add(level, outcome, key);
      return;
    }
    writer.declare(level, key, hash);
    waiting.add(new Waiting(hash, fitted));
    if (waiting.size() == calls.window()) {
      encodeWaiting(level);
    }
  }

  /** Where vectors are looked up by key, any prompt has the vector that is there. */
  private byte[] hash(Prompt prompt, StoredLevel before) {
    if (!encoder.readsKeys()) {
      return Hashes.of(prompt);
    }
    int number = before.find(prompt.key());
    return number >= 0 ? before.promptHash(number) : Hashes.of(prompt);
  }

  /**
   * Returns what becomes of a prompt that is not stored.
   *
   * @throws MsrException {@code knowledge/EMPTY_PROMPT} if it is that of a scenario, and empty
   */
  static Outcome outcome(Level level, PromptFitter.Fitted fitted) {
    if (level == Level.USER && fitted.lostHistory()) {
      return Outcome.WITHOUT_HISTORY;
    }
    if (fitted.isEmpty() && level == Level.SCENARIO) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/EMPTY_PROMPT",
          "the prompt of a scenario is empty, and each scenario needs a vector. Key %s. Give the scenario a name, or the template a text."
              .formatted(fitted.prompt().key()));
    }
    return fitted.isEmpty() ? Outcome.EMPTY : Outcome.READ;
  }

  /** Takes the vector of the same prompt from another store. */
  private void copy(StoredLevel from, Level level, String key, byte[] hash) {
    int number = from.find(key);
    float[] vector = new float[from.dimension()];
    from.read(number, vector);
    append(
        level,
        new StoredKnowledge(
            key,
            hash,
            vector,
            from.text(number),
            from.tokens(number),
            from.droppedHistory(number)));
  }

  @Override
  public void end(Level level) {
    encodeWaiting(level);
    seen = 0;
  }

  /** Encodes the waiting prompts, those of about equal length together. */
  private void encodeWaiting(Level level) {
    waiting.sort(Comparator.comparingInt((Waiting prompt) -> prompt.fitted().tokens()));
    List<List<Waiting>> batches = new ArrayList<>();
    for (int from = 0; from < waiting.size(); from += CALL) {
      batches.add(waiting.subList(from, Math.min(from + CALL, waiting.size())));
    }
    if (!batches.isEmpty()) {
      encode(level, batches);
    }
    waiting.clear();
    report();
  }

  private void encode(Level level, List<List<Waiting>> batches) {
    clock = System.nanoTime();
    calls.make(
        batches.stream()
            .map(batch -> batch.stream().map(prompt -> prompt.fitted().text()).toList())
            .toList(),
        endWhenAsked,
        (call, answers) -> {
          take(level, batches.get(call), answers);
          report();
          clock = System.nanoTime();
        });
  }

  /** Stores the answers of a call; where a call of several fails for good, calls one by one. */
  private void take(Level level, List<Waiting> batch, Supplier<List<Knowledge>> answered) {
    List<Knowledge> answers;
    try {
      answers = answered.get();
    } catch (MsrException e) {
      endWhenAsked.run(); // It gave up waiting.
      if (e.retryable()) {
        throw named(level, batch, e);
      }
      if (batch.size() > 1) {
        encode(level, batch.stream().map(List::of).toList());
      } else {
        String key = batch.get(0).fitted().prompt().key();
        refuse(level, key, e, named(level, batch, e));
        writer.refuse(level, key);
      }
      return;
    }
    encodingNanos += System.nanoTime() - clock;
    if (answers.size() != batch.size()) {
      throw new MsrException(
          ErrorType.PLUGIN,
          "knowledge/WRONG_COUNT",
          "the encoder returned %d answers for %d prompts. Model %s. Report it to the encoder's author."
              .formatted(answers.size(), batch.size(), encoder.info().model()));
    }
    for (int i = 0; i < batch.size(); i++) {
      store(level, batch.get(i), answers.get(i));
    }
    keep(level);
  }

  /**
   * Goes on without a prompt, unless the fault is not that of single prompts.
   *
   * @param named the error that tells the prompt
   */
  private void refuse(Level level, String key, MsrException error, MsrException named) {
    boolean single =
        switch (error.type()) {
          case USER, DATA, EXTERNAL -> level != Level.SCENARIO && !encoder.readsKeys();
          default -> false;
        };
    if (!single) {
      throw named;
    }
    tally.add(level, Outcome.REFUSED, key);
    refusals.add(level, named, seen);
    if (tally.count(level, Outcome.REFUSED) == 1) {
      LOG.warn(
          "{} It gets no vector, nor do others that are refused; the result counts them.",
          named.getMessage());
    }
  }

  private MsrException named(Level level, List<Waiting> batch, MsrException error) {
    String first = name(level, batch.get(0));
    String prompts =
        batch.size() == 1
            ? "The prompt is that of %s.".formatted(first)
            : "The call has the prompts of %s and of %d more.".formatted(first, batch.size() - 1);
    return new MsrException(
        error.type(), error.code(), error.text() + " " + prompts, error, error.retryable());
  }

  private static String name(Level level, Waiting prompt) {
    return "%s '%s'"
        .formatted(level.name().toLowerCase(Locale.ROOT), prompt.fitted().prompt().key());
  }

  /** Results of the model must not be computed again, whatever happens to this process. */
  private void keep(Level level) {
    try {
      writer.keep(level);
      writer.forceWhenDue();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void store(Level level, Waiting prompt, Knowledge answer) {
    PromptFitter.Fitted fitted = prompt.fitted();
    useless.add(level, name(level, prompt), fitted.text(), answer.vector());
    String key = fitted.prompt().key();
    append(
        level,
        new StoredKnowledge(
            key, prompt.hash(), answer.vector(), answer.text(), fitted.tokens(), fitted.dropped()));
    tally.add(level, Outcome.READ, key);
    tokens += fitted.tokens();
    dropped += fitted.dropped();
    shortened += fitted.dropped() > 0 ? 1 : 0;
  }

  private void append(Level level, StoredKnowledge row) {
    try {
      writer.append(level, row);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void report() {
    double seconds = encodingNanos / 1e9;
    String speed =
        tokens == 0 ? "" : String.format(Locale.ROOT, "%,.0f tokens/s", tokens / seconds);
    progress.detail(tally.skipped(), speed);
    progress.update(tally.all(), total);
  }

  /** Finishes the store. */
  ExtractionResult finish() throws IOException {
    if (!encoder.readsKeys()) {
      useless.warn(encoder.info().model());
    }
    return new ExtractionResult(
        writer.finish(tally.without(Level.USER), tally.without(Level.ITEM)),
        tally.counts(Level.SCENARIO),
        tally.counts(Level.USER),
        tally.counts(Level.ITEM),
        shortened,
        dropped,
        tokens,
        encodingNanos / 1e9,
        null);
  }
}
