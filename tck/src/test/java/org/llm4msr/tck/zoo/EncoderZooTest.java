package org.llm4msr.tck.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.tck.KitRun;
import org.llm4msr.tck.KnowledgeEncoderConformance;

/** Each flaw of an encoder breaks its rule and no other. */
class EncoderZooTest extends ZooTest<SoundEncoder> {

  static class Kit extends KnowledgeEncoderConformance {
    @Override
    protected KnowledgeEncoderFactory<?> factory() {
      return new ZooEncoderFactory();
    }

    @Override
    protected List<List<String>> otherSettings() {
      return List.of(List.of("shift=1"));
    }
  }

  private static final AtomicInteger COUNT = new AtomicInteger();

  EncoderZooTest() {
    super(Kit.class, ZooEncoderFactory.CAGE);
    flaw(
        "RUN-01",
        vectors(
            (text, vector) -> {
              throw new IllegalStateException(OUT_OF_ORDER);
            }));
    flaw("ENCODER-01", HasNoChecksum::new);
    flaw("ENCODER-02", CountsItsRevision::new);
    flaw("ENCODER-03", WritesBesideTheConfiguration::new);
    flaw("ENCODER-04", ClosesOnce::new);
    flaw("ENCODER-05", MissesWhatItDoesNotOpen::new);
    flaw("ENCODER-06", TellsNoSettings::new);
    flaw("ENCODER-07", StatesAnotherDimension::new);
    flaw("ENCODER-10", vectors((text, vector) -> Arrays.copyOf(vector, vector.length + 1)));
    flaw("ENCODER-11", NeedsAText::new);
    flaw("ENCODER-12", ReadsLongTextsAlone::new);
    flaw("ENCODER-13", notANumberForDots());
    flaw("ENCODER-20", vectors((text, vector) -> moved(vector, 1e-6f * (count() % 2))));
    flaw("ENCODER-21", () -> new MovesTheSecond(calls -> calls > 1 && calls < 10));
    flaw("ENCODER-22", StartsAnywhere::new);
    flaw("ENCODER-23", () -> new MovesTheSecond(texts -> texts > 32));
    flaw("ENCODER-30", JumpsAtFiveWords::new);
    flaw("ENCODER-31", () -> new Refuses(SoundEncoder.LIMIT - 1));
    flaw("ENCODER-32", CutsAtTheLimit::new);
    flaw("ENCODER-33", RefusesWithoutNumbers::new);
    flaw("ENCODER-34", ReadsFortyWords::new);
    flaw("ENCODER-35", CountsOtherwiseAlone::new);
    flaw("ENCODER-40", EncodesInAField::new);
    flaw("ENCODER-41", CountsInAField::new);
    leaks(SoundEncoder::new);
  }

  @Test
  void aFailureShowsTheLastExchange() {
    ZooEncoderFactory.CAGE.put(notANumberForDots());

    assertThat(KitRun.of(Kit.class).text())
        .startsWith("ENCODER-13 ")
        .contains(
            "\n"
                + "  last exchange: encode of 1 texts, the last \"...\" -> 1 answers, the last 8"
                + " numbers, first [NaN, ");
  }

  @Test
  void oneThatIsNotThreadSafeIsCalledInTurn() {
    ZooEncoderFactory.CAGE.put(EncodesInAFieldAndSaysSo::new);

    assertThat(KitRun.of(Kit.class).failures()).isEmpty();
  }

  private static int count() {
    return COUNT.incrementAndGet();
  }

  private static Supplier<SoundEncoder> notANumberForDots() {
    return vectors((text, vector) -> moved(vector, text.equals("...") ? Float.NaN : 0));
  }

  private static float[] moved(float[] vector, float by) {
    vector[0] += by;
    return vector;
  }

  private static Supplier<SoundEncoder> vectors(BiFunction<String, float[], float[]> spoil) {
    return () ->
        new SoundEncoder() {
          @Override
          float[] vector(String text) {
            return spoil.apply(text, super.vector(text));
          }
        };
  }

  private static final class HasNoChecksum extends SoundEncoder {
    @Override
    public EncoderInfo info() {
      return new EncoderInfo("sum", "1", "?", super.info().state(), K, LIMIT, true);
    }
  }

  private static final class TellsNoSettings extends SoundEncoder {
    @Override
    public EncoderInfo info() {
      return new EncoderInfo("sum", "1", "0f".repeat(32), "sum", K, LIMIT, true);
    }
  }

  private static final class ReadsLongTextsAlone extends SoundEncoder {
    @Override
    float[] vector(String text) {
      float[] none = new float[K];
      Arrays.fill(none, shift);
      return text.length() < 90 ? none : super.vector(text);
    }
  }

