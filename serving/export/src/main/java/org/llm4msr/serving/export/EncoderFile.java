package org.llm4msr.serving.export;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.assembly.sequences.SequenceField;
import org.llm4msr.runtime.data.buckets.BucketBounds;
import org.llm4msr.runtime.data.prepared.FieldKinds;
import org.llm4msr.runtime.data.prepared.FieldSource;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.PreparedIds;
import org.llm4msr.runtime.data.prepared.VectorMoments;
import org.llm4msr.runtime.tables.EmbeddingTable;
import org.llm4msr.runtime.tables.EmbeddingTables;
import org.llm4msr.serving.recording.Axis;

/**
 * The content of {@code encoder.json}: how rows become inputs of the graphs.
 *
 * @param about how to use it
 * @param graphs the inputs of each graph that was written
 * @param leftOut why a graph is missing; null where none is
 * @param output of each graph
 * @param scenarios their ranks
 * @param embeddingSize D; null where fields have several
 * @param linear whether each field has a first-order weight too
 * @param fields what the model reads of rows, in order
 * @param users their indices; null where the model reads nothing of them, or a graph is missing
 * @param items likewise
 * @param sequences what the model reads of sequences, in order; null where it reads none, or a
 *     graph is missing
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record EncoderFile(
    int formatVersion,
    List<String> about,
    Map<String, List<Value>> graphs,
    @Nullable String leftOut,
    Value output,
    Map<String, Integer> scenarios,
    @Nullable Integer embeddingSize,
    boolean linear,
    List<Field> fields,
    @Nullable Keys users,
    @Nullable Keys items,
    @Nullable List<Sequence> sequences) {

  static final String FILE = "encoder.json";

  private static final int FORMAT_VERSION = 1;

  private static final Pattern SIZE = Pattern.compile("[(\\[].*");

  private static final List<String> ABOUT =
      List.of(
          "Each graph computes, for the rows of one request, the probability of label 1. The rows"
              + " of a request, as many as you like, are of one user in one scenario.",
          "full.onnx reads ids and numbers as they are in the data. scorer.onnx reads embedded"
              + " rows, for programs with tables of their own.",
          "`graphs` describes all inputs. `rows` in a shape is the number of rows; another name is"
              + " a length that you choose.",
          "`scenarios` has all that the model knows. It cannot score rows of another one.",
          "`fields` describes what the model reads of a row: the column of the raw data, its kind,"
              + " and the input of full.onnx. `storedWith` says whether rows, users or items have a"
              + " value each.",
          "categorical: the id of the value in `ids`, compared as text; 0 for a missing or unknown"
              + " value.",
          "bucketed: 1 + how many of `bounds` are below the number; 0 for a missing or infinite one.",
          "hashed and multi-hashed: as categorical and multi-categorical. The id of a value is 1 + h %"
              + " `buckets`; h is the number of the first 15 hexadecimal digits of the MD5 of its"
              + " UTF-8 text.",
          "crossed: the id of a text, looked up or hashed likewise: the texts of `parts` with ' & '"
              + " between them, a backslash before each backslash and each & of a part, and"
              + " backslash and - for a part whose id is 0. The text of a range is 'up to B', 'A to B'"
              + " or 'over A', as in its `ids`, that of a hash 'bucket ID of BUCKETS'. 0 if all ids of"
              + " the parts are 0.",
          "multi-categorical: the ids of all known values, or 0 alone where none is known; then -1"
              + " until all rows of the request are as long. The input `weights` has the weight of"
              + " each id, from the column with `.weights` after its name: 1 where it is missing and"
              + " for 0 alone, then 0. A value of the weight 0 is left out.",
          "numeric and vector: numbers as in the data, NaN where one is missing. full.onnx"
              + " standardises them: (number - mean) / deviation in float64, and 0 where the number"
              + " is missing or infinite or the deviation is 0.",
          "An embedded field of scorer.onnx: the vector of the id; the mean of the vectors of the"
              + " ids, by their weights if they have some; the standardised number times the field's"
              + " vector; or the sum of the standardised numbers times a vector each. Its first-order"
              + " weight is the same of weights. `llm4msr export embeddings` writes the vectors and the weights.",
          "`sequences`: the ids of some values, newest first, then -1 until there are `length`. Those"
              + " of a list of the row, `of`, are its newest known ones, and `newest` is the end at"
              + " which they begin. Others are what the user did before the row, by the events of the"
              + " log: 0 is the id of an item that is known and has none.",
          "`users` and `items` have the index of each key, compared as text, and the one for all"
              + " others.");

  /** An input or output of a graph. A shape has numbers, and names of lengths that are free. */
  record Value(String name, String type, List<Object> shape, String meaning) {
    static Value of(GraphInput input) {
      return new Value(
          input.name(),
          input.type().name().toLowerCase(Locale.ROOT),
          input.axes().stream()
              .map(axis -> Optional.<Object>ofNullable(axis.name()).orElse(axis.size()))
              .toList(),
          input.meaning());
    }
  }

  /**
   * A field.
   *
   * @param column of the raw data; null for a crossed field
   * @param storedWith {@code rows}, {@code users} or {@code items}
   * @param width numbers of its vectors
   * @param input of {@code full.onnx}; null where that is missing
   * @param weights the input of {@code full.onnx} of the weights of a list's ids; null without
   * @param ids of the values; null where there are none
   * @param bounds of the ranges of a bucketed field; null for others
   * @param buckets of hashes; null without
   * @param parts names of the fields that a crossed field is made of; null for others
   * @param mean of the number, or of each number of a vector; null for values
   * @param deviation likewise
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Field(
      String name,
      @Nullable String column,
      String storedWith,
      String kind,
      int width,
      @Nullable String input,
      @Nullable String weights,
      @Nullable Map<String, Integer> ids,
      @Nullable List<Double> bounds,
      @Nullable Integer buckets,
      @Nullable List<String> parts,
      @Nullable List<Double> mean,
      @Nullable List<Double> deviation) {}

  /**
   * A sequence.
   *
   * @param input of {@code full.onnx}
   * @param field whose ids it has
   * @param of the field that is the list; null for events of the log
   * @param newest which end of the list is the newest; null for events of the log
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Sequence(
      String name,
      String input,
      String field,
      int length,
      @Nullable String of,
      @Nullable String newest) {}

  /**
   * Keys of users or items.
   *
   * @param column of the raw data
   * @param input of {@code full.onnx}
   * @param unknown the index of all other keys
   */
  record Keys(String column, String input, int unknown, Map<String, Integer> index) {}

  /**
   * Describes a model's graphs.
   *
   * @param leftOut why {@code full.onnx} is missing; null if it is not
   */
  static EncoderFile of(FullGraph full, @Nullable String leftOut) {
    PreparedIds ids = full.ids();
    Map<String, List<Value>> graphs = new LinkedHashMap<>();
    graphs.put(ScorerGraph.FILE, values(ScorerGraph.inputs(full.model().widths())));
    if (leftOut == null) {
      graphs.put(FullGraph.FILE, values(full.inputs()));
    }
    return new EncoderFile(
        FORMAT_VERSION,
        ABOUT,
        graphs,
        leftOut,
        new Value(
            GraphInput.OUTPUT,
            "float32",
            List.of(Axis.ROWS.name()),
            "The probability of label 1 of each row, as the scorer gives it."),
        new Numbered(ids.scenarios(), 0),
        size(full.model().tables()),
        !full.model().tables().linear().isEmpty(),
        fields(full, leftOut == null),
        leftOut == null && full.readsUsers()
            ? keys(RawSchema.USER, FullGraph.USER, ids.users())
            : null,
        leftOut == null && full.readsItems()
            ? keys(RawSchema.ITEM, FullGraph.ITEM, ids.items())
            : null,
        leftOut == null && !full.model().sequences().isEmpty() ? sequences(full) : null);
  }

  private static List<Sequence> sequences(FullGraph full) {
    List<PreparedField> fields = full.ids().manifest().fields();
    List<GraphInput> inputs = full.sequenceInputs();
    List<Sequence> sequences = new ArrayList<>();
    for (SequenceField sequence : full.model().sequences()) {
      Integer source = sequence.source();
      sequences.add(
          new Sequence(
              sequence.name(),
              inputs.get(sequences.size()).name(),
              fields.get(sequence.table()).name(),
              sequence.config().length(),
              source == null ? null : fields.get(source).name(),
              source == null ? null : sequence.config().newest().name().toLowerCase(Locale.ROOT)));
    }
    return sequences;
  }

  private static @Nullable Integer size(EmbeddingTables tables) {
    List<Integer> sizes =
        tables.tables().stream().map(EmbeddingTable::dimension).distinct().toList();
    return sizes.size() == 1 ? sizes.get(0) : null;
  }

  private static List<Value> values(List<GraphInput> inputs) {
    return inputs.stream().map(Value::of).toList();
  }

  private static Keys keys(String column, String input, List<String> keys) {
    return new Keys(column, input, keys.size(), new Numbered(keys, 0));
  }

  private static List<Field> fields(FullGraph full, boolean haveInputs) {
    PreparedIds ids = full.ids();
    Map<String, FieldSource> sources = FieldSource.read(ids.folder());
    List<FieldInputs.Pair> inputs = FieldInputs.of(ids.manifest().fields());
    List<Field> fields = new ArrayList<>();
    for (PreparedField field : ids.manifest().fields()) {
      VectorMoments moments = moments(ids, field);
      fields.add(
          new Field(
              field.name(),
              field.kind() instanceof FieldKind.Crossed
                  ? null
                  : column(field, sources.get(field.name())),
              storedWith(sources.get(field.name())),
              kind(field.kind()),
              full.model().tables().tables().get(fields.size()).dimension(),
              haveInputs ? inputs.get(fields.size()).values().name() : null,
              haveInputs ? weights(inputs.get(fields.size())) : null,
              field.hasVocabulary() ? new Numbered(ids.values(field), 1) : null,
              ids.bounds(field).map(BucketBounds::bounds).orElse(null),
              field.hasIds() && !field.hasVocabulary()
                  ? (Integer) (field.vocabularySize() - 1)
                  : null,
              field.kind() instanceof FieldKind.Crossed crossed ? crossed.parts() : null,
              moments == null ? null : moments.mean(),
              moments == null ? null : moments.deviation()));
    }
    return fields;
  }

  private static @Nullable String weights(FieldInputs.Pair inputs) {
    return inputs.weights() == null ? null : inputs.weights().name();
  }

  /** Returns the kind without its size, which other entries tell. */
  private static String kind(FieldKind kind) {
    return SIZE.matcher(FieldKinds.name(kind)).replaceFirst("");
  }

  private static @Nullable VectorMoments moments(PreparedIds ids, PreparedField field) {
    return field.kind() instanceof FieldKind.Numeric
        ? new VectorMoments(List.of(field.mean()), List.of(field.deviation()))
        : ids.moments(field).orElse(null);
  }

  /**
   * Returns the column that holds a field's values: the id that it is a copy of, that of a field of
   * the same raw column, or its own.
   */
  private static String column(PreparedField field, @Nullable FieldSource source) {
    if (source != null && FieldSource.IDS.contains(source.column())) {
      return source.column();
    }
    return source == null || source.input() == null ? field.name() : source.input();
  }

  private static String storedWith(@Nullable FieldSource source) {
    RawTable home = source == null ? RawTable.INTERACTIONS : source.home();
    return switch (home) {
      case USERS -> "users";
      case ITEMS -> "items";
      default -> "rows";
    };
  }
}
