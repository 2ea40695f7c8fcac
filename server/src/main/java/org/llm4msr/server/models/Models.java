package org.llm4msr.server.models;

import com.google.common.hash.HashFunction;
import com.google.common.hash.Hashing;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.text.Shortened;
import org.llm4msr.server.refusal.Refusals;

/** The models by name, and who gets which. */
public final class Models implements AutoCloseable {

  private static final HashFunction HASH = Hashing.murmur3_128();

  private final Map<String, ServedModel> models = new ConcurrentSkipListMap<>();

  /**
   * Serves a model from now on; it is closed with this.
   *
   * @return the one of the same name that was served before; the caller closes it
   */
  public @Nullable ServedModel put(ServedModel model) {
    return models.put(model.name(), model);
  }

  /** Returns the model of a name; null if there is none. */
  public @Nullable ServedModel find(String name) {
    return models.get(name);
  }

  /** Returns whether a model is served, and not another one in its place. */
  public boolean isServed(ServedModel model) {
    return model.equals(models.get(model.name()));
  }

  /** Returns all, by name. */
  public Collection<ServedModel> all() {
    return models.values();
  }

  /**
   * Returns a model by its name; without one, that of the user. A user keeps the model as long as
   * the weights are the same, and after a change with the least probability of another.
   *
   * @param name empty for that of the user
   * @param user null for any
   * @throws MsrException {@code serve/NO_MODEL}
   */
  public ServedModel choose(String name, @Nullable String user) {
    if (!name.isEmpty()) {
      ServedModel model = models.get(name);
      if (model == null) {
        throw new MsrException(
            ErrorType.USER,
            Refusals.NO_MODEL,
            "There is no model %s. Ask for one of %s, or for none."
                .formatted(Shortened.of(name), models.keySet()));
      }
      return model;
    }
    ServedModel best = null;
    double highest = Double.NEGATIVE_INFINITY;
    for (ServedModel model : models.values()) {
      double score = score(model, user);
      if (model.weight() > 0 && score > highest) {
        highest = score;
        best = model;
      }
    }
    if (best == null) {
      throw new MsrException(
          ErrorType.USER,
          Refusals.NO_MODEL,
          "No model has a weight, so requests name one of %s.".formatted(models.keySet()));
    }
    return best;
  }

  /** Weighted rendezvous hashing: the model of the highest score has the user. */
  private static double score(ServedModel model, @Nullable String user) {
    return -model.weight() / Math.log(uniform(model.name(), user));
  }

  private static double uniform(String name, @Nullable String user) {
    if (user == null) {
      return ThreadLocalRandom.current().nextDouble(Double.MIN_NORMAL, 1);
    }
    long bits =
        HASH.newHasher()
            .putString(name, StandardCharsets.UTF_8)
            .putChar('\0')
            .putString(user, StandardCharsets.UTF_8)
            .hash()
            .asLong();
    return ((bits >>> 11) + 0.5) * 0x1p-53;
  }

  @Override
  public void close() {
    models.values().forEach(model -> model.ranker().close());
  }
}
