package org.llm4msr.runtime.data.arrow;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KeyIndexTest {

  @Test
  void numbersKeysLikeAHashMap() {
    KeyIndex index = new KeyIndex();
    Map<String, Integer> expected = new HashMap<>();
    for (int i = 0; i < 20_000; i++) {
      String key = i % 3 == 0 ? "用户" + i % 7000 : String.valueOf(i % 9000);
      expected.putIfAbsent(key, expected.size());
      assertThat(index.add(key)).isEqualTo(expected.get(key));
    }
    assertThat(index.size()).isEqualTo(expected.size());
    expected.forEach(
        (key, number) -> {
          assertThat(index.find(key)).isEqualTo(number);
          assertThat(index.key(number)).isEqualTo(key);
        });
    assertThat(index.find("")).isEqualTo(-1);
    assertThat(index.add("")).isEqualTo(expected.size());
    assertThat(index.key(index.find(""))).isEmpty();
  }
}