  private static final class CountsItsRevision extends SoundEncoder {
    @Override
    public EncoderInfo info() {
      return new EncoderInfo("sum", "" + count(), "0f".repeat(32), "sum", K, LIMIT, true);
    }
  }

  private static final class WritesBesideTheConfiguration extends SoundEncoder {
    @Override
    void start(EncoderContext context) {
      try {
        Files.writeString(context.base().resolve("cache"), "vectors");
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static final class ClosesOnce extends SoundEncoder {
    private boolean closed;

    @Override
    public void close() {
      if (closed) {
        throw new IllegalStateException("closed already");
      }
      closed = true;
    }
  }

  private static final class MissesWhatItDoesNotOpen extends SoundEncoder {
    @Override
    void check(Path base) {
      if (Files.notExists(base.resolve("model.onnx"))) {
        throw new MsrException(ErrorType.USER, "zoo/NOT_FOUND", "no model.onnx in " + base);
      }
    }
  }

  private static final class StatesAnotherDimension extends SoundEncoder {
    @Override
    OptionalInt dimension() {
      return OptionalInt.of(K + 1);
    }
  }

  private static final class CountsOtherwiseAlone extends SoundEncoder {
    @Override
    KnowledgeEncoder counter() {
      return new SoundEncoder() {
        @Override
        public int countTokens(String text) {
          return text.length();
        }
      };
    }
  }

  private static final class NeedsAText extends SoundEncoder {
    @Override
    public List<Knowledge> encode(List<String> texts) {
      texts.get(0);
      return super.encode(texts);
    }
  }

  private static final class MovesTheSecond extends SoundEncoder {
    private final java.util.function.IntPredicate when;

    MovesTheSecond(java.util.function.IntPredicate when) {
      this.when = when;
    }

    @Override
    public List<Knowledge> encode(List<String> texts) {
      List<Knowledge> answers = super.encode(texts);
      if (when.test(texts.size())) {
        moved(answers.get(1).vector(), 0.1f);
      }
      return answers;
    }
  }

  private static final class StartsAnywhere extends SoundEncoder {
    private final float start = count();

    @Override
    float[] vector(String text) {
      return moved(super.vector(text), start);
    }
  }

  private static final class JumpsAtFiveWords extends SoundEncoder {
    @Override
    public int countTokens(String text) {
      int words = super.countTokens(text);
      return words == 5 ? 10 : words;
    }
  }

  private static final class Refuses extends SoundEncoder {
    private final int above;

    Refuses(int above) {
      this.above = above;
    }

    @Override
    float[] vector(String text) {
      int tokens = words(text).size();
      if (tokens > above) {
        throw tooLong(tokens);
      }
      return super.vector(text);
    }
  }

  private static final class CutsAtTheLimit extends SoundEncoder {
    @Override
    public List<Knowledge> encode(List<String> texts) {
      List<String> cut = new ArrayList<>();
      for (String text : texts) {
        List<String> words = words(text);
        cut.add(String.join(" ", words.subList(0, Math.min(LIMIT, words.size()))));
      }
      return super.encode(cut);
    }
  }

  private static final class RefusesWithoutNumbers extends SoundEncoder {
    @Override
    MsrException tooLong(int tokens) {
      return new MsrException(ErrorType.USER, TOO_LONG, "too long");
    }
  }

  private static final class ReadsFortyWords extends SoundEncoder {
    @Override
    float[] vector(String text) {
      List<String> words = words(text);
      return super.vector(String.join(" ", words.subList(0, Math.min(40, words.size()))));
    }
  }

  private static final class EncodesInAField extends SoundEncoder {
    private final Shared shared = new Shared();

    @Override
    public List<Knowledge> encode(List<String> texts) {
      List<Knowledge> answers = super.encode(texts);
      if (shared.isAnothers()) {
        answers.forEach(answer -> moved(answer.vector(), 0.1f));
      }
      return answers;
    }
  }

  private static final class EncodesInAFieldAndSaysSo extends SoundEncoder {
    private boolean busy;

    @Override
    public EncoderInfo info() {
      return new EncoderInfo("sum", "1", "0f".repeat(32), super.info().state(), K, LIMIT, false);
    }

    @Override
    public List<Knowledge> encode(List<String> texts) {
      assertThat(busy).as("called by two threads at once").isFalse();
      busy = true;
      Thread.yield();
      List<Knowledge> answers = super.encode(texts);
      busy = false;
      return answers;
    }
  }

  private static final class CountsInAField extends SoundEncoder {
    private final Shared shared = new Shared();

    @Override
    public int countTokens(String text) {
      int tokens = super.countTokens(text);
      return shared.isAnothers() ? tokens + 1 : tokens;
    }
  }
}
