package org.llm4msr.plugins.llm;

import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.commons.codec.binary.Hex;
import org.apache.commons.codec.digest.DigestUtils;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.model.Level;
import org.llm4msr.plugins.llm.PrecomputedConfig.Missing;
import org.llm4msr.toolkit.vectors.VectorFile;
import org.llm4msr.toolkit.vectors.VectorSettings;
import org.llm4msr.toolkit.vectors.VectorTable;
import org.llm4msr.toolkit.vectors.VectorTable.Gaps;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks vectors up by key. A text is a level, such as {@code user}, and a key; one without a level
 * is a user's key.
 */
final class PrecomputedEncoder implements KnowledgeEncoder {

  private static final Logger LOG = LoggerFactory.getLogger(PrecomputedEncoder.class);

  /** The maximum length of a key, far above that of real ones. */
  private static final int LONGEST_KEY = 1024;

  private static final int NAMED = 5;

  private final PrecomputedConfig config;
  private final Map<Level, VectorTable> tables;
  private final EncoderInfo info;
  private final List<String> missed = new ArrayList<>();
  private long missing;

  private PrecomputedEncoder(
      PrecomputedConfig config, Map<Level, VectorTable> tables, String checksum) {
    this.config = config;
    this.tables = tables;
    VectorTable users = table(Level.USER);
    tables.forEach((level, table) -> requireSameDimension(users, level, table));
    this.info =
        new EncoderInfo(
            config.model(), "file", checksum, state(config), users.dimension(), LONGEST_KEY, true);
  }

  private static void requireSameDimension(VectorTable users, Level level, VectorTable other) {
    if (users.dimension() != other.dimension()) {
      throw new MsrException(
          ErrorType.DATA,
          "knowledge/WRONG_DIMENSION",
          "the vectors of users have %d numbers, those of %s %d. Files %s and %s. Use one model for all."
              .formatted(
                  users.dimension(), plural(level), other.dimension(), users.file(), other.file()));
    }
  }

  /** Describes what else determines the vectors: a change must not reuse stored ones. */
  private static String state(PrecomputedConfig config) {
    return "as stored"
        + switch (config.missing()) {
          case FAIL -> "";
          case MEAN -> ", mean for missing";
          case ZERO -> ", zeros for missing";
        }
        + (config.key() == null ? "" : ", key " + config.key())
        + (config.vector() == null ? "" : ", vector " + config.vector());
  }

  /** Reads the files once into a form in which vectors are mapped, not held in memory. */
  static PrecomputedEncoder open(PrecomputedConfig config, EncoderContext context) {
    Map<Level, VectorFile> files = files(config, context.base());
    Map<Level, VectorTable> tables = new EnumMap<>(Level.class);
    files.forEach(
        (level, file) ->
            tables.put(
                level, VectorTable.read(file, Gaps.REFUSED, context.scratch(), context.threads())));
    return new PrecomputedEncoder(config, tables, checksum(files.values()));
  }

  /** Finds the files by level, without reading them. */
  static Map<Level, VectorFile> files(PrecomputedConfig config, Path base) {
    VectorSettings settings =
        new VectorSettings(
            config.key(),
            config.vector(),
            "knowledge",
            "knowledge.encoder.users, .scenarios and .items; relative paths start at the YAML file",
            "knowledge.encoder.key and .vector");
    Map<Level, VectorFile> files = new EnumMap<>(Level.class);
    files.put(Level.USER, VectorFile.of(base.resolve(config.users()), settings));
    files.put(Level.SCENARIO, VectorFile.of(base.resolve(config.scenarios()), settings));
    if (config.items() != null) {
      files.put(Level.ITEM, VectorFile.of(base.resolve(config.items()), settings));
    }
    return files;
  }

