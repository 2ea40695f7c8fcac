package org.llm4msr.runtime.knowledge.extraction;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.knowledge.ItemText;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.Prompt;
import org.llm4msr.api.knowledge.ScenarioPromptBuilder;
import org.llm4msr.api.knowledge.UserHistory;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.config.KnowledgeConfig.Precision;
import org.llm4msr.runtime.data.prepared.TrainingLog;
import org.llm4msr.runtime.files.Checksums;
import org.llm4msr.runtime.knowledge.store.Hashes;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;
import org.llm4msr.runtime.knowledge.store.StoreInfo;
import org.llm4msr.runtime.knowledge.store.StoreWriter;
import org.llm4msr.runtime.knowledge.store.StoredKnowledge;
import org.llm4msr.runtime.knowledge.store.StoredLevel;
import org.llm4msr.runtime.plugins.PluginStamp;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a language model on one prompt per scenario, user and item, and stores its states. Prompts
 * whose vectors are stored already are skipped, so that an interrupted run continues where it
 * stopped. Used by one thread; the encoder may use more.
 */
public final class KnowledgeExtractor {

  /** Prompts that are sorted by length before they are encoded. */
  private static final int WINDOW = 1024;

  /** The number of prompts per level that are tried before a store is discarded. */
  private static final int TRIED = 64;

  /** Prompts per call, of about equal length: few enough to show the progress of a slow model. */
  private static final int CALL = 64;

  private static final Logger LOG = LoggerFactory.getLogger(KnowledgeExtractor.class);

  private final TrainingLog log;
  private final String source;
  private final ScenarioPromptBuilder prompts;
  private final KnowledgeEncoder encoder;
  private final Settings settings;
  private final Duration forceEvery;
  private volatile boolean stopRequested;

  /**
   * What else determines the content of a store.
   *
   * @param minInteractions users with fewer positive training rows get no prompt
   * @param leakFutureInteractions whether the log holds validation and test rows
   * @param items whether items are read
   * @param precision how vectors are stored
   * @param plugins the prompt builder and the encoder, as {@link StoreInfo#plugins} records them
   * @param configured the configuration, as {@link StoreInfo#settings} records it
   */
  public record Settings(
      int minInteractions,
      boolean leakFutureInteractions,
      boolean items,
      Precision precision,
      List<PluginStamp> plugins,
      Map<String, String> configured) {}

  /**
   * Makes an extractor.
   *
   * @param source key of the prepared data that the log belongs to
   * @param forceEvery time after which results are forced to the disk, between two calls of the
   *     encoder: this much is lost if the machine stops, and one call if the process is killed
   */
  public KnowledgeExtractor(
      TrainingLog log,
      String source,
      ScenarioPromptBuilder prompts,
      KnowledgeEncoder encoder,
      Settings settings,
      Duration forceEvery) {
    this.log = requireNonNull(log, "log is null");
    this.source = requireNonNull(source, "source is null");
    this.prompts = requireNonNull(prompts, "prompts is null");
    this.encoder = requireNonNull(encoder, "encoder is null");
    this.settings = requireNonNull(settings, "settings is null");
    this.forceEvery = requireNonNull(forceEvery, "forceEvery is null");
  }

  /**
   * Fills the store of a folder.
   *
   * @param rebuild whether to discard the existing store
   * @param progress gets the number of finished prompts, of scenarios and users together
   * @throws MsrException with code {@code knowledge/STORE_MISMATCH} if the store was filled with
   *     another encoder, template or precision and {@code rebuild} is false, with {@code
   *     knowledge/STOPPED} after {@link #requestStop}
   */
  public ExtractionResult extract(Path folder, boolean rebuild, Progress progress) {
    return extract(folder, rebuild, null, progress);
  }

  /**
   * Fills the store of a folder as above.
   *
   * @param sibling a store of the same encoder, from which the vectors of equal prompts are taken
   */
  public ExtractionResult extract(
      Path folder, boolean rebuild, @Nullable KnowledgeStore sibling, Progress progress) {
    List<Prompt> scenarioPrompts = prompts.scenarioPrompts(log.scenarioStatistics());
    // Foreseeable failures come before anything is discarded.
    if (encoder.readsKeys()) {
      encoder.expect(Level.SCENARIO, scenarioPrompts.stream().map(Prompt::key).toList());
      encoder.expect(Level.USER, userKeys());
      if (settings.items()) {
        encoder.expect(Level.ITEM, itemKeys());
      }
    } else if (rebuild) {
      preview(TRIED);
    }
    try (StoreWriter writer = StoreWriter.open(folder, wanted(), filled(), rebuild, forceEvery)) {
      Run run = new Run(writer, sibling, progress);
      run.start(scenarioPrompts.size() + log.users() + items());
      forEachPrompt(scenarioPrompts, run);
      return run.result(writer.finish());
    } catch (IOException e) {
      throw KnowledgeStore.failed("fill", folder, e);
    } catch (UncheckedIOException e) {
      throw KnowledgeStore.failed(
          "fill", folder, requireNonNull(e.getCause(), "an UncheckedIOException has a cause"));
    }
  }

