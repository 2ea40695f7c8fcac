package org.llm4msr.tck.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.tck.KitRun;
import org.llm4msr.tck.KnowledgeEncoderConformance;

/** Which exceptions are one failure, and which are several. */
class FaultZooTest {

  static class Kit extends KnowledgeEncoderConformance {
    @Override
    protected KnowledgeEncoderFactory<?> factory() {
      return new ZooEncoderFactory();
    }

    @Override
    protected List<List<String>> otherSettings() {
      return List.of(List.of("shift=7"));
    }
  }

  static class TwoSettings {
    @Nested
    class Unshifted extends Kit {}

    @Nested
    class Shifted extends Kit {
      @Override
      protected List<String> settings() {
        return List.of("shift=1");
      }
    }
  }

  static class NoFactory extends KnowledgeEncoderConformance {
    @Override
    protected KnowledgeEncoderFactory<?> factory() {
      throw new IllegalStateException(ZooTest.OUT_OF_ORDER);
    }
  }

  @AfterEach
  void heal() {
    ZooEncoderFactory.CAGE.clear();
  }

  @Test
  void numbersInAMessageMakeNoOtherFailure() {
    assertThat(failuresOf(Kit.class, new NamesTheLength()))
        .hasSize(1)
        .first()
        .asString()
        .contains("RUN-01 MUST: ", "actual:   `encode` threw IllegalArgumentException at line ");
  }

  @Test
  void anotherPlaceAnotherMessageAndAnotherTypeAreOtherFailures() {
    assertThat(failuresOf(Kit.class, new FailsInTwoPlaces())).hasSize(2);
    assertThat(failuresOf(Kit.class, new SaysTwoThings())).hasSize(2);
    assertThat(failuresOf(Kit.class, new ThrowsTwoTypes())).hasSize(2);
  }

  @Test
  void eachSettingHasItsFailure() {
    assertThat(failuresOf(TwoSettings.class, new NamesTheLength()))
        .hasSize(2)
        .allSatisfy(failure -> assertThat(failure).hasMessageStartingWith("RUN-01 MUST: "));
  }

  @Test
  void rulesThatExpectARefusalMeetTheSameFailureToo() {
    List<Throwable> failures = failuresOf(Kit.class, new HasNoServer());

    assertThat(failures).hasSize(1);
    assertThat(failures.get(0))
        .hasMessageContainingAll(
            "`encode` threw MsrException at line ", ".java: [zoo/NO_SERVER] no answer");
  }

  @Test
  void aFailureBesideAnotherThreadNamesBoth() {
    List<Throwable> failures = failuresOf(Kit.class, new FailsInAnotherThread());

    assertThat(failures).hasSize(1);
    assertThat(failures.get(0))
        .hasMessageStartingWith("ENCODER-40 MUST: ")
        .hasMessageContaining("beside another thread: java.lang.IllegalStateException: ")
        .hasMessageContaining("(`encode` threw IllegalStateException at line ");
  }

  @Test
  void aFactoryThatCannotBeMadeFails() {
    assertThat(KitRun.of(NoFactory.class).failures())
        .hasSize(1)
        .first()
        .asString()
        .contains("`factory` threw IllegalStateException at line ");
  }

  private static List<Throwable> failuresOf(Class<?> kit, SoundEncoder encoder) {
    ZooEncoderFactory.CAGE.put(() -> encoder);
    return KitRun.ofQuick(kit).failures();
  }

  /** Spoils the texts of a call. */
  private abstract static class Spoilt extends SoundEncoder {
    abstract List<String> spoilt(List<String> texts);

    @Override
    public List<Knowledge> encode(List<String> texts) {
      return super.encode(spoilt(texts));
    }
  }

  private static final class NamesTheLength extends Spoilt {

    private final AtomicLong address = new AtomicLong(0x7f3a_51c0_2000L);

    @Override
    List<String> spoilt(List<String> texts) {
      throw new IllegalArgumentException(
          "call @%x of %d texts".formatted(address.addAndGet(64), texts.size()));
    }
  }

  private static final class FailsInTwoPlaces extends Spoilt {
    @Override
    List<String> spoilt(List<String> texts) {
      if (texts.size() == 1) {
        throw new IllegalStateException(ZooTest.OUT_OF_ORDER);
      }
      throw new IllegalStateException(ZooTest.OUT_OF_ORDER);
    }
  }

  private static final class SaysTwoThings extends Spoilt {
    @Override
    List<String> spoilt(List<String> texts) {
      throw new IllegalStateException(texts.size() == 1 ? "one text" : "many texts");
    }
  }

  private static final class ThrowsTwoTypes extends Spoilt {
    @Override
    List<String> spoilt(List<String> texts) {
      throw texts.size() == 1 ? new IllegalStateException() : new IllegalArgumentException();
    }
  }

  private static final class HasNoServer extends Spoilt {
    @Override
    List<String> spoilt(List<String> texts) {
      throw new MsrException(ErrorType.USER, "zoo/NO_SERVER", "no answer");
    }
  }

  private static final class FailsInAnotherThread extends Spoilt {
    @Override
    List<String> spoilt(List<String> texts) {
      if (Thread.currentThread().getName().startsWith("conformance-")) {
        throw new IllegalStateException(ZooTest.OUT_OF_ORDER);
      }
      return texts;
    }
  }
}
