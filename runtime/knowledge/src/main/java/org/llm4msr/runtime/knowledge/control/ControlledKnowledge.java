package org.llm4msr.runtime.knowledge.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.config.KnowledgeControl;
import org.llm4msr.runtime.config.KnowledgeControl.Kind;
import org.llm4msr.runtime.files.Checksums;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;
import org.llm4msr.runtime.knowledge.store.StoreInfo;
import org.llm4msr.runtime.knowledge.store.StoreWriter;
import org.llm4msr.runtime.knowledge.store.StoredKnowledge;
import org.llm4msr.runtime.knowledge.store.StoredLevel;
import org.llm4msr.runtime.knowledge.vectors.KnowledgeStatistics;

/**
 * The vectors of a store as one model reads them: each level's own, or a control in their place. A
 * control depends on the keys that have a vector, on the vectors and on the seed. Safe for use by
 * several threads.
 */
public final class ControlledKnowledge {

  private final KnowledgeStore store;
  private final Map<Level, Kind> kinds = new TreeMap<>();
  private final Map<Level, Replacement> replacements = new EnumMap<>(Level.class);

  /**
   * Puts controls in the place of levels.
   *
   * @param seed of what is drawn
   * @throws MsrException of type USER where a level with one vector is to be shuffled
   */
  public ControlledKnowledge(KnowledgeStore store, KnowledgeControl control, long seed) {
    this.store = store;
    for (Level level : Level.values()) {
      Kind kind = control.of(level);
      if (kind != Kind.OFF) {
        kinds.put(level, kind);
        replacements.put(level, replacement(level, kind, new KeySeeds(seed, level)));
      }
    }
  }

  private Replacement replacement(Level level, Kind kind, KeySeeds seeds) {
    StoredLevel stored = store.level(level);
    if (kind == Kind.SHUFFLED) {
      if (stored.size() == 1) {
        throw new MsrException(
            ErrorType.USER,
            "knowledge/CONTROL",
            "knowledge.control is shuffled for the level %s, but the store %s has one vector of it, which cannot be shuffled. Control the other levels alone, for example knowledge.control: { %s: shuffled }, or use random."
                .formatted(
                    name(level),
                    store.folder(),
                    name(level == Level.USER ? Level.SCENARIO : Level.USER)));
      }
      return new Shuffled(stored, seeds);
    }
    KnowledgeStatistics statistics = KnowledgeStatistics.over(stored, store.keys(level));
    return kind == Kind.CONSTANT
        ? new Constant(statistics.mean())
        : new Gaussian(statistics, seeds);
  }

  private static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  /** Returns the store. */
  public KnowledgeStore store() {
    return store;
  }

  /** Returns the vectors of a level. */
  public KnowledgeSource level(Level level) {
    return level(level, store.level(level));
  }

  /** Returns vectors of a level from before a period, under the same control. */
  public KnowledgeSource level(Level level, KnowledgeSource earlier) {
    Replacement replacement = replacements.get(level);
    return replacement == null ? earlier : new Replaced(earlier, replacement);
  }

  /** Says which levels have which control; empty if none has any. */
  public String controls() {
    return kinds.isEmpty() ? "" : kinds.toString();
  }

  private record Replaced(KnowledgeSource uncontrolled, Replacement replacement)
      implements KnowledgeSource {

    @Override
    public int dimension() {
      return uncontrolled.dimension();
    }

    @Override
    public boolean read(String key, float[] target) {
      if (!uncontrolled.read(key, target)) {
        return false;
      }
      replacement.read(key, uncontrolled, target);
      return true;
    }
  }

  /**
   * Writes a store of what is read, for those who know of no control. It has float32 vectors, no
   * texts, and an identity of its own.
   *
   * @param target does not exist
   */
  public void write(Path target) throws IOException {
    Map<String, String> controls = new TreeMap<>();
    kinds.forEach((level, kind) -> controls.put("control." + name(level), name(kind)));
    StoreInfo info = store.info().under(controls);
    Set<Level> levels = EnumSet.allOf(Level.class);
    try (StoreWriter writer = StoreWriter.open(target, info, levels, false, Duration.ofDays(1))) {
      for (Level level : levels) {
        write(level, writer);
      }
      writer.finish(store.info().usersWithout(), store.info().itemsWithout());
    }
    Files.delete(target.resolve(StoreWriter.LOCK));
  }

  private void write(Level level, StoreWriter writer) throws IOException {
    StoredLevel stored = store.level(level);
    KnowledgeSource source = level(level);
    for (int number = 0; number < stored.size(); number++) {
      String key = stored.key(number);
      float[] vector = new float[source.dimension()];
      source.read(key, vector);
      // No prompt has this hash, so that no extraction takes the vector for that of a prompt.
      byte[] hash =
          Checksums.sha256()
              .digest((store.info().content(level == Level.ITEM) + key).getBytes(UTF_8));
      writer.declare(level, key, hash);
      writer.append(
          level,
          new StoredKnowledge(
              key, hash, vector, null, stored.tokens(number), stored.droppedHistory(number)));
    }
  }
}
