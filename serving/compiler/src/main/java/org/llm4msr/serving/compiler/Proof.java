package org.llm4msr.serving.compiler;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.runtime.assembly.BatchInputs;
import org.llm4msr.runtime.assembly.InferenceModel;
import org.llm4msr.runtime.assembly.InputWidths;
import org.llm4msr.runtime.assembly.PassNumbers;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.batch.FieldValues;
import org.llm4msr.runtime.calibration.LabelCalibrations;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.serving.recording.RequestGraphs;

/**
 * Compares the probabilities of graphs with those of the model that they were recorded from, on
 * drawn rows: ids, numbers, users and items that the model knows, and some that it does not.
 */
final class Proof {

  /** Rows of each scenario. */
  static final int ROWS = 500;

  /** Rows of each user: one, and fewer and more than a recording has. */
  private static final int[] ROWS_OF_USERS = {1, 7, 50, 142, 300};

  /** One item in so many is not known. */
  private static final int UNKNOWN = 10;

  private static final int LONGEST_LIST = 5;

  private final InferenceModel model;
  private final DatasetManifest data;
  private final PassNumbers numbers;
  private final InputWidths widths;
  private final SplittableRandom random = new SplittableRandom(7);

  Proof(InferenceModel model, DatasetManifest data) {
    this.model = model;
    this.data = data;
    numbers = model.numbers();
    widths = model.widths();
  }

  /** Returns the largest difference of two probabilities. */
  double of(RequestGraph graph, int scenario) {
    double largest = 0;
    for (int rows : ROWS_OF_USERS) {
      Batch batch = draw(scenario, rows);
      float[][] expected = new float[1 + model.labels().names().size()][rows];
      model.score(batch, expected[0], further(expected));
      float[][] found = probabilities(graph, batch);
      for (int label = 0; label < expected.length; label++) {
        largest = Math.max(largest, largest(expected[label], found[label]));
      }
    }
    return largest;
  }

  /** Returns the largest difference; no number if one of them is none. */
  static double largest(float[] expected, float[] found) {
    double largest = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs((double) expected[i] - found[i]));
    }
    return largest;
  }

  private static float[][] further(float[][] all) {
    return Arrays.copyOfRange(all, 1, all.length);
  }

  /** Returns those of the main label, then of the further ones. */
  private float[][] probabilities(RequestGraph graph, Batch batch) {
    Map<String, FloatBuffer> inputs = new HashMap<>();
    inputs.put(ModelPass.ROWS, filled(batch, widths.flat(), numbers::rows));
    inputs.put(ModelPass.ITEMS, filled(batch, widths.items(), numbers::items));
    inputs.put(ModelPass.HISTORY, filled(batch, widths.history(), numbers::history));
    FloatBuffer user = filled(batch, widths.users(), numbers::users);
    Map<String, FloatBuffer> results = graph.results(inputs, user.slice(0, widths.users()));
    float[][] all = new float[1 + model.labels().names().size()][batch.size];
    Objects.requireNonNull(results.get(RequestGraphs.LOGITS)).get(all[0]);
    FloatBuffer towers = results.get(RequestGraphs.LABELS);
    if (towers != null) {
      float[] values = new float[towers.remaining()];
      towers.get(values);
      model.labels().logits(batch.size, all[0], values, further(all));
    }
    model.calibration().probabilities(batch.size, batch.scenario, all[0], all[0]);
    LabelCalibrations.of(model.calibration(), model.labels().names())
        .probabilities(batch.size, batch.scenario, further(all), further(all));
    return all;
  }

  private interface Filling {
    void fill(Batch batch, FloatBuffer target);
  }

  private static FloatBuffer filled(Batch batch, int width, Filling filling) {
    FloatBuffer target = new BatchInputs().floats((long) batch.size * width);
    filling.fill(batch, target);
    return target;
  }

  /** Draws rows of one user, who is not known where there is one row. */
  private Batch draw(int scenario, int rows) {
    List<PreparedField> fields = data.fields();
    Batch batch = Batch.of(rows, fields.stream().map(PreparedField::kind).toList());
    batch.size = rows;
    Arrays.fill(batch.scenario, scenario);
    Arrays.fill(batch.user, rows == 1 ? data.users() : random.nextInt(data.users()));
    Arrays.fill(batch.time, Long.MAX_VALUE);
    Arrays.setAll(
        batch.item, row -> row % UNKNOWN == 0 ? data.items() : random.nextInt(data.items()));
    for (int f = 0; f < fields.size(); f++) {
      draw(fields.get(f), batch.fields.get(f));
    }
    return batch;
  }

  private void draw(PreparedField field, FieldValues values) {
    int ids = field.tableRows();
    if (values instanceof FieldValues.Ids own) {
      Arrays.setAll(own.ids(), row -> random.nextInt(ids));
    } else if (values instanceof FieldValues.IdLists lists) {
      for (int row = 0; row < lists.offsets.length - 1; row++) {
        int length = random.nextInt(LONGEST_LIST);
        lists.set(row, random.ints(length, 0, ids).toArray(), length);
      }
    } else if (values instanceof FieldValues.Numbers own) {
      fill(own.values());
    } else if (values instanceof FieldValues.Vectors own) {
      fill(own.values());
    } else {
      throw new IllegalStateException("a field of kind " + FieldKind.class);
    }
  }

  private void fill(float[] numbers) {
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
  }
}
