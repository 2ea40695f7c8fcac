package org.llm4msr.runtime.data.preparation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.LeftOutRows;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.config.DatasetConfig;
import org.llm4msr.runtime.config.MalformedConfig;
import org.llm4msr.runtime.config.NegativePool;
import org.llm4msr.runtime.config.NegativesConfig;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.config.SplitConfig;
import org.llm4msr.runtime.data.inspection.InspectionRequest;
import org.llm4msr.runtime.data.inspection.PreparedSummary;
import org.llm4msr.runtime.data.prepared.BatchSource;
import org.llm4msr.runtime.data.prepared.PreparedData;

/** Short ways to prepare data in tests. */
public final class Preparations {

  /** Settings of no reader. */
  record NoSettings() {}

  public static final SplitConfig BY_TIME = split(SplitConfig.By.TIME);

  static final NegativesConfig NO_NEGATIVES =
      new NegativesConfig(0, NegativesConfig.Draw.POPULARITY, NegativePool.PART, 0, 1);

  static final MalformedConfig STRICT = new MalformedConfig(MalformedConfig.Policy.STRICT, 0);

  private Preparations() {}

  public static SplitConfig split(SplitConfig.By by) {
    return new SplitConfig(by, List.of(4.0, 1.0, 1.0), null, null, 7);
  }

  @SuppressWarnings("NullAway")
  public static DatasetConfig config(SplitConfig split, int minFrequency, String... scenarios) {
    return new DatasetConfig(
        new PluginChoice<>("lists", null, new NoSettings()),
        "data",
        List.of(scenarios),
        split,
        minFrequency,
        NO_NEGATIVES,
        STRICT);
  }

  /** Returns a configuration that draws negatives. */
  public static DatasetConfig drawing(
      SplitConfig split, int minFrequency, NegativesConfig negatives) {
    DatasetConfig plain = config(split, minFrequency);
    return new DatasetConfig(
        plain.reader(),
        plain.path(),
        plain.scenarios(),
        split,
        minFrequency,
        negatives,
        plain.malformed());
  }

  /** Returns a configuration that skips malformed rows. */
  static DatasetConfig skipping(SplitConfig split, int minFrequency) {
    DatasetConfig strict = config(split, minFrequency);
    return new DatasetConfig(
        strict.reader(),
        strict.path(),
        strict.scenarios(),
        split,
        minFrequency,
        NO_NEGATIVES,
        new MalformedConfig(MalformedConfig.Policy.SKIP, 0.5));
  }

  static LeftOutRows.Example row(long line) {
    return new LeftOutRows.Example("u.csv", line, "user", "row " + line);
  }

  static PreparationRequest request(DatasetConfig config, Path target, int threads) {
    return new PreparationRequest(config, target, 512L << 20, threads, false);
  }

  public static PreparedData prepare(DatasetReader reader, DatasetConfig config, Path target) {
    DatasetPreparation.prepare(reader, request(config, target, 2), Progress.NONE);
    return PreparedData.open(target);
  }

  public static PreparedSummary inspect(Path prepared, Path scratch) throws IOException {
    Files.createDirectories(scratch);
    InspectionRequest request = new InspectionRequest(prepared, scratch, 256L << 20, 2);
    return PreparedSummary.of(request, Progress.NONE);
  }

  /** All rows of a source as texts {@code user scenario label field...}. */
  public static List<String> rows(BatchSource source) {
    List<String> rows = new ArrayList<>();
    try (source) {
      Batch batch = source.newBatch();
      while (source.next(batch)) {
        for (int i = 0; i < batch.size; i++) {
          StringBuilder row = new StringBuilder();
          row.append(batch.user[i]).append(' ').append(batch.scenario[i]).append(' ');
          row.append((int) batch.label[i]);
          for (FieldValues field : batch.fields) {
            row.append(' ').append(value(field, i));
          }
          rows.add(row.toString());
        }
      }
    }
    return rows;
  }

  private static String value(FieldValues field, int row) {
    if (field instanceof FieldValues.Ids ids) {
      return Integer.toString(ids.ids()[row]);
    }
    if (field instanceof FieldValues.Numbers numbers) {
      return Float.toString(numbers.values()[row]);
    }
    FieldValues.IdLists lists = (FieldValues.IdLists) field;
    return Arrays.toString(
        Arrays.copyOfRange(lists.ids, lists.offsets[row], lists.offsets[row + 1]));
  }
}
