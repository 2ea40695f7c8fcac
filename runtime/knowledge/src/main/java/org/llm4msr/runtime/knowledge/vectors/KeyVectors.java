package org.llm4msr.runtime.knowledge.vectors;

import static java.util.Objects.requireNonNull;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.data.rows.RowVectors;
import org.llm4msr.runtime.knowledge.store.KnowledgeSource;

/**
 * The links of the chain of {@link VectorLookup} that are asked while a row is encoded, when its
 * raw ids are there: what the row brings, what is fresh and has the width that the model reads, and
 * what is stored of an item that the data does not have.
 *
 * @param dimensions K of the levels that are read
 * @param fresh null for none
 * @param newItems null for none
 */
public record KeyVectors(
    Map<Level, Integer> dimensions,
    @Nullable FreshVectors fresh,
    @Nullable KnowledgeSource newItems)
    implements RowVectors {

  public KeyVectors {
    requireNonNull(dimensions, "dimensions is null");
  }

  @Override
  public int dimension(Level level) {
    return dimensions.getOrDefault(level, 0);
  }

  @Override
  public float @Nullable [] of(
      Level level, @Nullable String key, boolean known, float @Nullable [] given) {
    if (given != null || key == null) {
      return given;
    }
    float[] replaced = isReplaced(level) ? requireNonNull(fresh).of(level, key) : null;
    if (replaced != null && replaced.length == dimension(level)) {
      return replaced;
    }
    return known || level != Level.ITEM || newItems == null ? null : stored(newItems, key);
  }

  private boolean isReplaced(Level level) {
    return fresh != null && dimension(level) > 0 && fresh.has(level);
  }

  private static float @Nullable [] stored(KnowledgeSource source, String key) {
    float[] vector = new float[source.dimension()];
    return source.read(key, vector) ? vector : null;
  }

  @Override
  public float @Nullable [] @Nullable [] ofScenarios(List<String> keys) {
    if (!isReplaced(Level.SCENARIO)) {
      return null;
    }
    float[][] all =
        keys.stream().map(key -> of(Level.SCENARIO, key, true, null)).toArray(float[][]::new);
    return Arrays.stream(all).allMatch(Objects::isNull) ? null : all;
  }
}