  private static String checksum(Collection<VectorFile> files) {
    MessageDigest digest = DigestUtils.getSha256Digest();
    for (VectorFile file : files) {
      for (Path part : file.parts()) {
        try {
          DigestUtils.updateDigest(digest, part);
        } catch (IOException e) {
          throw file.notReadable(e);
        }
      }
    }
    return Hex.encodeHexString(digest.digest());
  }

  @Override
  public EncoderInfo info() {
    return info;
  }

  @Override
  public boolean readsKeys() {
    return true;
  }

  @Override
  public void expect(Level level, List<String> keys) {
    VectorTable table = table(level);
    if (config.missing() != Missing.FAIL) {
      return;
    }
    List<String> without = keys.stream().filter(key -> !table.has(key)).toList();
    if (!without.isEmpty()) {
      throw missing(without, "%,d %s".formatted(keys.size(), plural(level)), table);
    }
  }

  private static String plural(Level level) {
    return level.name().toLowerCase(Locale.ROOT) + "s";
  }

  private VectorTable table(Level level) {
    VectorTable table = tables.get(level);
    if (table == null) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/NO_FILE",
          "knowledge.items asks for the vectors of items, but knowledge.encoder names no file with them. Set knowledge.encoder.items, or remove knowledge.items.");
    }
    return table;
  }

  @Override
  public int countTokens(String text) {
    return text.length();
  }

  @Override
  public List<Knowledge> encode(List<String> texts) {
    List<Knowledge> answers = new ArrayList<>(texts.size());
    List<String> without = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      String text = texts.get(i);
      TokenLimit.check(text, i, text.length(), LONGEST_KEY);
      Level level = level(text);
      VectorTable table = table(level);
      float[] vector = new float[info.dimension()];
      if (!table.read(key(level, text), vector)) {
        without.add(text);
        if (config.missing() == Missing.MEAN) {
          table.mean(vector);
        }
      }
      answers.add(new Knowledge(vector, null));
    }
    if (!without.isEmpty()) {
      count(without, texts.size());
    }
    return answers;
  }

  private static Level level(String text) {
    for (Level level : Level.values()) {
      if (text.startsWith(KnowledgeEncoder.keyText(level, ""))) {
        return level;
      }
    }
    return Level.USER;
  }

  private static String key(Level level, String text) {
    String prefix = KnowledgeEncoder.keyText(level, "");
    return text.startsWith(prefix) ? text.substring(prefix.length()) : text;
  }

  private void count(List<String> without, int asked) {
    if (config.missing() == Missing.FAIL) {
      throw missing(
          without, "%,d keys of this call".formatted(asked), table(level(without.get(0))));
    }
    synchronized (missed) {
      missing += without.size();
      without.stream().limit(NAMED - missed.size()).forEach(missed::add);
    }
  }

  private static MsrException missing(List<String> without, String asked, VectorTable table) {
    return new MsrException(
        ErrorType.DATA,
        "knowledge/NO_VECTOR",
        "%,d of the %s have no vector: %s. File %s, whose %,d keys begin with %s. Add the vectors, or set knowledge.encoder.missing to zero or mean."
            .formatted(
                without.size(),
                asked,
                abridged(without),
                table.file(),
                table.keys().size(),
                table.keys().stream().limit(NAMED).toList()));
  }

  private static String abridged(List<String> keys) {
    return String.join(", ", keys.subList(0, Math.min(NAMED, keys.size())))
        + (keys.size() > NAMED ? ", ..." : "");
  }

  /** Reports how many keys had no vector. */
  @Override
  public void close() {
    synchronized (missed) {
      if (missing > 0) {
        LOG.warn(
            "{} keys have no vector in {} and got {}: {}{}",
            String.format(Locale.ROOT, "%,d", missing),
            tables.values().stream()
                .map(table -> String.valueOf(table.file().getFileName()))
                .collect(Collectors.joining(" and ")),
            config.missing() == Missing.MEAN ? "the mean" : "zeros",
            abridged(missed),
            missing > missed.size() ? ", ..." : "");
        missing = 0;
      }
    }
  }
}
