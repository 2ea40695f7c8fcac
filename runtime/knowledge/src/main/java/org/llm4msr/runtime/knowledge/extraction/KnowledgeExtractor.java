package org.llm4msr.runtime.knowledge.extraction;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.Prompt;
import org.llm4msr.api.knowledge.ScenarioPromptBuilder;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.config.KnowledgeConfig.Precision;
import org.llm4msr.runtime.config.loading.FlatValues;
import org.llm4msr.runtime.data.prepared.TrainingLog;
import org.llm4msr.runtime.files.Checksums;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;
import org.llm4msr.runtime.knowledge.store.StoreInfo;
import org.llm4msr.runtime.knowledge.store.StoreWriter;
import org.llm4msr.runtime.knowledge.store.StoredLevel;
import org.llm4msr.runtime.plugins.PluginStamp;

/**
 * Runs a language model on one prompt per scenario, user and item, and stores its states. Prompts
 * whose vectors are stored already are skipped, so that an interrupted run continues where it
 * stopped. Used by one thread; the encoder may use more.
 */
public final class KnowledgeExtractor {

  /** The number of prompts per level that are tried before a store is discarded. */
  private static final int TRIED = 64;

  private final PromptSource prompts;
  private final String source;
  private final String template;
  private final KnowledgeEncoder encoder;
  private final EncoderCalls calls;
  private final Settings settings;
  private final Duration forceEvery;
  private volatile boolean stopRequested;

  /**
   * What else determines the content of a store.
   *
   * @param minInteractions users with fewer positive training rows get no prompt
   * @param chosen the users and items that a limit leaves
   * @param leakFutureInteractions whether the log holds validation and test rows
   * @param items whether items are read
   * @param precision how vectors are stored
   * @param plugins the prompt builder and the encoder, as {@link StoreInfo#plugins} records them
   * @param configured the configuration, as {@link StoreInfo#settings} records it
   */
  public record Settings(
      int minInteractions,
      Chosen chosen,
      boolean leakFutureInteractions,
      boolean items,
      Precision precision,
      List<PluginStamp> plugins,
      Map<String, String> configured) {}

  /** Makes an extractor that calls the encoder itself, one call after the other. */
  public KnowledgeExtractor(
      TrainingLog log,
      String source,
      ScenarioPromptBuilder prompts,
      KnowledgeEncoder encoder,
      Settings settings,
      Duration forceEvery) {
    this(log, source, prompts, encoder, EncoderCalls.oneByOne(encoder), settings, forceEvery);
  }

  /**
   * Makes an extractor.
   *
   * @param source key of the prepared data that the log belongs to
   * @param encoder describes the model, and counts tokens
   * @param calls have it read
   * @param forceEvery time after which results are forced to the disk, between two calls of the
   *     encoder: this much is lost if the machine stops, and one call if the process is killed
   */
  public KnowledgeExtractor(
      TrainingLog log,
      String source,
      ScenarioPromptBuilder prompts,
      KnowledgeEncoder encoder,
      EncoderCalls calls,
      Settings settings,
      Duration forceEvery) {
    this.source = requireNonNull(source, "source is null");
    this.encoder = requireNonNull(encoder, "encoder is null");
    this.calls = requireNonNull(calls, "calls is null");
    this.settings = requireNonNull(settings, "settings is null");
    this.forceEvery = requireNonNull(forceEvery, "forceEvery is null");
    this.template = templateHash(prompts);
    this.prompts =
        new PromptSource(
            requireNonNull(log, "log is null"), prompts, settings, encoder.readsKeys());
  }

