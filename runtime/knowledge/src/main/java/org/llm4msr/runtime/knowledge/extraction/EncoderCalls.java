package org.llm4msr.runtime.knowledge.extraction;

import java.util.List;
import java.util.function.Supplier;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;

/** Has an encoder read texts, some of them in each call. */
public interface EncoderCalls {

  /** Prompts that are sorted by length before calls of one encoder are made of them. */
  int WINDOW = 1024;

  /**
   * Returns how many prompts are collected, and sorted by length, before calls are made of them.
   */
  int window();

  /**
   * Makes calls.
   *
   * @param calls the texts of each
   * @param endWhenAsked throws once no further call shall be made
   * @param answered is told of each call that is done, by this thread, in any order
   */
  void make(List<List<String>> calls, Runnable endWhenAsked, Answered answered);

  /** Gets the answers of calls. */
  @FunctionalInterface
  interface Answered {

    /**
     * Gets the answers of a call.
     *
     * @param answers throws what the encoder threw
     */
    void accept(int call, Supplier<List<Knowledge>> answers);
  }

  /** Returns calls of an encoder of this process, one after the other. */
  static EncoderCalls oneByOne(KnowledgeEncoder encoder) {
    return new EncoderCalls() {
      @Override
      public int window() {
        return WINDOW;
      }

      @Override
      public void make(List<List<String>> calls, Runnable endWhenAsked, Answered answered) {
        for (int call = 0; call < calls.size(); call++) {
          endWhenAsked.run();
          List<String> texts = calls.get(call);
          answered.accept(call, () -> encoder.encode(texts));
        }
      }
    };
  }
}
