package org.llm4msr.runtime.knowledge.extraction;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.Prompt;
import org.llm4msr.api.knowledge.ScenarioPromptBuilder;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.data.prepared.TrainingLog;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;
import org.llm4msr.runtime.knowledge.store.StoreInfo;
import org.llm4msr.runtime.knowledge.store.StoredLevel;

/** Inspects a store: what it holds, and what lies near what. It scans, so it needs no index. */
public final class KnowledgeInspection {

  private final KnowledgeStore store;
  private final TrainingLog log;
  private final ScenarioPromptBuilder prompts;

  /**
   * Makes an inspection.
   *
   * @param log the training log from which the store was filled
   * @param prompts the builder with which the store was filled; it rebuilds the prompts to show
   */
  public KnowledgeInspection(KnowledgeStore store, TrainingLog log, ScenarioPromptBuilder prompts) {
    this.store = requireNonNull(store, "store is null");
    this.log = requireNonNull(log, "log is null");
    this.prompts = requireNonNull(prompts, "prompts is null");
  }

  /** A summary of all levels. */
  public record Summary(
      StoreInfo info, LevelSummary scenarios, LevelSummary users, LevelSummary items) {

    /** Returns the summary in words: encoder, a table of the levels, and who has no vector. */
    public String text() {
      return InspectionText.of(this);
    }
  }

  /**
   * One level.
   *
   * @param count vectors
   * @param norm Euclidean lengths
   * @param tokens tokens of the prompts
   * @param meanCosine mean cosine between two vectors: near 1, they hardly distinguish their keys
   * @param shortened prompts that lost history
   * @param droppedHistory history items they lost
   */
  public record LevelSummary(
      long count,
      Range norm,
      Range tokens,
      double meanCosine,
      long shortened,
      long droppedHistory) {}

  /** Smallest, mean and largest of some numbers; NaN if there are none. */
  public record Range(double min, double mean, double max) {}

  /**
   * A key with its nearest neighbours.
   *
   * @param key the key
   * @param prompt its prompt
   * @param generated what the model answered, or null
   * @param neighbours the nearest others, nearest first
   */
  public record Neighbourhood(
      String key, String prompt, @Nullable String generated, List<Neighbour> neighbours) {

    public Neighbourhood {
      neighbours = List.copyOf(neighbours);
    }

    /** Returns the key, and its neighbours with their cosines, prompts and answers. */
    public String text() {
      return InspectionText.of(this);
    }
  }

  /**
   * Another key.
   *
   * @param key the key
   * @param cosine cosine between the two vectors
   * @param prompt its prompt
   * @param generated what the model answered, or null
   */
  public record Neighbour(String key, double cosine, String prompt, @Nullable String generated) {}

  /** Summarises all levels. */
  public static Summary summarize(KnowledgeStore store) {
    return new Summary(
        store.info(),
        summarize(store.level(Level.SCENARIO)),
        summarize(store.level(Level.USER)),
        summarize(store.level(Level.ITEM)));
  }