  /**
   * Fills the store of a folder.
   *
   * @param rebuild whether to discard the existing store
   * @param progress gets the number of finished prompts, of scenarios and users together
   * @throws MsrException with code {@code knowledge/STORE_MISMATCH} if the store was filled with
   *     another encoder, template or precision and {@code rebuild} is false, with {@code
   *     knowledge/LIMIT} if vectors that are there would be beyond the limit, with {@code
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
    // Foreseeable failures come before anything is discarded.
    if (encoder.readsKeys()) {
      encoder.expect(Level.SCENARIO, prompts.scenarios().stream().map(Prompt::key).toList());
      encoder.expect(Level.USER, prompts.userKeys());
      if (settings.items()) {
        encoder.expect(Level.ITEM, prompts.itemKeys());
      }
    } else if (rebuild) {
      preview(TRIED);
    }
    Optional<StoreInfo> there = rebuild ? Optional.empty() : KnowledgeStore.stated(folder);
    there.ifPresent(store -> requireWithinLimit(folder, store));
    try (StoreWriter writer =
        StoreWriter.open(folder, continuing(folder, there), filled(), rebuild, forceEvery)) {
      Filling filling =
          new Filling(
              encoder, calls, writer, sibling, prompts.size(), this::endWhenAsked, progress);
      prompts.forEach(filling);
      return filling.finish();
    } catch (IOException e) {
      throw KnowledgeStore.failed("fill", folder, e);
    } catch (UncheckedIOException e) {
      throw KnowledgeStore.failed(
          "fill", folder, requireNonNull(e.getCause(), "an UncheckedIOException has a cause"));
    }
  }

  /** A lower limit must not throw away what a model has read. */
  private void requireWithinLimit(Path folder, StoreInfo there) {
    List<String> differences =
        FlatValues.differences(
            "knowledge.", limits(there.settings()), limits(settings.configured()));
    if (differences.isEmpty()) {
      return;
    }
    for (Level level : filled()) {
      StoredLevel stored = KnowledgeStore.stored(folder, level, there);
      long beyond =
          IntStream.range(0, stored.size())
              .filter(number -> !settings.chosen().has(level, stored.key(number)))
              .count();
      if (beyond > 0) {
        throw new MsrException(
            ErrorType.USER,
            "knowledge/LIMIT",
            "%s, so that %,d vectors of %ss would be removed from the knowledge store. Folder %s. Raise the limit, choose another workspace, or add --rebuild to discard the store."
                .formatted(
                    String.join("; ", differences),
                    beyond,
                    level.name().toLowerCase(Locale.ROOT),
                    folder));
      }
    }
  }

  private static Map<String, String> limits(Map<String, String> settings) {
    Map<String, String> limits = new TreeMap<>(settings);
    limits.keySet().removeIf(key -> !key.startsWith("limit."));
    return limits;
  }

  /**
   * Writes all prompts as the encoder would read them; whole, if it reads keys.
   *
   * @param progress gets the number of prompts, as in {@link #extract}
   */
  public WrittenPrompts write(PromptFile file, Progress progress) {
    return file.write(
        lines -> {
          PromptWriter writer =
              new PromptWriter(lines, new PromptFitter(encoder), prompts.size(), progress);
          prompts.forEach(writer);
          return writer.result(settings.leakFutureInteractions());
        });
  }

  /**
   * Plans to fill the stores of some folders, one after the other, without encoding or writing
   * anything. The encoders need only count; what of their description is empty, a service alone
   * knows, and it is taken for that of the store.
   *
   * @param stores extractors by their folders; the first is this one
   * @param shown how many prompts of each level to show
   * @param progress gets the number of prompts, of all stores together
   */
  public DrawnPlan plan(
      Map<Path, KnowledgeExtractor> stores, boolean rebuild, int shown, Progress progress) {
    long total = stores.values().stream().mapToLong(KnowledgeExtractor::prompts).sum();
    Planner planner = new Planner(encoder, total, progress);
    List<String> mismatch = new ArrayList<>();
    stores.forEach(
        (folder, extractor) -> {
          Optional<StoreInfo> there = rebuild ? Optional.empty() : KnowledgeStore.stated(folder);
          boolean kept = there.isPresent() && extractor.fills(folder, there.get());
          if (there.isPresent() && !kept && mismatch.isEmpty()) {
            mismatch.addAll(there.get().differences(extractor.wanted(there)));
          }
          planner.begin(kept ? extractor.stored(folder, there.get()) : Map.of());
          extractor.prompts.forEach(planner);
        });
    return new DrawnPlan(
        new ExtractionPlan(
            preview(shown),
            planner.planned(Level.SCENARIO),
            planner.planned(Level.USER),
            planner.planned(Level.ITEM),
            mismatch,
            null),
        planner.drawn());
  }

