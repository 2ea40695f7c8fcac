package org.llm4msr.server.knowledge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Level;
import org.llm4msr.server.config.FreshKnowledgeConfig;

class FreshKnowledgeTest {

  private static FreshKnowledge ofMost(long bytes) {
    return FreshKnowledge.open(new FreshKnowledgeConfig(null, null, bytes));
  }

  /** What one vector of a key takes. */
  private static long bytes(String key, int width) {
    FreshKnowledge knowledge = ofMost(Long.MAX_VALUE);
    knowledge.put(Level.USER, key, new float[width]);
    return knowledge.bytes();
  }

  @Test
  void countsFourBytesANumberAndTwoALetterOfTheKey() {
    assertThat(bytes("k", 101) - bytes("k", 1)).isEqualTo(400);
    assertThat(bytes("key", 1) - bytes("k", 1)).isEqualTo(4);
  }

  @Test
  void countsAVectorThatIsReplacedOrRemovedNoMore() {
    FreshKnowledge knowledge = ofMost(Long.MAX_VALUE);
    knowledge.put(Level.USER, "k", new float[50]);
    knowledge.put(Level.ITEM, "k", new float[3]);
    knowledge.put(Level.USER, "k", new float[7]);

    assertThat(knowledge.bytes()).isEqualTo(bytes("k", 7) + bytes("k", 3));
    assertThat(knowledge.remove(Level.USER, "k")).isTrue();
    assertThat(knowledge.remove(Level.USER, "k")).isFalse();
    assertThat(knowledge.bytes()).isEqualTo(bytes("k", 3));
    assertThat(knowledge.of(Level.USER, "k")).isNull();
    assertThat(knowledge.count(Level.ITEM)).isOne();
  }

  @Test
  void refusesWhatHasNoRoomAndKeepsWhatThereIs() {
    long one = bytes("k", 5);
    FreshKnowledge knowledge = ofMost(one);
    knowledge.put(Level.USER, "k", new float[] {1, 2, 3, 4, 5});

    assertThatThrownBy(() -> knowledge.put(Level.USER, "k", new float[6]))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("serve/KNOWLEDGE_FULL");

    assertThat(knowledge.of(Level.USER, "k")).containsExactly(1, 2, 3, 4, 5);
    assertThat(knowledge.bytes()).isEqualTo(one);
    knowledge.put(Level.USER, "k", new float[] {5, 4, 3, 2, 1});
    assertThat(knowledge.of(Level.USER, "k")).containsExactly(5, 4, 3, 2, 1);
  }

  @Test
  void takesNothingOnceItIsClosed() {
    FreshKnowledge knowledge = ofMost(Long.MAX_VALUE);
    knowledge.close();

    assertThatThrownBy(() -> knowledge.put(Level.USER, "k", new float[1]))
        .isInstanceOf(MsrException.class)
        .hasMessageContaining("serve/NOT_READY");
    assertThat(knowledge.has(Level.USER)).isFalse();
  }
}