  /**
   * Finds the nearest neighbours of a key by cosine.
   *
   * @param count how many neighbours
   * @throws MsrException of type USER if the key has no knowledge
   */
  public Neighbourhood nearest(Level level, String key, int count) {
    StoredLevel stored = store.level(level);
    if (stored.find(key) < 0) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/UNKNOWN_KEY",
          "there is no knowledge of this %s. Key %s. %s"
              .formatted(
                  level.name().toLowerCase(Locale.ROOT), key, whoHasKnowledge(level, stored)));
    }
    return nearest(level, List.of(key), count).get(0);
  }

  /**
   * Finds the nearest neighbours of those keys that have knowledge, in their order.
   *
   * @param count how many neighbours of each
   */
  public List<Neighbourhood> nearest(Level level, List<String> keys, int count) {
    StoredLevel stored = store.level(level);
    Map<String, List<Ranked>> ranked = new LinkedHashMap<>();
    for (String key : keys) {
      int number = stored.find(key);
      if (number >= 0) {
        ranked.put(key, rank(stored, number, count));
      }
    }
    Set<String> wanted = new HashSet<>(ranked.keySet());
    ranked.values().stream()
        .flatMap(List::stream)
        .forEach(near -> wanted.add(stored.key(near.number())));
    Map<String, String> texts = wanted.isEmpty() ? Map.of() : texts(level, stored, wanted);
    List<Neighbourhood> found = new ArrayList<>();
    ranked.forEach(
        (key, others) ->
            found.add(
                new Neighbourhood(
                    key,
                    text(texts, key),
                    stored.text(stored.find(key)),
                    others.stream().map(near -> neighbour(near, stored, texts)).toList())));
    return found;
  }

  private static Neighbour neighbour(Ranked near, StoredLevel stored, Map<String, String> texts) {
    String key = stored.key(near.number());
    return new Neighbour(key, near.cosine(), text(texts, key), stored.text(near.number()));
  }

  private static String whoHasKnowledge(Level level, StoredLevel stored) {
    return switch (level) {
      case USER -> "Users without enough positive training rows have none.";
      case SCENARIO -> "The scenarios are " + keys(stored) + ".";
      case ITEM ->
          stored.size() == 0
              ? "Items are read where the configuration has a section knowledge.items."
              : "Items without a text have none.";
    };
  }

  /** Finds for each scenario, by key, the nearest others by cosine, without their prompts. */
  public static Map<String, List<Neighbour>> nearestScenarios(KnowledgeStore store, int count) {
    StoredLevel stored = store.level(Level.SCENARIO);
    Map<String, List<Neighbour>> nearest = new TreeMap<>();
    for (int number = 0; number < stored.size(); number++) {
      nearest.put(
          stored.key(number),
          rank(stored, number, count).stream()
              .map(near -> new Neighbour(stored.key(near.number()), near.cosine(), "", null))
              .toList());
    }
    return nearest;
  }

  private static String keys(StoredLevel stored) {
    return IntStream.range(0, stored.size())
        .mapToObj(stored::key)
        .sorted()
        .collect(Collectors.joining(", "));
  }

  private record Ranked(int number, double cosine) {}

  private static List<Ranked> rank(StoredLevel stored, int number, int count) {
    Comparator<Ranked> byCosine = Comparator.comparingDouble(Ranked::cosine);
    PriorityQueue<Ranked> best = new PriorityQueue<>(byCosine);
    float[] own = new float[stored.dimension()];
    stored.read(number, own);
    float[] other = new float[stored.dimension()];
    for (int candidate = 0; candidate < stored.size(); candidate++) {
      if (candidate != number) {
        stored.read(candidate, other);
        best.add(new Ranked(candidate, Cosines.of(own, other)));
        if (best.size() > count) {
          best.remove();
        }
      }
    }
    return best.stream().sorted(byCosine.reversed()).toList();
  }

  /** Rebuilds the prompts of some keys with the same length as when they were read. */
  private Map<String, String> texts(Level level, StoredLevel stored, Set<String> wanted) {
    Map<String, String> texts = new HashMap<>();
    switch (level) {
      case SCENARIO ->
          prompts.scenarioPrompts(log.scenarioStatistics()).stream()
              .filter(prompt -> wanted.contains(prompt.key()))
              .forEach(prompt -> texts.put(prompt.key(), asRead(prompt, stored)));
      case USER ->
          log.forEachUser(
              history -> {
                if (wanted.contains(history.user())) {
                  texts.put(history.user(), asRead(prompts.userPrompt(history), stored));
                }
              });
      case ITEM ->
          log.forEachItem(
              item -> {
                if (wanted.contains(item.item())) {
                  texts.put(item.item(), asRead(prompts.itemPrompt(item), stored));
                }
              });
    }
    return texts;
  }

  private static String asRead(Prompt prompt, StoredLevel stored) {
    int dropped = stored.droppedHistory(stored.find(prompt.key()));
    return prompt.dropOldest(Math.min(dropped, prompt.history().size())).text();
  }

  private static String text(Map<String, String> texts, String key) {
    return texts.getOrDefault(key, "");
  }

  private static LevelSummary summarize(StoredLevel stored) {
    Collector norms = new Collector();
    Collector tokens = new Collector();
    double[] sum = new double[stored.dimension()];
    float[] vector = new float[stored.dimension()];
    long shortened = 0;
    long dropped = 0;
    long directed = 0;
    for (int number = 0; number < stored.size(); number++) {
      stored.read(number, vector);
      double norm = Math.sqrt(Cosines.product(vector, vector));
      norms.add(norm);
      tokens.add(stored.tokens(number));
      shortened += stored.droppedHistory(number) > 0 ? 1 : 0;
      dropped += stored.droppedHistory(number);
      if (norm > 0) {
        directed++;
        for (int k = 0; k < sum.length; k++) {
          sum[k] += vector[k] / norm;
        }
      }
    }
    return new LevelSummary(
        stored.size(),
        norms.range(),
        tokens.range(),
        meanCosine(sum, directed),
        shortened,
        dropped);
  }

  /** Of n unit vectors with sum s: s.s is n plus the cosines of all n (n - 1) ordered pairs. */
  private static double meanCosine(double[] sum, long n) {
    double square = 0;
    for (double value : sum) {
      square += value * value;
    }
    return n < 2 ? Double.NaN : (square - n) / ((double) n * (n - 1));
  }

  private static final class Collector {
    private long count;
    private double min = Double.NaN;
    private double max = Double.NaN;
    private double sum;

    void add(double value) {
      min = count == 0 ? value : Math.min(min, value);
      max = count == 0 ? value : Math.max(max, value);
      sum += value;
      count++;
    }

    Range range() {
      return new Range(min, count == 0 ? Double.NaN : sum / count, max);
    }
  }
}