  private Map<Level, StoredLevel> stored(Path folder, StoreInfo there) {
    Map<Level, StoredLevel> stored = new EnumMap<>(Level.class);
    filled().forEach(level -> stored.put(level, KnowledgeStore.stored(folder, level, there)));
    return stored;
  }

  private Set<Level> filled() {
    Set<Level> filled = EnumSet.allOf(Level.class);
    if (!settings.items()) {
      filled.remove(Level.ITEM);
    }
    return filled;
  }

  /** Returns how many keys {@link #extract} processes, including those that get no prompt. */
  public long prompts() {
    return prompts.size();
  }

  /**
   * Asks a running {@link #extract} to end after the current call of the model and to store the
   * results so far. Safe from any thread.
   */
  public void requestStop() {
    stopRequested = true;
    encoder.stopWaiting();
  }

  /**
   * Returns whether the vectors of a store are those that would be extracted from their prompts:
   * whether encoder, template and precision are the same, or differ only in what changes none of
   * the prompts that are stored.
   */
  public boolean fills(Path folder, StoreInfo there) {
    StoreInfo wanted = wanted(Optional.of(there));
    return there.differences(wanted).isEmpty()
        || (there.mayHold(wanted) && changesNone(folder, there, wanted));
  }

  private boolean changesNone(Path folder, StoreInfo there, StoreInfo wanted) {
    if (encoder.readsKeys()) {
      return true;
    }
    int before = there.encoder().maxTokens();
    int now = wanted.encoder().maxTokens();
    for (Level level : Level.values()) {
      StoredLevel stored = KnowledgeStore.stored(folder, level, there);
      for (int number = 0; before != now && number < stored.size(); number++) {
        boolean fits = stored.tokens(number) <= now;
        boolean lostHistory = stored.droppedHistory(number) > 0;
        if (!fits || (now > before && lostHistory)) {
          return false;
        }
      }
    }
    if (there.template().equals(wanted.template())) {
      return true;
    }
    ChangedPrompts changed = new ChangedPrompts(stored(folder, there));
    prompts.forEach(changed);
    return changed.count() == 0;
  }

  /**
   * Requires that a store, if there is one, can be filled further.
   *
   * @throws MsrException with code {@code knowledge/STORE_MISMATCH} as {@link #extract}
   */
  public void requireSame(Path folder) {
    try {
      StoreWriter.requireSame(folder, continuing(folder, KnowledgeStore.stated(folder)));
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

  /**
   * Returns the first {@code count} prompts of each level, without those that are too long, and
   * without encoding anything.
   *
   * @throws MsrException {@code knowledge/PROMPT_TOO_LONG} if none of a level fits the encoder
   */
  public PromptPreview preview(int count) {
    return prompts.first(count, new PromptFitter(encoder), encoder.info().maxTokens());
  }

  /** Returns the hash of a builder's template, as in {@link StoreInfo#template}. */
  public static String templateHash(ScenarioPromptBuilder prompts) {
    return Checksums.of(prompts.template().getBytes(UTF_8));
  }

  /** Describes the store that is wanted, as one that was begun earlier if it can be continued. */
  private StoreInfo continuing(Path folder, Optional<StoreInfo> there) {
    StoreInfo wanted = wanted(there);
    return there
        .filter(store -> fills(folder, store))
        .map(store -> wanted.continuing(store))
        .orElse(wanted);
  }

  private StoreInfo wanted(Optional<StoreInfo> there) {
    StoreInfo.Encoder stated = StoreInfo.Encoder.of(encoder.info());
    return StoreInfo.empty(
        there.map(store -> stated.orElse(store.encoder())).orElse(stated),
        template,
        settings.precision(),
        source,
        settings.minInteractions(),
        settings.leakFutureInteractions(),
        settings.plugins(),
        settings.configured());
  }
}
