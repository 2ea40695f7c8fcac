package org.llm4msr.plugins.llm.decoder;

import java.util.List;
import java.util.function.Function;
import java.util.stream.LongStream;

/** Tokens around every text. */
record Frame(List<Long> before, List<Long> after) {

  /**
   * Reads {@code tokenizer_config.json} by the rules of transformers' {@code LlamaTokenizer}.
   *
   * @param tokens by key, {@code bos_token} or {@code eos_token}
   */
  static Frame of(ModelJson settings, Function<String, List<Long>> tokens) {
    return new Frame(
        settings.flag("add_bos_token", true) ? tokens.apply("bos_token") : List.of(),
        settings.flag("add_eos_token", false) ? tokens.apply("eos_token") : List.of());
  }

  long[] around(long[] tokens) {
    LongStream.Builder all = LongStream.builder();
    before.forEach(all::add);
    LongStream.of(tokens).forEach(all::add);
    after.forEach(all::add);
    return all.build().toArray();
  }
}
