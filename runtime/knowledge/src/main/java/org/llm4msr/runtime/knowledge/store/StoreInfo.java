package org.llm4msr.runtime.knowledge.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.config.KnowledgeConfig.Precision;
import org.llm4msr.runtime.files.Checksums;
import org.llm4msr.runtime.plugins.PluginStamp;

/**
 * A description of a knowledge store: the content of {@code store.json}.
 *
 * @param formatVersion version of the file format, {@value #FORMAT_VERSION}
 * @param identity any text that every segment repeats in its metadata, so that segments of two
 *     stores are never mixed; ours is a hash of encoder, template and precision
 * @param encoder the encoder that read the prompts
 * @param template SHA-256 of the prompt builder's template, in hexadecimal
 * @param precision the stored element type
 * @param source key of the prepared data that the prompts were made from
 * @param minInteractions users with fewer positive training rows have no prompt
 * @param leakFutureInteractions whether prompts were also made from validation and test rows: only
 *     for experiments on leakage
 * @param plugins the prompt builder and the encoder whose code filled the store, or was accepted as
 *     making the same vectors; empty if that was not recorded
 * @param settings section {@code knowledge} of the configuration that the store was filled from, by
 *     key such as {@code encoder.name}; empty if it was not recorded
 * @param content hash of the identity, the keys and the prompts of scenarios and users: equal
 *     hashes mean equal vectors; empty until complete
 * @param complete whether every scenario and user that should have knowledge has it
 * @param scenarios scenarios with knowledge; counted when complete
 * @param users users with knowledge; counted when complete
 * @param items items with knowledge; counted when complete, 0 where items were never read
 * @param itemSource key of the prepared data whose items were last read; empty where none were, or
 *     not to the end
 * @param itemContent hash as {@code content}, of the items
 */
