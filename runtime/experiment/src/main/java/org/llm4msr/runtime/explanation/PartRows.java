package org.llm4msr.runtime.explanation;

import java.nio.file.Path;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.data.keys.RowKeys;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.PreparedData;
import org.llm4msr.runtime.data.prepared.Split;

/**
 * The rows of a part of the data, or some of them.
 *
 * @param prepared folder of the data
 * @param user index; negative for all users
 * @param scenario rank; negative for all scenarios
 */
record PartRows(PreparedData data, Path prepared, Split split, int user, int scenario) {

  void explain(ScoreExplainer explainer, int batchSize, Progress progress) {
    RowKeys keys = RowKeys.of(prepared, split);
    long total = data.manifest().rows().of(split);
    long done = 0;
    try (BatchSource source = data.sequential(split, batchSize)) {
      Batch batch = source.newBatch();
      while (source.next(batch)) {
        int[] picks = IntStream.range(0, batch.size).filter(i -> isWanted(batch, i)).toArray();
        explainer.add(batch, picks, names(batch, keys));
        done += batch.size;
        progress.update(done, total);
      }
    }
  }

  private boolean isWanted(Batch batch, int i) {
    return (user < 0 || batch.user[i] == user) && (scenario < 0 || batch.scenario[i] == scenario);
  }

  private static ScoreExplainer.Names names(Batch batch, RowKeys keys) {
    return new ScoreExplainer.Names() {
      @Override
      public String user(int i) {
        return keys.user(batch.user[i]);
      }

      @Override
      public @Nullable String item(int i) {
        return keys.item(batch.row[i]);
      }

      @Override
      public Integer label(int i) {
        return (int) batch.label[i];
      }
    };
  }
}
