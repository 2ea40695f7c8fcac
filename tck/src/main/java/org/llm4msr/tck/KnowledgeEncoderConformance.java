package org.llm4msr.tck;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.tck.harness.Finding;
import org.llm4msr.tck.harness.FolderContent;
import org.llm4msr.tck.harness.LongText;
import org.llm4msr.tck.harness.TwoThreads;
import org.llm4msr.tck.rule.RequirementLevel;
import org.llm4msr.tck.rule.Rule;

/**
 * The rules of knowledge encoders. Extend it and name the factory; every rule makes an encoder and
 * closes it:
 *
 * <pre>{@code
 * class MyEncoderTest extends KnowledgeEncoderConformance {
 *   @Override
 *   protected KnowledgeEncoderFactory<?> factory() {
 *     return new MyEncoderFactory();
 *   }
 *
 *   @Override
 *   protected List<String> settings() {
 *     return List.of("model=tiny", "maxTokens=128");
 *   }
 * }
 * }</pre>
 *
 * An encoder that asks a server is tested against one that the test starts on the loopback
 * interface. A failure shows the last exchange.
 */
public abstract class KnowledgeEncoderConformance extends EncodingConformance {

  /** The words in which the two long texts differ; no tokenizer gives both the same tokens. */
  private static final List<String> ENDINGS = List.of("river", "seven");

  /** Room for an ending, in words of the filler. */
  private static final int ENDING_ROOM = 9;

  /** Makes the kit. */
  protected KnowledgeEncoderConformance() {}

  /**
   * Returns settings as in {@link #settings}, each of which gives other vectors; without them
   * ENCODER-06 has nothing to compare.
   */
  protected List<List<String>> otherSettings() {
    return List.of();
  }

  /** The description of the encoder. */
  @Nested
  class Identity {

    @Rule(
        id = "ENCODER-01",
        says = "says which model it is, what state it returns, K and the limit of tokens",
        checkFirst = {
          "model, revision and state are not blank; they are part of the store's key",
          "checksum is the SHA-256 of the weights, or of what identifies them: 64 hexadecimal"
              + " digits",
          "dimension and maxTokens are above 0"
        })
    final void saysWhatItIs() {
      try (KnowledgeEncoder encoder = create()) {
        EncoderInfo info = encoder.info();
        Finding.unless(
            Stream.of(info.model(), info.revision(), info.state()).noneMatch(String::isBlank),
            "a model, a revision and a state",
            info);
        Finding.unless(
            info.checksum().matches("[0-9a-fA-F]{64}"),
            "a checksum of 64 hexadecimal digits",
            "'" + info.checksum() + "'");
        Finding.unless(
            info.dimension() > 0 && info.maxTokens() > 0, "a dimension and a limit above 0", info);
      }
    }

    @Rule(
        id = "ENCODER-02",
        says = "describes itself the same way whenever it is asked or recreated",
        checkFirst = {
          "no clock, counter, host name or path in info(): the store would be refilled",
          "a server that swaps its model needs a new revision"
        })
    final void saysTheSame() {
      EncoderInfo first;
      try (KnowledgeEncoder encoder = create()) {
        first = encoder.info();
        Finding.unlessEqual("when asked again", first, encoder.info());
      }
      try (KnowledgeEncoder encoder = create()) {
        Finding.unlessEqual("when made again", first, encoder.info());
      }
    }

    @Rule(
        id = "ENCODER-03",
        says = "leaves the folder of the configuration as it was",
        checkFirst = {"temporaries belong into context.scratch(), which the runtime deletes"})
    final void writesToScratchAlone() {
      FolderContent before = FolderContent.of(base());
      try (KnowledgeEncoder encoder = create()) {
        encoder.encode(texts());
      }
      Finding.unlessEqual("after a run,", before, FolderContent.of(base()));
    }

    @Rule(
        id = "ENCODER-04",
        level = RequirementLevel.SHOULD,
        says = "may be closed twice",
        checkFirst = {"close() frees natives and pools once, and does nothing the second time"})
    final void closesTwice() {
      KnowledgeEncoder encoder = create();
      encoder.encode(texts());
      encoder.close();
      encoder.close();
    }