  /**
   * Writes all prompts as the encoder would read them; whole, if it reads keys.
   *
   * @param progress gets the number of prompts, as in {@link #extract}
   */
  public WrittenPrompts write(PromptFile file, Progress progress) {
    List<Prompt> scenarioPrompts = prompts.scenarioPrompts(log.scenarioStatistics());
    long total = scenarioPrompts.size() + log.users() + items();
    return file.write(
        lines -> {
          PromptWriter writer = new PromptWriter(lines, new PromptFitter(encoder), total, progress);
          forEachPrompt(scenarioPrompts, writer);
          return writer.result(settings.leakFutureInteractions());
        });
  }

  private void forEachPrompt(List<Prompt> scenarioPrompts, PromptSink sink) {
    scenarioPrompts.forEach(prompt -> sink.add(Level.SCENARIO, prompt));
    sink.end(Level.SCENARIO);
    log.forEachUser(
        history -> {
          if (isRead(history)) {
            sink.add(Level.USER, prompts.userPrompt(history));
          } else {
            sink.leaveOut();
          }
        });
    sink.end(Level.USER);
    if (settings.items()) {
      forEachItem(item -> sink.add(Level.ITEM, prompts.itemPrompt(item)));
      sink.end(Level.ITEM);
    }
  }

  private Set<Level> filled() {
    Set<Level> filled = EnumSet.allOf(Level.class);
    if (!settings.items()) {
      filled.remove(Level.ITEM);
    }
    return filled;
  }

  private boolean isRead(UserHistory history) {
    return history.events().size() >= settings.minInteractions();
  }

  private List<String> userKeys() {
    List<String> keys = new ArrayList<>();
    log.forEachUser(
        history -> {
          if (isRead(history)) {
            keys.add(history.user());
          }
        });
    return keys;
  }

  private List<String> itemKeys() {
    List<String> keys = new ArrayList<>();
    forEachItem(item -> keys.add(item.item()));
    return keys;
  }

  /** Visits the items to read: those with a text, or all where vectors are looked up by key. */
  private void forEachItem(Consumer<ItemText> visitor) {
    if (settings.items()) {
      log.forEachItem(
          item -> {
            if (encoder.readsKeys() || !item.text().isBlank()) {
              visitor.accept(item);
            }
          });
    }
  }

  private long items() {
    long[] count = {0};
    forEachItem(item -> count[0]++);
    return count[0];
  }

  /** Returns how many prompts {@link #extract} processes, including those of users left out. */
  public long prompts() {
    return prompts.scenarioPrompts(log.scenarioStatistics()).size() + log.users() + items();
  }

  /**
   * Asks a running {@link #extract} to end after the current call of the model and to store the
   * results so far. Safe from any thread.
   */
  public void requestStop() {
    stopRequested = true;
    encoder.stopWaiting();
  }

  /** Returns whether a store was filled by the same encoder, template and precision. */
  public boolean fills(StoreInfo there) {
    return there.identity().equals(wanted().identity());
  }

  /**
   * Requires that a store, if there is one, can be filled further.
   *
   * @throws MsrException with code {@code knowledge/STORE_MISMATCH} as {@link #extract}
   */
  public void requireSame(Path folder) {
    try {
      StoreWriter.requireSame(folder, wanted());
    } catch (IOException e) {
      throw KnowledgeStore.failed("read", folder, e);
    }
  }

  private void endWhenAsked() {
    if (stopRequested) {
      throw new MsrException(
          ErrorType.RESOURCES,
          "knowledge/STOPPED",
          "Extraction was stopped; what the model has read is stored. Extract again to resume.");
    }
  }

  /** Returns the first {@code count} prompts of each level, without encoding anything. */
  public PromptPreview preview(int count) {
    PromptFitter fitter = new PromptFitter(encoder);
    List<PromptPreview.Item> scenarios =
        prompts.scenarioPrompts(log.scenarioStatistics()).stream()
            .limit(count)
            .map(prompt -> preview(fitter, Level.SCENARIO, prompt))
            .toList();
    List<PromptPreview.Item> users = new ArrayList<>();
    log.forEachUser(
        history -> {
          if (users.size() < count && isRead(history)) {
            users.add(preview(fitter, Level.USER, prompts.userPrompt(history)));
          }
        });
    List<PromptPreview.Item> items = new ArrayList<>();
    forEachItem(
        item -> {
          if (items.size() < count) {
            items.add(preview(fitter, Level.ITEM, prompts.itemPrompt(item)));
          }
        });
    return new PromptPreview(encoder.info().maxTokens(), scenarios, users, items);
  }

