package org.llm4msr.tck;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.tck.harness.Finding;
import org.llm4msr.tck.harness.KitContext;
import org.llm4msr.tck.harness.WatchedEncoder;
import org.llm4msr.tck.rule.Rule;

/**
 * The rules of an encoder's output, and the encoder that all rules of {@link
 * KnowledgeEncoderConformance} use.
 */
abstract class EncodingConformance extends PluginConformance<KnowledgeEncoderFactory<?>> {

  @TempDir
  @SuppressWarnings("NullAway.Init")
  private Path temporary;

  @TempDir
  @SuppressWarnings("NullAway.Init")
  private Path scratch;

  private @Nullable WatchedEncoder watched;

  EncodingConformance() {
    super(KnowledgeEncoderFactory.class);
  }

  /**
   * Returns the folder that paths in {@link #settings} are relative to; by default an empty one.
   */
  protected Path base() {
    return temporary;
  }

  /** Returns at least three short texts that the model must distinguish. */
  protected List<String> texts() {
    return List.of(
        "This user likes science fiction films and walks in the woods.",
        "In the scenario search there are 1,234 users, 56 items and 7.5 % positives.",
        "用户喜欢科幻电影",
        "clicked: Alien; Solaris; Stalker; Dune; Arrival; Interstellar; Gravity; Contact; Moon",
        "A cat.");
  }

  @Override
  final String lastExchange() {
    WatchedEncoder encoder = watched;
    return encoder == null ? "" : encoder.last();
  }

  final WatchedEncoder create() {
    return create(config());
  }

  final WatchedEncoder create(Record config) {
    WatchedEncoder made =
        new WatchedEncoder(create(factory(), config, KitContext.files(base(), scratch)));
    watched = made;
    return made;
  }

  private <C extends Record> KnowledgeEncoder create(
      KnowledgeEncoderFactory<C> factory, Record config, EncoderContext context) {
    return factory.create(factory.configType().cast(config), context);
  }

  final KnowledgeEncoder counter() {
    return counter(factory(), config(), KitContext.files(base(), scratch));
  }

  private <C extends Record> KnowledgeEncoder counter(
      KnowledgeEncoderFactory<C> factory, Record config, EncoderContext context) {
    return factory.counter(factory.configType().cast(config), context);
  }

  @Override
  final void use() {
    try (KnowledgeEncoder encoder = create()) {
      texts().forEach(encoder::countTokens);
      encoder.encode(texts());
      encoder.info();
    }
  }

  static Knowledge only(KnowledgeEncoder encoder, String text) {
    return encoder.encode(List.of(text)).get(0);
  }

  static void unlessClose(String description, Knowledge expected, Knowledge actual) {
    Finding.unlessEqual(
        "length of the vector of " + description, expected.vector().length, actual.vector().length);
    for (int i = 0; i < expected.vector().length; i++) {
      Finding.unlessClose(
          "number " + i + " of the vector of " + description,
          expected.vector()[i],
          actual.vector()[i]);
    }
    Finding.unlessEqual(
        "generated text of " + description, "" + expected.text(), "" + actual.text());
  }

  /** The output. */
  @Nested
  class Answers {

    @Rule(
        id = "ENCODER-10",
        says = "gives every text a vector of K finite numbers",
        checkFirst = {
          "info().dimension() is what the model returns, not what its documentation says",
          "one answer per text"
        })
    final void givesVectors() {
      try (KnowledgeEncoder encoder = create()) {
        List<Knowledge> answers = encoder.encode(texts());
        Finding.unlessEqual("answers", texts().size(), answers.size());
        for (Knowledge answer : answers) {
          Finding.unlessEqual(
              "length of a vector", encoder.info().dimension(), answer.vector().length);
          Finding.unlessFinite("vector", answer.vector());
        }
      }
    }

    @Rule(
        id = "ENCODER-11",
        says = "answers a call without texts with no answers",
        checkFirst = {"an empty batch never reaches the model or the server"})
    final void answersNothing() {
      try (KnowledgeEncoder encoder = create()) {
        Finding.unlessEqual("answers", 0, encoder.encode(List.of()).size());
      }
    }

