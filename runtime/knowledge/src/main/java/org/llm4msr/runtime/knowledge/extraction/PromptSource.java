package org.llm4msr.runtime.knowledge.extraction;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.knowledge.ItemText;
import org.llm4msr.api.knowledge.Prompt;
import org.llm4msr.api.knowledge.ScenarioPromptBuilder;
import org.llm4msr.api.knowledge.UserHistory;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.data.prepared.TrainingLog;

/** The prompts of a training log, one level after the other. */
final class PromptSource {

  private final TrainingLog log;
  private final ScenarioPromptBuilder prompts;
  private final KnowledgeExtractor.Settings settings;
  private final boolean byKey;

  /**
   * Makes a source.
   *
   * @param byKey whether vectors are looked up by key, so that items need no text
   */
  PromptSource(
      TrainingLog log,
      ScenarioPromptBuilder prompts,
      KnowledgeExtractor.Settings settings,
      boolean byKey) {
    this.log = log;
    this.prompts = prompts;
    this.settings = settings;
    this.byKey = byKey;
  }

  List<Prompt> scenarios() {
    return prompts.scenarioPrompts(log.scenarioStatistics());
  }

  /** Returns how many keys {@link #forEach} visits, with those that it leaves out. */
  long size() {
    long[] items = {0};
    if (settings.items()) {
      log.forEachItem(item -> items[0]++);
    }
    return scenarios().size() + log.users() + items[0];
  }

  void forEach(PromptSink sink) {
    scenarios().forEach(prompt -> sink.add(Level.SCENARIO, prompt));
    sink.end(Level.SCENARIO);
    log.forEachUser(
        history -> {
          Outcome outcome = outcome(history);
          if (outcome == Outcome.READ) {
            sink.add(Level.USER, prompts.userPrompt(history));
          } else {
            sink.leaveOut(Level.USER, outcome, history.user());
          }
        });
    sink.end(Level.USER);
    if (settings.items()) {
      log.forEachItem(
          item -> {
            Outcome outcome = outcome(item);
            if (outcome == Outcome.READ) {
              sink.add(Level.ITEM, prompts.itemPrompt(item));
            } else {
              sink.leaveOut(Level.ITEM, outcome, item.item());
            }
          });
      sink.end(Level.ITEM);
    }
  }

  private Outcome outcome(UserHistory history) {
    if (history.events().size() < settings.minInteractions()) {
      return Outcome.BELOW_THRESHOLD;
    }
    return settings.chosen().hasUser(history.user()) ? Outcome.READ : Outcome.LIMITED;
  }

  private Outcome outcome(ItemText item) {
    if (!byKey && item.text().isBlank()) {
      return Outcome.EMPTY;
    }
    return settings.chosen().hasItem(item.item()) ? Outcome.READ : Outcome.LIMITED;
  }

  /** Visits the users that get a prompt. */
  void forEachUser(Consumer<UserHistory> visitor) {
    log.forEachUser(
        history -> {
          if (outcome(history) == Outcome.READ) {
            visitor.accept(history);
          }
        });
  }

  /** Visits the items that get a prompt. */
  void forEachItem(Consumer<ItemText> visitor) {
    if (settings.items()) {
      log.forEachItem(
          item -> {
            if (outcome(item) == Outcome.READ) {
              visitor.accept(item);
            }
          });
    }
  }

  List<String> userKeys() {
    List<String> keys = new ArrayList<>();
    forEachUser(history -> keys.add(history.user()));
    return keys;
  }

  List<String> itemKeys() {
    List<String> keys = new ArrayList<>();
    forEachItem(item -> keys.add(item.item()));
    return keys;
  }

  /**
   * Returns the first prompts of each level.
   *
   * @throws MsrException {@code knowledge/PROMPT_TOO_LONG} if none of a level fits the encoder
   */
  PromptPreview first(int count, PromptFitter fitter, int maxTokens) {
    First scenarios = new First(Level.SCENARIO, count, fitter);
    scenarios().forEach(prompt -> scenarios.offer(() -> prompt));
    First users = new First(Level.USER, count, fitter);
    forEachUser(history -> users.offer(() -> prompts.userPrompt(history)));
    First items = new First(Level.ITEM, count, fitter);
    forEachItem(item -> items.offer(() -> prompts.itemPrompt(item)));
    return new PromptPreview(maxTokens, scenarios.found(), users.found(), items.found());
  }

  /** The first prompts of a level that fit the encoder. */
  private static final class First {
    private final Level level;
    private final int count;
    private final PromptFitter fitter;
    private final List<PromptPreview.Item> found = new ArrayList<>();
    private int tried;
    private @Nullable MsrException tooLong;

    First(Level level, int count, PromptFitter fitter) {
      this.level = level;
      this.count = count;
      this.fitter = fitter;
    }

    void offer(Supplier<Prompt> prompt) {
      if (tried < count) {
        tried++;
        try {
          PromptFitter.Fitted fitted = fitter.fit(level, prompt.get());
          found.add(
              new PromptPreview.Item(
                  fitted.prompt().key(), fitted.text(), fitted.tokens(), fitted.dropped()));
        } catch (MsrException e) {
          if (!e.code().equals(PromptFitter.TOO_LONG)) {
            throw e;
          }
          tooLong = tooLong == null ? e : tooLong;
        }
      }
    }

    List<PromptPreview.Item> found() {
      if (found.isEmpty() && tooLong != null) {
        throw tooLong;
      }
      return found;
    }
  }
}
