package org.llm4msr.tck.zoo;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.llm4msr.api.features.FeatureQuery;
import org.llm4msr.api.features.FeatureSource;
import org.llm4msr.api.features.FeatureValues;

/** Knows of each user and item what its id is. Each flaw overrides one method. */
class SoundSource implements FeatureSource {

  @Override
  public CompletionStage<FeatureValues> fetch(FeatureQuery query) {
    return CompletableFuture.completedFuture(values(query));
  }

  FeatureValues values(FeatureQuery query) {
    Map<String, ?> user = query.user() == null ? Map.of() : Map.of("id", query.user());
    List<Map<String, String>> items =
        query.items().stream().map(item -> Map.of("id", item)).toList();
    return new FeatureValues(user, items, 0);
  }

  @Override
  public void close() {}
}