    @Rule(
        id = "ENCODER-05",
        says = "finds nothing missing, in check, in settings that it can be created from",
        checkFirst = {
          "check(config, base) looks for the files that create opens, where create looks for them",
          "a service need not be up when a configuration is checked"
        })
    final void checksWhatItIsMadeFrom() {
      create().close();
      check(factory());
    }

    @Rule(
        id = "ENCODER-06",
        says = "describes itself differently wherever settings give other vectors",
        checkFirst = {
          "every setting that changes vectors is reflected in model, revision, checksum or"
              + " state: vectors"
              + " of other settings are kept where these are as before",
          "otherSettings() of the test names such settings"
        })
    final void tellsSettingsApart() {
      EncoderInfo info;
      List<Knowledge> answers;
      try (KnowledgeEncoder encoder = create()) {
        info = encoder.info();
        answers = encoder.encode(texts());
      }
      for (List<String> other : otherSettings()) {
        try (KnowledgeEncoder changed = create(config(other))) {
          Finding.unless(
              !sameVectors(answers, changed.encode(texts())),
              "other vectors with " + other,
              "the same");
          Finding.unless(
              !changed.info().equals(info), "something else of itself with " + other, info);
        }
      }
    }

    private static boolean sameVectors(List<Knowledge> first, List<Knowledge> other) {
      return IntStream.range(0, first.size())
          .allMatch(i -> Arrays.equals(first.get(i).vector(), other.get(i).vector()));
    }

    @Rule(
        id = "ENCODER-07",
        says = "gives vectors of the length that its settings state, if they do",
        checkFirst = {"dimension(config) is empty where only the model or a service tells K"})
    final void hasTheStatedDimension() {
      try (KnowledgeEncoder encoder = create()) {
        int dimension = encoder.info().dimension();
        Finding.unlessEqual(
            "from dimension(config),", dimension, dimension(factory()).orElse(dimension));
      }
    }

    private <C extends Record> OptionalInt dimension(KnowledgeEncoderFactory<C> factory) {
      return factory.dimension(factory.configType().cast(config()));
    }

    private <C extends Record> void check(KnowledgeEncoderFactory<C> factory) {
      factory.check(factory.configType().cast(config()), base());
    }
  }

  /** The limit, and how tokens are counted. */
  @Nested
  class Tokens {

    @Rule(
        id = "ENCODER-30",
        says = "counts the same tokens at every call, and not fewer for a longer text",
        checkFirst = {
          "special tokens count too",
          "truncation must be off in the tokenizer that counts",
          "the runtime drops history items by halving, and relies on this order"
        })
    final void countsTokens() {
      try (KnowledgeEncoder encoder = create()) {
        int before = 0;
        for (int words = 1; words <= 12; words++) {
          String text = LongText.words(words);
          int tokens = encoder.countTokens(text);
          Finding.unless(
              tokens > 0 && tokens >= before,
              "at least " + Math.max(1, before) + " tokens of " + words + " words",
              tokens);
          Finding.unlessEqual("tokens at the second call", tokens, encoder.countTokens(text));
          before = tokens;
        }
      }
    }

    @Rule(
        id = "ENCODER-31",
        says = "encodes a text as long as its limit",
        checkFirst = {
          "countTokens and encode count alike, special tokens included",
          "maxTokens leaves room for what is generated"
        })
    final void readsUpToItsLimit() {
      try (KnowledgeEncoder encoder = create()) {
        Finding.unlessFinite("vector", only(encoder, LongText.longest(encoder)).vector());
      }
    }

    @Rule(
        id = "ENCODER-32",
        says = "refuses a text over its limit with the code knowledge/PROMPT_TOO_LONG",
        checkFirst = {
          "truncation must be off: encoders never cut text",
          "MsrException of type USER, also where a server refuses"
        })
    final void refusesOverItsLimit() {
      MsrException refusal = refusal();
      if (refusal == null) {
        throw new Finding("a refusal", "an answer");
      }
      Finding.about(
          refusal,
          () -> {
            Finding.unlessEqual("the code", LongText.TOO_LONG, refusal.code());
            Finding.unlessEqual("the type", ErrorType.USER, refusal.type());
          });
    }

