package org.llm4msr.server.knowledge;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.knowledge.extraction.LongestText;
import org.llm4msr.server.models.Models;
import org.llm4msr.server.models.ServedModel;
import org.llm4msr.server.refusal.KnowledgeRefusals;
import org.llm4msr.server.refusal.Refusals;
import org.llm4msr.serving.ranker.VectorNorms;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes knowledge for models that read it. */
public final class KnowledgeUpdates {

  private static final Logger LOG = LoggerFactory.getLogger(KnowledgeUpdates.class);

  private final Models models;
  private final FreshKnowledge knowledge;
  private final @Nullable TextEncoder encoder;
  private volatile boolean ended;

  /**
   * Takes knowledge for some models.
   *
   * @param encoder of texts; null for none
   */
  public KnowledgeUpdates(Models models, FreshKnowledge knowledge, @Nullable TextEncoder encoder) {
    this.models = models;
    this.knowledge = knowledge;
    this.encoder = encoder;
  }

  /**
   * A vector, and who reads it.
   *
   * @param readers names of models
   * @param warning what is odd about it; null if nothing is
   */
  public record Read(FreshVector fresh, List<String> readers, @Nullable String warning) {

    public Read {
      readers = List.copyOf(readers);
    }
  }

  /**
   * Returns the vector of a key.
   *
   * @throws org.llm4msr.api.MsrException {@code serve/NO_VECTOR}
   */
  public Read find(Level level, String key) {
    FreshVector found = knowledge.find(level, key);
    if (found == null) {
      throw KnowledgeRefusals.noVector(level, key);
    }
    return new Read(found, readers(level, found.vector().length), warning(level, found.vector()));
  }

  /**
   * Takes a vector.
   *
   * @throws org.llm4msr.api.MsrException {@code serve/VECTOR_SIZE} if no model reads that width,
   *     {@code serve/NOT_READ} if none reads that level, {@code data/UNKNOWN_SCENARIO} if none has
   *     it; as {@link FreshKnowledge#put}
   */
  public Read put(Level level, String key, float[] vector) {
    requireRead(level, key);
    List<String> readers = readers(level, vector.length);
    if (readers.isEmpty()) {
      throw KnowledgeRefusals.width(vector.length, widths(level));
    }
    String warning = warning(level, vector);
    FreshVector taken = knowledge.put(level, key, vector);
    if (warning != null) {
      LOG.warn("The vector of the {} '{}' was taken. {}", level, key, warning);
    }
    return new Read(taken, readers, warning);
  }

  /** A vector of another language model may be as wide, and tells models nothing they know. */
  private @Nullable String warning(Level level, float[] vector) {
    for (ServedModel model : models.all()) {
      VectorNorms norms = model.ranker().vectorNorms(level);
      if (model.ranker().vectorSize(level) == vector.length && norms != null) {
        String far = norms.warning(VectorNorms.norm(vector));
        if (far != null) {
          return "For the model %s: %s".formatted(model.name(), far);
        }
      }
    }
    return null;
  }

  /**
   * Encodes a text and takes its vector, after the texts before it.
   *
   * @param awaited whether somebody waits for the result; nothing is changed otherwise
   * @return what was taken; fails as {@link #put(Level, String, float[])}, and as {@link
   *     TextEncoder#encode}
   * @throws org.llm4msr.api.MsrException {@code serve/NO_ENCODER}, {@code serve/OTHER_ENCODER}, and
   *     as {@link TextEncoder#encode}
   */
  public CompletableFuture<Read> put(
      Level level, String key, String text, BooleanSupplier awaited) {
    requireRead(level, key);
    if (encoder == null) {
      throw KnowledgeRefusals.noEncoder();
    }
    EncoderInfo info = encoder.info();
    requireReader(info);
    requireLength(text, info);
    return encoder.encode(
        text,
        awaited,
        vector -> {
          requireReader(info); // Models may have been replaced meanwhile.
          return put(level, key, vector);
        });
  }

  private static void requireLength(String text, EncoderInfo info) {
    long most = LongestText.of(info);
    if (text.length() > most) {
      throw KnowledgeRefusals.textTooLong(text.length(), most, info.maxTokens());
    }
  }

  private void requireReader(EncoderInfo info) {
    if (models.all().stream().noneMatch(model -> model.ranker().isOf(info))) {
      throw KnowledgeRefusals.otherEncoder(info.model());
    }
  }

  /** Refuses changes from now on, with {@code serve/NOT_READY}. */
  public void end() {
    ended = true;
  }

  private void requireRead(Level level, String key) {
    if (ended || models.all().isEmpty()) {
      throw Refusals.notReady();
    }
    if (models.all().stream().allMatch(model -> model.ranker().vectorSize(level) == 0)) {
      throw KnowledgeRefusals.notRead(level);
    }
    if (level == Level.SCENARIO) {
      requireScenario(key);
    }
  }

  /** A model knows its scenarios, while users and items may be new. */
  private void requireScenario(String key) {
    Set<String> all = new TreeSet<>();
    models.all().forEach(model -> all.addAll(model.ranker().scenarios()));
    if (!all.contains(key)) {
      throw KnowledgeRefusals.noScenario(key, all);
    }
  }

  private List<String> readers(Level level, int width) {
    return models.all().stream()
        .filter(model -> model.ranker().vectorSize(level) == width)
        .map(ServedModel::name)
        .toList();
  }

  private String widths(Level level) {
    List<String> all = new ArrayList<>();
    models
        .all()
        .forEach(
            model -> {
              int width = model.ranker().vectorSize(level);
              if (width > 0) {
                all.add("the model %s reads %,d".formatted(model.name(), width));
              }
            });
    return String.join(", ", all);
  }

  /**
   * Forgets a vector.
   *
   * @throws org.llm4msr.api.MsrException {@code serve/NO_VECTOR}; as {@link FreshKnowledge#remove}
   */
  public void remove(Level level, String key) {
    if (ended) {
      throw Refusals.notReady();
    }
    if (!knowledge.remove(level, key)) {
      throw KnowledgeRefusals.noVector(level, key);
    }
  }
}