public record StoreInfo(
    int formatVersion,
    String identity,
    Encoder encoder,
    String template,
    Precision precision,
    String source,
    int minInteractions,
    boolean leakFutureInteractions,
    List<PluginStamp> plugins,
    Map<String, String> settings,
    String content,
    boolean complete,
    long scenarios,
    long users,
    long items,
    String itemSource,
    String itemContent) {

  /** The format that this release reads and writes. */
  public static final int FORMAT_VERSION = 1;

  public StoreInfo {
    requireNonNull(identity, "identity is null");
    requireNonNull(encoder, "encoder is null");
    requireNonNull(template, "template is null");
    requireNonNull(precision, "precision is null");
    requireNonNull(source, "source is null");
    // Older stores do not record these three.
    plugins = plugins == null ? List.of() : List.copyOf(plugins);
    settings = settings == null ? Map.of() : new TreeMap<>(settings);
    content = content == null ? "" : content;
    // Those that do not record these read all levels at once.
    itemSource = itemSource == null ? (items > 0 ? source : "") : itemSource;
    itemContent = itemContent == null ? (items > 0 ? content : "") : itemContent;
  }

  /**
   * The identity of an encoder, as in {@link EncoderInfo}.
   *
   * @param model name of the model
   * @param revision its revision
   * @param checksum SHA-256 of its weights
   * @param state which state is returned
   * @param dimension K
   * @param maxTokens the longest prompt
   */
  public record Encoder(
      String model, String revision, String checksum, String state, int dimension, int maxTokens) {

    public static Encoder of(EncoderInfo info) {
      return new Encoder(
          info.model(),
          info.revision(),
          info.checksum(),
          info.state(),
          info.dimension(),
          info.maxTokens());
    }
  }

  /** Describes a store that is still empty. */
  public static StoreInfo empty(
      Encoder encoder,
      String template,
      Precision precision,
      String source,
      int minInteractions,
      boolean leakFutureInteractions,
      List<PluginStamp> plugins,
      Map<String, String> settings) {
    String identity = Checksums.of((encoder + "\n" + template + "\n" + precision).getBytes(UTF_8));
    return new StoreInfo(
        FORMAT_VERSION,
        identity,
        encoder,
        template,
        precision,
        source,
        minInteractions,
        leakFutureInteractions,
        plugins,
        settings,
        "",
        false,
        0,
        0,
        0,
        "",
        "");
  }

  /** Returns this with its content counted and declared complete. */
  StoreInfo completed(String content, long scenarios, long users, long items) {
    return new StoreInfo(
        formatVersion,
        identity,
        encoder,
        template,
        precision,
        source,
        minInteractions,
        leakFutureInteractions,
        plugins,
        settings,
        content,
        true,
        scenarios,
        users,
        items,
        itemSource,
        itemContent);
  }

  /**
   * Returns the description of an empty store of other vectors for the same keys.
   *
   * @param controls settings that say what was put in the place of which vectors
   */
  public StoreInfo under(Map<String, String> controls) {
    Map<String, String> all = new TreeMap<>(settings);
    all.putAll(controls);
    return new StoreInfo(
        formatVersion,
        Checksums.of((identity + "\n" + controls).getBytes(UTF_8)),
        encoder,
        template,
        Precision.FLOAT32,
        source,
        minInteractions,
        leakFutureInteractions,
        plugins,
        all,
        "",
        false,
        0,
        0,
        0,
        "",
        "");
  }

  /** Returns this, marked as leaking if it or the store that it continues leaks. */
  StoreInfo after(StoreInfo older) {
    return new StoreInfo(
        formatVersion,
        identity,
        encoder,
        template,
        precision,
        source,
        minInteractions,
        leakFutureInteractions || older.leakFutureInteractions,
        plugins,
        settings,
        content,
        complete,
        scenarios,
        users,
        items,
        itemSource,
        itemContent);
  }

  /** Returns this with the plugins whose code makes its vectors. */
  StoreInfo madeBy(List<PluginStamp> others) {
    return new StoreInfo(
        formatVersion,
        identity,
        encoder,
        template,
        precision,
        source,
        minInteractions,
        leakFutureInteractions,
        others,
        settings,
        content,
        complete,
        scenarios,
        users,
        items,
        itemSource,
        itemContent);
  }

  /** Returns this with other items, not yet counted. */
  StoreInfo withItems(String itemsOf, String contentOfItems) {
    return new StoreInfo(
        formatVersion,
        identity,
        encoder,
        template,
        precision,
        source,
        minInteractions,
        leakFutureInteractions,
        plugins,
        settings,
        content,
        complete,
        scenarios,
        users,
        items,
        itemsOf,
        contentOfItems);
  }

  /**
   * Returns the hash of what a model reads.
   *
   * @param withItems whether it reads items
   */
  public String content(boolean withItems) {
    return withItems && !itemContent.isEmpty() ? content + " " + itemContent : content;
  }

  /**
   * Returns whether two stores have the same vectors.
   *
   * @param withItems whether those of items count
   */
  public boolean hasSame(StoreInfo other, boolean withItems) {
    return identity.equals(other.identity) && content(withItems).equals(other.content(withItems));
  }

  /** Returns how many vectors a level has; counted when complete. */
  public long count(Level level) {
    return switch (level) {
      case USER -> users;
      case SCENARIO -> scenarios;
      case ITEM -> items;
    };
  }

  /** Lists how another store differs, in a user's terms; empty if it does not. */
  public List<String> differences(StoreInfo other) {
    List<String> differences = new ArrayList<>();
    add(differences, "encoder model", encoder.model(), other.encoder.model());
    add(differences, "encoder revision", encoder.revision(), other.encoder.revision());
    add(differences, "encoder weights", encoder.checksum(), other.encoder.checksum());
    add(differences, "encoder state", encoder.state(), other.encoder.state());
    add(differences, "dimension", encoder.dimension(), other.encoder.dimension());
    add(differences, "longest prompt", encoder.maxTokens(), other.encoder.maxTokens());
    add(differences, "precision", precision, other.precision());
    if (!template.equals(other.template)) {
      differences.add("another prompt template or prompt setting");
    }
    return differences;
  }

  private static void add(List<String> differences, String property, Object there, Object wanted) {
    if (!there.equals(wanted)) {
      differences.add("%s was %s and is now %s".formatted(property, there, wanted));
    }
  }
}