    @Rule(
        id = "ENCODER-12",
        says = "gives different texts different vectors",
        checkFirst = {
          "the state is read after the text: a fixed first token of a causal model has seen"
              + " nothing",
          "override texts() for a model of another language"
        })
    final void tellsTextsApart() {
      try (KnowledgeEncoder encoder = create()) {
        List<Knowledge> answers = encoder.encode(texts());
        Set<String> different =
            answers.stream()
                .map(answer -> Arrays.toString(answer.vector()))
                .collect(Collectors.toCollection(HashSet::new));
        Finding.unlessEqual("different vectors", answers.size(), different.size());
      }
    }

    @Rule(
        id = "ENCODER-13",
        says = "gives finite numbers for any characters",
        checkFirst = {
          "emoji, control characters and line ends occur in item texts",
          "normalising a zero vector divides by 0"
        })
    final void readsAnyCharacters() {
      List<String> unusual =
          List.of("\uD83C\uDFAC \uD83D\uDE00", "a\nb\tc\r\n", "...", "عربى", "{\"a\": \"<b>\"}");
      try (KnowledgeEncoder encoder = create()) {
        for (String text : unusual) {
          Finding.unlessFinite("vector", only(encoder, text).vector());
        }
      }
    }

    @Rule(
        id = "ENCODER-20",
        says = "gives the same call the same answers to the last bit",
        checkFirst = {
          "sampling: generate greedily, or from a seed that follows from the text",
          "dropout of a model that was not switched to inference"
        })
    final void repeats() {
      try (KnowledgeEncoder encoder = create()) {
        List<Knowledge> first = encoder.encode(texts());
        List<Knowledge> second = encoder.encode(texts());
        for (int i = 0; i < first.size(); i++) {
          Finding.unlessSame("vector " + i, first.get(i).vector(), second.get(i).vector());
          Finding.unlessEqual(
              "generated text " + i, "" + first.get(i).text(), "" + second.get(i).text());
        }
      }
    }

    @Rule(
        id = "ENCODER-21",
        says = "gives a text the same answer alone and among others, in any order",
        checkFirst = {
          "answers are in the order of the texts, also where batches are formed by length",
          "padding needs an attention mask, and position ids that do not count it",
          "dynamically quantised models take their scales from the whole batch: run each text alone"
        })
    final void neighboursDoNotMatter() {
      List<String> reversed = new ArrayList<>(texts());
      Collections.reverse(reversed);
      try (KnowledgeEncoder encoder = create()) {
        List<Knowledge> together = encoder.encode(texts());
        List<Knowledge> backward = encoder.encode(reversed);
        for (int i = 0; i < together.size(); i++) {
          unlessClose("text " + i + " alone", together.get(i), only(encoder, texts().get(i)));
          unlessClose(
              "text " + i + " in reversed order",
              together.get(i),
              backward.get(together.size() - 1 - i));
        }
      }
    }

    @Rule(
        id = "ENCODER-22",
        says = "gives the same answers when it is recreated",
        checkFirst = {"weights or projections that are drawn when the encoder is created"})
    final void isTheSameWhenMadeAnew() {
      Knowledge first;
      try (KnowledgeEncoder encoder = create()) {
        first = only(encoder, texts().get(0));
      }
      try (KnowledgeEncoder encoder = create()) {
        unlessClose("text 0 by another encoder", first, only(encoder, texts().get(0)));
      }
    }

    @Rule(
        id = "ENCODER-23",
        says = "answers a call of 64 texts, as the runtime makes them, like 64 calls",
        checkFirst = {
          "a batch or a request of limited size: cut the list, join the answers in order"
        })
    @Tag("slow")
    final void answersManyTexts() {
      List<String> many =
          IntStream.range(0, 64)
              .mapToObj(i -> texts().get(i % texts().size()) + " " + (i * 37) % 64)
              .toList();
      try (KnowledgeEncoder encoder = create()) {
        List<Knowledge> together = encoder.encode(many);
        Finding.unlessEqual("answers", many.size(), together.size());
        for (int i = 0; i < many.size(); i++) {
          unlessClose("text " + i + " of 64", only(encoder, many.get(i)), together.get(i));
        }
      }
    }
  }
}
