package org.llm4msr.runtime.knowledge.extraction;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Progress;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.Prompt;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.knowledge.extraction.ExtractionPlan.PlannedLevel;
import org.llm4msr.runtime.knowledge.store.Hashes;
import org.llm4msr.runtime.knowledge.store.StoredLevel;

/**
 * Counts what extractions would read, and draws some of it. Extractions follow each other as they
 * would run: one takes equal prompts from the one before.
 */
final class Planner implements PromptSink {

  /** Prompts that are drawn: enough for some calls of the encoder. */
  private static final int DRAWN = 512;

  private final boolean byKey;
  private final PromptFitter fitter;
  private final long total;
  private final Progress progress;
  private final Tally tally = new Tally();
  private final Refusals refusals = new Refusals();
  private final Map<Level, long[]> sizes = new EnumMap<>(Level.class);

  /** Those whose hash is smallest, which is an even draw, and the same each time. */
  private final PriorityQueue<Drawn> drawn =
      new PriorityQueue<>(Comparator.comparing(Drawn::hash).reversed());

  private Map<Level, StoredLevel> stored = Map.of();
  private Map<String, Long> before = Map.of();
  private Map<String, Long> now = new HashMap<>();

  private long seen;

  /**
   * A prompt to read.
   *
   * @param hash of the prompt
   * @param name level and key
   * @param text its text
   * @param tokens its tokens
   */
  record Drawn(long hash, String name, String text, int tokens) {}

  Planner(KnowledgeEncoder counter, long total, Progress progress) {
    this.byKey = counter.readsKeys();
    this.fitter = new PromptFitter(counter);
    this.total = total;
    this.progress = progress;
    for (Level level : Level.values()) {
      sizes.put(level, new long[2]);
    }
  }

  /** Begins the plan of a store. */
  void begin(Map<Level, StoredLevel> there) {
    stored = there;
    before = now;
    now = new HashMap<>();
  }

  @Override
  public void leaveOut(Level level, Outcome why, String key) {
    tally.add(level, why, key);
  }

  @Override
  public void add(Level level, Prompt prompt) {
    seen++;
    byte[] digest = Hashes.of(prompt);
    long hash = ByteBuffer.wrap(digest).getLong();
    String name = name(level, prompt.key());
    Outcome outcome;
    PromptFitter.Fitted fitted = null;
    if (isStored(level, prompt.key(), digest) || Long.valueOf(hash).equals(before.get(name))) {
      outcome = Outcome.STORED;
    } else {
      fitted = fitted(level, prompt);
      outcome = fitted == null ? Outcome.REFUSED : Filling.outcome(level, fitted);
    }
    tally.add(level, outcome, prompt.key());
    if (outcome == Outcome.STORED || outcome == Outcome.READ) {
      now.put(name, hash);
    }
    if (fitted != null && outcome == Outcome.READ) {
      count(level, fitted);
      drawn.add(new Drawn(hash, name, fitted.text(), fitted.tokens()));
      if (drawn.size() > DRAWN) {
        drawn.remove();
      }
    }
    progress.update(tally.all(), total);
  }

  private boolean isStored(Level level, String key, byte[] hash) {
    StoredLevel there = stored.get(level);
    return there != null && (byKey ? there.find(key) >= 0 : there.holds(key, hash));
  }

  /** Returns null for a prompt that is too long. */
  private PromptFitter.@Nullable Fitted fitted(Level level, Prompt prompt) {
    try {
      return fitter.fit(level, prompt);
    } catch (MsrException e) {
      if (level == Level.SCENARIO || !e.code().equals(PromptFitter.TOO_LONG)) {
        throw e;
      }
      refusals.add(level, e, seen);
      return null;
    }
  }

  private static String name(Level level, String key) {
    return level.name().toLowerCase(Locale.ROOT) + " " + key;
  }

  private void count(Level level, PromptFitter.Fitted fitted) {
    long[] size = size(level);
    size[0] += fitted.tokens();
    size[1] += fitted.text().codePointCount(0, fitted.text().length());
  }

  private long[] size(Level level) {
    long[] size = sizes.get(level);
    if (size == null) {
      throw new IllegalStateException("no level " + level);
    }
    return size;
  }

  @Override
  public void end(Level level) {
    seen = 0;
  }

  PlannedLevel planned(Level level) {
    return new PlannedLevel(tally.counts(level), size(level)[0], size(level)[1]);
  }

  /** Returns the drawn prompts, in no order that their texts tell. */
  List<Drawn> drawn() {
    List<Drawn> all = new ArrayList<>(drawn);
    all.sort(Comparator.comparing(Drawn::hash));
    return all;
  }
}
