package org.llm4msr.runtime.model;

import static java.util.Objects.requireNonNull;

import ai.djl.ndarray.NDArray;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Features;
import org.llm4msr.api.model.Grouping;
import org.llm4msr.api.model.ModelInput;
import org.llm4msr.api.model.Sequence;

/**
 * The embedded input of one batch. A part that no model named in its inputs is null; a model that
 * reads it nevertheless is at fault.
 *
 * @param flat (B, W)
 * @param fieldWidth D where all fields have one width, else 0
 * @param scenarios the rows by scenario
 * @param scenarioTableOrNull (S, Ds)
 * @param userKnowledgeOrNull (U, K)
 * @param scenarioKnowledgeOrNull (S, K)
 * @param itemKnowledgeOrNull (I, K)
 * @param historyOrNull (B, n)
 * @param sequencesOrNull those that the run has, by name
 */
public record EmbeddedFeatures(
    NDArray flat,
    int fieldWidth,
    Grouping scenarios,
    @Nullable NDArray scenarioTableOrNull,
    @Nullable NDArray userKnowledgeOrNull,
    @Nullable NDArray scenarioKnowledgeOrNull,
    @Nullable NDArray itemKnowledgeOrNull,
    @Nullable NDArray historyOrNull,
    @Nullable List<Sequence> sequencesOrNull)
    implements Features {

  /** Makes features of a model that does not read sequences. */
  public EmbeddedFeatures(
      NDArray flat,
      int fieldWidth,
      Grouping scenarios,
      @Nullable NDArray scenarioTableOrNull,
      @Nullable NDArray userKnowledgeOrNull,
      @Nullable NDArray scenarioKnowledgeOrNull,
      @Nullable NDArray itemKnowledgeOrNull,
      @Nullable NDArray historyOrNull) {
    this(
        flat,
        fieldWidth,
        scenarios,
        scenarioTableOrNull,
        userKnowledgeOrNull,
        scenarioKnowledgeOrNull,
        itemKnowledgeOrNull,
        historyOrNull,
        null);
  }

  /** Checks that the parts every model reads are there. */
  public EmbeddedFeatures {
    requireNonNull(flat, "flat is null");
    requireNonNull(scenarios, "scenarios is null");
  }

  @Override
  public NDArray fields() {
    long width = flat.getShape().get(1);
    if (fieldWidth == 0 || width % fieldWidth != 0) {
      throw undeclared(ModelInput.FIELDS);
    }
    return flat.reshape(flat.getShape().get(0), width / fieldWidth, fieldWidth);
  }

  @Override
  public NDArray scenarioTable() {
    return declared(scenarioTableOrNull, ModelInput.SCENARIO_EMBEDDING);
  }

  @Override
  public NDArray scenarioEmbedding() {
    return scenarios.rowValues(scenarioTable());
  }

  @Override
  public NDArray userKnowledge() {
    return declared(userKnowledgeOrNull, ModelInput.USER_KNOWLEDGE);
  }

  @Override
  public NDArray scenarioKnowledge() {
    return declared(scenarioKnowledgeOrNull, ModelInput.SCENARIO_KNOWLEDGE);
  }

  @Override
  public NDArray itemKnowledge() {
    return declared(itemKnowledgeOrNull, ModelInput.ITEM_KNOWLEDGE);
  }

  @Override
  public NDArray history() {
    return declared(historyOrNull, ModelInput.HISTORY);
  }

  @Override
  public List<Sequence> sequences() {
    if (sequencesOrNull == null) {
      throw undeclared(ModelInput.SEQUENCES);
    }
    return sequencesOrNull;
  }

  @Override
  public Features withFlat(NDArray other) {
    return new EmbeddedFeatures(
        other,
        fieldWidth,
        scenarios,
        scenarioTableOrNull,
        userKnowledgeOrNull,
        scenarioKnowledgeOrNull,
        itemKnowledgeOrNull,
        historyOrNull,
        sequencesOrNull);
  }

  /** Returns the arrays that there are, by their names in errors. */
  public Map<String, NDArray> arrays() {
    Map<String, NDArray> arrays = new LinkedHashMap<>();
    arrays.put("features.flat()", flat);
    put(arrays, "features.scenarioTable()", scenarioTableOrNull);
    put(arrays, "features.userKnowledge()", userKnowledgeOrNull);
    put(arrays, "features.scenarioKnowledge()", scenarioKnowledgeOrNull);
    put(arrays, "features.itemKnowledge()", itemKnowledgeOrNull);
    put(arrays, "features.history()", historyOrNull);
    if (sequencesOrNull != null) {
      for (Sequence sequence : sequencesOrNull) {
        arrays.put("features.sequences() " + sequence.name() + ".vectors()", sequence.vectors());
        arrays.put("features.sequences() " + sequence.name() + ".mask()", sequence.mask());
        arrays.put("features.sequences() " + sequence.name() + ".target()", sequence.target());
      }
    }
    return arrays;
  }

  private static void put(Map<String, NDArray> arrays, String method, @Nullable NDArray array) {
    if (array != null) {
      arrays.put(method, array);
    }
  }

  private static NDArray declared(@Nullable NDArray array, ModelInput input) {
    if (array == null) {
      throw undeclared(input);
    }
    return array;
  }

  static MsrException undeclared(ModelInput input) {
    return new MsrException(
        ErrorType.PLUGIN,
        "model/UNDECLARED_INPUT",
        "A model read "
            + input
            + ", which this run does not provide. Its factory must name it in inputs() or"
            + " requires(), and the data must allow it.");
  }
}