  private static PromptPreview.Item preview(PromptFitter fitter, Level level, Prompt prompt) {
    PromptFitter.Fitted fitted = fitter.fit(level, prompt);
    return new PromptPreview.Item(prompt.key(), fitted.text(), fitted.tokens(), fitted.dropped());
  }

  /** Returns the hash of a builder's template, as in {@link StoreInfo#template}. */
  public static String templateHash(ScenarioPromptBuilder prompts) {
    return Checksums.of(prompts.template().getBytes(UTF_8));
  }

  private StoreInfo wanted() {
    return StoreInfo.empty(
        StoreInfo.Encoder.of(encoder.info()),
        templateHash(prompts),
        settings.precision(),
        source,
        settings.minInteractions(),
        settings.leakFutureInteractions(),
        settings.plugins(),
        settings.configured());
  }

  private static boolean isZero(float[] vector) {
    for (float number : vector) {
      if (number != 0) {
        return false;
      }
    }
    return true;
  }

  /** A prompt that waits to be encoded. */
  @SuppressWarnings("ArrayRecordComponent") // A hash, never compared here.
  private record Waiting(byte[] hash, PromptFitter.Fitted fitted) {}

  /** One filling, with its counts. */
  private final class Run implements PromptSink {
    private final StoreWriter writer;
    private final @Nullable KnowledgeStore sibling;
    private final Progress progress;
    private final PromptFitter fitter = new PromptFitter(encoder);
    private final List<Waiting> waiting = new ArrayList<>();
    private long total;
    private long encoded;
    private long kept;
    private long belowThreshold;
    private long shortened;
    private long dropped;
    private long tokens;
    private long encodingNanos;
    private long zeros;
    private @Nullable String firstZero;

    Run(StoreWriter writer, @Nullable KnowledgeStore sibling, Progress progress) {
      this.writer = writer;
      this.sibling = sibling;
      this.progress = progress;
    }

    void start(long prompts) {
      total = prompts;
      report();
    }

    @Override
    public void leaveOut() {
      belowThreshold++;
    }

    @Override
    public void add(Level level, Prompt prompt) {
      endWhenAsked();
      byte[] hash = Hashes.of(prompt);
      if (writer.holds(level, prompt.key(), hash)) {
        kept++;
        return;
      }
      if (sibling != null && copy(sibling.level(level), level, prompt.key(), hash)) {
        kept++;
        return;
      }
      waiting.add(new Waiting(hash, fitter.fit(level, prompt)));
      if (waiting.size() == WINDOW) {
        encodeWaiting(level);
      }
    }

    /** Takes the vector of the same prompt from another store; returns whether it was there. */
    private boolean copy(StoredLevel from, Level level, String key, byte[] hash) {
      if (!from.holds(key, hash)) {
        return false;
      }
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
      return true;
    }

    @Override
    public void end(Level level) {
      encodeWaiting(level);
    }

    /** Encodes the waiting prompts, those of about equal length together. */
    private void encodeWaiting(Level level) {
      waiting.sort(Comparator.comparingInt((Waiting prompt) -> prompt.fitted().tokens()));
      for (int from = 0; from < waiting.size(); from += CALL) {
        endWhenAsked();
        encode(level, waiting.subList(from, Math.min(from + CALL, waiting.size())));
        report();
      }
      waiting.clear();
      report();
    }

    ExtractionResult result(StoreInfo info) {
      if (zeros > 0 && !encoder.readsKeys()) {
        LOG.warn(
            "{} prompts got a vector of zeros from {}, which tells nothing of them; the first is that"
                + " of {}. Look at it with --dry-run.",
            zeros,
            encoder.info().model(),
            firstZero);
      }
      return new ExtractionResult(
          info,
          encoded,
          kept,
          belowThreshold,
          shortened,
          dropped,
          tokens,
          encodingNanos / 1e9,
          null);
    }

    /** Encodes prompts; where a call of several fails for good, one by one up to the culprit. */
    private void encode(Level level, List<Waiting> batch) {
      long start = System.nanoTime();
      List<Knowledge> answers;
      try {
        answers = encoder.encode(batch.stream().map(prompt -> prompt.fitted().text()).toList());
      } catch (MsrException e) {
        endWhenAsked(); // It gave up waiting.
        if (batch.size() == 1 || e.retryable()) {
          throw named(level, batch, e);
        }
        batch.forEach(prompt -> encode(level, List.of(prompt)));
        return;
      }
      encodingNanos += System.nanoTime() - start;
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
      if (isZero(answer.vector())) {
        zeros++;
        firstZero = firstZero == null ? name(level, prompt) : firstZero;
      }
      PromptFitter.Fitted fitted = prompt.fitted();
      append(
          level,
          new StoredKnowledge(
              fitted.prompt().key(),
              prompt.hash(),
              answer.vector(),
              answer.text(),
              fitted.tokens(),
              fitted.dropped()));
      encoded++;
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
      progress.detail(kept + belowThreshold, speed);
      progress.update(encoded + kept + belowThreshold, total);
    }
  }
}
