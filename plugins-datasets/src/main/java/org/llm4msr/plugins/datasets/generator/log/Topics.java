package org.llm4msr.plugins.datasets.generator.log;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * What items are about: topics, each in a domain and with a vocabulary of English words, so that a
 * text model can infer an item's topic from its words.
 */
public final class Topics {

  /** Share of a caption's words that come from the vocabulary of its topic. */
  private static final double TOPIC_WORDS = 0.75;

  private final List<Topic> topics;
  private final int[] commonWords;
  private final List<String> words;

  private Topics(List<Topic> topics, int[] commonWords, List<String> words) {
    this.topics = topics;
    this.commonWords = commonWords;
    this.words = words;
  }

  /** One topic; {@code words} are ids, the first four of which name third-level categories. */
  @SuppressWarnings("ArrayRecordComponent") // Read in the innermost loop; never handed out.
  public record Topic(String domain, int domainId, String name, int[] words) {}

  /** Reads the first {@code count} topics, taken from the domains in turn. */
  public static Topics load(int count) {
    Map<String, List<String[]>> byDomain = new LinkedHashMap<>();
    for (String line : lines("topics.txt")) {
      String[] parts = line.split("\\|");
      byDomain.computeIfAbsent(parts[0], domain -> new ArrayList<>()).add(parts);
    }
    Map<String, Integer> ids = new LinkedHashMap<>();
    List<List<String[]>> domains = List.copyOf(byDomain.values());
    List<Topic> topics = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int domain = i % domains.size();
      String[] parts = domains.get(domain).get(i / domains.size());
      topics.add(new Topic(parts[0], domain, parts[1], ids(parts[2], ids)));
    }
    int[] common = ids(String.join(" ", lines("common_words.txt")), ids);
    return new Topics(List.copyOf(topics), common, List.copyOf(ids.keySet()));
  }

  /** Returns how many topics there are. */
  public int size() {
    return topics.size();
  }

  /** Returns a topic. */
  public Topic get(int topic) {
    return topics.get(topic);
  }

  /** Returns all words; a word's id is its index here plus 1. */
  public List<String> words() {
    return words;
  }

  /** Returns the word of an id. */
  public String word(int id) {
    return words.get(id - 1);
  }

  /** Draws the words of a text on a topic, each at most once unless chance repeats it. */
  public int[] text(int topic, int length, RandomGenerator random) {
    int[] vocabulary = topics.get(topic).words();
    int[] text = new int[length];
    for (int i = 0; i < length; i++) {
      int[] source = random.nextDouble() < TOPIC_WORDS ? vocabulary : commonWords;
      text[i] = source[random.nextInt(source.length)];
    }
    return text;
  }

  /** Reads the words of each line of a list of vocabularies, whose names stand before them. */
  public static List<List<String>> vocabularies(String resource) {
    return lines(resource).stream()
        .map(line -> List.of(line.substring(line.lastIndexOf('|') + 1).split(" ")))
        .toList();
  }

  private static int[] ids(String text, Map<String, Integer> ids) {
    String[] words = text.split(" ");
    int[] result = new int[words.length];
    for (int i = 0; i < words.length; i++) {
      Integer id = ids.get(words[i]);
      if (id == null) {
        id = ids.size() + 1;
        ids.put(words[i], id);
      }
      result[i] = id;
    }
    return result;
  }

  private static List<String> lines(String resource) {
    try (InputStream in = Topics.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("the resource " + resource + " is not in the jar");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