    @Rule(
        id = "ENCODER-33",
        level = RequirementLevel.SHOULD,
        says = "states the number of tokens and the limit in its refusal",
        checkFirst = {"how many tokens the text has, how many are read, which text of the call"})
    final void refusesInNumbers() {
      MsrException refusal = refusal();
      if (refusal == null) {
        return; // ENCODER-32 finds that.
      }
      try (KnowledgeEncoder encoder = create()) {
        int limit = encoder.info().maxTokens();
        int tokens = encoder.countTokens(LongText.tooLong(encoder));
        String message = "" + refusal.getMessage();
        for (int number : List.of(tokens, limit)) {
          Finding.about(
              refusal,
              () ->
                  Finding.unless(
                      message.contains("" + number),
                      "a message with the number " + number,
                      message));
        }
      }
    }

    private @Nullable MsrException refusal() {
      try (KnowledgeEncoder encoder = create()) {
        encoder.encode(List.of(texts().get(0), LongText.tooLong(encoder)));
        return null;
      } catch (MsrException e) {
        return e;
      }
    }

    @Rule(
        id = "ENCODER-34",
        says = "reads a text to its end",
        checkFirst = {
          "a tokenizer or a server that cuts silently, below the limit that info() states"
        })
    final void readsToTheEnd() {
      try (KnowledgeEncoder encoder = create()) {
        String start = LongText.words(Math.max(1, LongText.mostWords(encoder) - ENDING_ROOM));
        List<Knowledge> answers =
            encoder.encode(ENDINGS.stream().map(end -> start + " " + end).toList());
        float[] first = answers.get(0).vector();
        Finding.unless(
            !Arrays.equals(first, answers.get(1).vector()),
            "another vector for another last word",
            "the same, of texts that begin with " + start.length() + " equal characters");
      }
    }

    @Rule(
        id = "ENCODER-35",
        says = "counts the same tokens, up to the same limit, where it never encodes",
        checkFirst = {
          "counter(config, context) uses the tokenizer, model, state and maxTokens of create"
        })
    final void countsWithoutItsModel() {
      try (KnowledgeEncoder encoder = create();
          KnowledgeEncoder counter = counter()) {
        for (String text : texts()) {
          Finding.unlessEqual(
              "tokens of '" + text + "'", encoder.countTokens(text), counter.countTokens(text));
        }
        EncoderInfo info = encoder.info();
        EncoderInfo counting = counter.info();
        Finding.unlessEqual("the model", info.model(), counting.model());
        Finding.unlessEqual("the state", info.state(), counting.state());
        Finding.unlessEqual("the limit", info.maxTokens(), counting.maxTokens());
      }
    }
  }

  /** Concurrent calls. */
  @Nested
  class Threads {

    @Rule(
        id = "ENCODER-40",
        says =
            "encodes for two threads as for one: at once if it declares threadSafe, else in turn",
        checkFirst = {
          "threadSafe: buffers of one call in fields, or a tokenizer that is not safe",
          "not threadSafe: nothing may be bound to the thread that created the encoder"
        })
    final void encodesForTwoThreads() throws InterruptedException {
      List<List<String>> calls = List.of(texts(), texts().subList(0, 2));
      try (KnowledgeEncoder encoder = create()) {
        List<List<Knowledge>> alone = calls.stream().map(encoder::encode).toList();
        TwoThreads.Work work =
            (thread, round) -> {
              List<Knowledge> beside = encoder.encode(calls.get(thread));
              for (int i = 0; i < beside.size(); i++) {
                unlessClose(
                    "text " + i + " beside another thread",
                    alone.get(thread).get(i),
                    beside.get(i));
              }
            };
        new TwoThreads(4, encoder.info().threadSafe() ? work : work.inTurn()).run();
      }
    }

    @Rule(
        id = "ENCODER-41",
        says = "counts tokens for several threads at once",
        checkFirst = {"countTokens is safe for several threads, whatever threadSafe says"})
    final void countsForTwoThreads() throws InterruptedException {
      List<String> two = texts().subList(0, 2);
      try (KnowledgeEncoder encoder = create()) {
        List<Integer> alone = two.stream().map(encoder::countTokens).toList();
        new TwoThreads(
                50,
                (thread, round) ->
                    Finding.unlessEqual(
                        "tokens of text " + thread + " beside another thread",
                        alone.get(thread),
                        encoder.countTokens(two.get(thread))))
            .run();
      }
    }
  }
}
