package org.llm4msr.runtime.knowledge.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
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
 *     stores are never mixed; ours is a hash of encoder, template and precision when the store was
 *     begun
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
 * @param usersWithout users that got no vector; null until complete, or if it was not recorded
 * @param itemsWithout items that got none, likewise
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
    String itemContent,
    @Nullable Without usersWithout,
    @Nullable Without itemsWithout) {

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

    /** Returns this, with what a service alone knows, where it was not asked, from another. */
    public Encoder orElse(Encoder known) {
      return dimension > 0
          ? this
          : new Encoder(
              model,
              revision.isEmpty() ? known.revision : revision,
              known.checksum,
              state,
              known.dimension,
              maxTokens);
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
        "",
        null,
        null);
  }

  /** The fields that change, for a changed copy. */
  private final class Copy {
    private String identity = StoreInfo.this.identity;
    private Precision precision = StoreInfo.this.precision;
    private boolean leaks = leakFutureInteractions;
    private List<PluginStamp> plugins = StoreInfo.this.plugins;
    private Map<String, String> settings = StoreInfo.this.settings;
    private String content = StoreInfo.this.content;
    private boolean complete = StoreInfo.this.complete;
    private long scenarios = StoreInfo.this.scenarios;
    private long users = StoreInfo.this.users;
    private long items = StoreInfo.this.items;
    private String itemSource = StoreInfo.this.itemSource;
    private String itemContent = StoreInfo.this.itemContent;
    private @Nullable Without usersWithout = StoreInfo.this.usersWithout;
    private @Nullable Without itemsWithout = StoreInfo.this.itemsWithout;

    private StoreInfo info() {
      return new StoreInfo(
          formatVersion,
          identity,
          encoder,
          template,
          precision,
          source,
          minInteractions,
          leaks,
          plugins,
          settings,
          content,
          complete,
          scenarios,
          users,
          items,
          itemSource,
          itemContent,
          usersWithout,
          itemsWithout);
    }
  }

  private StoreInfo with(Consumer<Copy> changes) {
    Copy copy = new Copy();
    changes.accept(copy);
    return copy.info();
  }

  /** Returns this with its content counted and declared complete. */
  StoreInfo completed(String content, long scenarios, long users, long items) {
    return with(
        copy -> {
          copy.content = content;
          copy.complete = true;
          copy.scenarios = scenarios;
          copy.users = users;
          copy.items = items;
        });
  }

  /**
   * Returns the description of an empty store of other vectors for the same keys.
   *
   * @param controls settings that say what was put in the place of which vectors
   */
  public StoreInfo under(Map<String, String> controls) {
    Map<String, String> all = new TreeMap<>(settings);
    all.putAll(controls);
    return with(
        copy -> {
          copy.identity = Checksums.of((identity + "\n" + controls).getBytes(UTF_8));
          copy.precision = Precision.FLOAT32;
          copy.settings = all;
          copy.content = "";
          copy.complete = false;
          copy.scenarios = 0;
          copy.users = 0;
          copy.items = 0;
          copy.itemSource = "";
          copy.itemContent = "";
          copy.usersWithout = null;
          copy.itemsWithout = null;
        });
  }

  /** Returns this, marked as leaking if it or the store that it continues leaks. */
  StoreInfo after(StoreInfo older) {
    return with(copy -> copy.leaks |= older.leakFutureInteractions);
  }

  /** Returns this as the description of a store that was begun under other settings. */
  public StoreInfo continuing(StoreInfo begun) {
    return with(copy -> copy.identity = begun.identity);
  }

  /** Returns this with the plugins whose code makes its vectors. */
  StoreInfo madeBy(List<PluginStamp> others) {
    return with(copy -> copy.plugins = others);
  }

  /** Returns this with other items, not yet counted. */
  StoreInfo withItems(String itemsOf, String contentOfItems) {
    return with(
        copy -> {
          copy.itemSource = itemsOf;
          copy.itemContent = contentOfItems;
        });
  }

  /** Returns this with the counts of those that got no vector. */
  StoreInfo without(@Nullable Without ofUsers, @Nullable Without ofItems) {
    return with(
        copy -> {
          copy.usersWithout = ofUsers;
          copy.itemsWithout = ofItems;
        });
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

  /**
   * Lists how another store differs, in a user's terms; empty if the vectors of both come from the
   * same encoder, template and precision.
   */
  public List<String> differences(StoreInfo other) {
    List<String> differences = differencesOfAll(other);
    differences.addAll(differencesByPrompt(other));
    return differences;
  }

  /** Lists the differences that make every vector another. */
  private List<String> differencesOfAll(StoreInfo other) {
    List<String> differences = new ArrayList<>();
    add(differences, "encoder model", encoder.model(), other.encoder.model());
    add(differences, "encoder revision", encoder.revision(), other.encoder.revision());
    add(differences, "encoder weights", encoder.checksum(), other.encoder.checksum());
    add(differences, "encoder state", encoder.state(), other.encoder.state());
    add(differences, "dimension", encoder.dimension(), other.encoder.dimension());
    add(differences, "precision", precision, other.precision());
    add(differences, "control", controls(), other.controls());
    return differences;
  }

  /** Returns what {@link #under} put in the place of which vectors; empty for a language model. */
  private Map<String, String> controls() {
    Map<String, String> controls = new TreeMap<>(settings);
    controls.keySet().removeIf(key -> !key.split("\\.", 2)[0].equals("control"));
    return controls;
  }

  /** Lists the differences that make another vector only where they change what is read. */
  private List<String> differencesByPrompt(StoreInfo other) {
    List<String> differences = new ArrayList<>();
    add(differences, "longest prompt", encoder.maxTokens(), other.encoder.maxTokens());
    if (!template.equals(other.template)) {
      differences.add("another prompt template or prompt setting");
    }
    return differences;
  }

  /** Returns whether the vectors of another store may lie beside those of this one. */
  public boolean isMadeAs(StoreInfo other) {
    return identity.equals(other.identity) || differences(other).isEmpty();
  }

  /**
   * Returns whether only prompts and stored rows can tell if another store would have the same
   * vectors.
   */
  public boolean mayHold(StoreInfo other) {
    return differencesOfAll(other).isEmpty() && !differencesByPrompt(other).isEmpty();
  }

  private static void add(List<String> differences, String property, Object there, Object wanted) {
    if (!there.equals(wanted)) {
      differences.add("%s was %s and is now %s".formatted(property, there, wanted));
    }
  }
}
