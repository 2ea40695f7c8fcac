package org.llm4msr.serving.export;

import static java.util.Objects.requireNonNull;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.llm4msr.runtime.assembly.BatchInputs;
import org.llm4msr.runtime.assembly.InferenceModel;
import org.llm4msr.runtime.assembly.fields.ColdShares;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.PreparedIds;
import org.llm4msr.runtime.tables.EmbeddingTable;
import org.llm4msr.runtime.tables.TableSequence;
import org.llm4msr.serving.compiler.ModelPass;
import org.llm4msr.serving.compiler.UserSources;
import org.llm4msr.serving.recording.Axis;
import org.llm4msr.serving.recording.GraphAssembly;
import org.llm4msr.serving.recording.NumberType;
import org.llm4msr.serving.recording.OnnxModel;
import org.llm4msr.serving.recording.RequestGraphs;

/**
 * The graph that reads ids and raw numbers, with all tables.
 *
 * @param ids of the model's data
 */
record FullGraph(InferenceModel model, PreparedIds ids, ScenarioChoice scenarios) {

  static final String FILE = "full.onnx";

  static final String USER = "user_index";
  static final String ITEM = "item_index";

  private static final int AT_ONCE = 256;

  private DatasetManifest data() {
    return ids.manifest();
  }

  /** Returns its inputs. */
  List<GraphInput> inputs() {
    List<GraphInput> inputs = new ArrayList<>();
    inputs.add(GraphInput.SCENARIO);
    inputs.addAll(FieldInputs.all(data().fields()));
    if (readsUsers()) {
      inputs.add(
          new GraphInput(
              USER,
              NumberType.INT64,
              List.of(Axis.of(1)),
              "The user of all rows: the index in `users`."));
    }
    if (readsItems()) {
      inputs.add(
          new GraphInput(
              ITEM,
              NumberType.INT64,
              List.of(Axis.ROWS),
              "The item of each row: the index in `items`."));
    }
    if (model.widths().history() > 0) {
      inputs.add(GraphInput.history(model.widths().history()));
    }
    inputs.addAll(sequenceInputs());
    return inputs;
  }

  /** Returns the inputs of the sequences, in their order. */
  List<GraphInput> sequenceInputs() {
    return SequenceEmbedding.inputs(model.sequences(), data().fields());
  }

  boolean readsUsers() {
    return model.widths().users() > 0;
  }

  boolean readsItems() {
    return model.widths().items() > 0;
  }

  /** Returns how many bytes all tables have. */
  long tableBytes() {
    long numbers = (data().items() + 1L) * model.widths().items();
    Set<EmbeddingTable> tables = new HashSet<>(model.tables().tables());
    tables.addAll(model.tables().linear());
    model.tables().sequences().forEach(sequence -> tables.add(sequence.table()));
    for (EmbeddingTable table : tables) {
      numbers += (long) table.rows() * table.dimension();
    }
    ColdShares shares = model.coldShares();
    if (shares != null) {
      numbers += shares.byId().length + data().items() + 1L;
    }
    for (OnnxModel source : sources()) {
      numbers += (data().users() + 1L) * columns(source);
    }
    return numbers * Float.BYTES;
  }

  /** Returns what makes the numbers that are stored of users; scenarios may share them. */
  private List<OnnxModel> sources() {
    return scenarios.scenarios().stream()
        .map(RequestGraphs::source)
        .filter(Objects::nonNull)
        .distinct()
        .toList();
  }

  private static long columns(OnnxModel source) {
    return Arrays.stream(source.shape(RequestGraphs.SOURCE)).reduce(1, (a, b) -> a * b);
  }

  OnnxModel build() {
    GraphAssembly graph = new GraphAssembly();
    Map<String, String> given = new HashMap<>();
    inputs().forEach(input -> given.put(input.name(), input.addTo(graph)));
    given.put(ModelPass.ROWS, rows(graph));
    if (readsItems()) {
      String items = graph.table(items(), data().items() + 1L, model.widths().items());
      given.put(ModelPass.ITEMS, graph.node("Gather", items, ITEM));
    }
    Map<OnnxModel, String> users = new HashMap<>();
    UserSources stored = new UserSources(model, data().users());
    for (OnnxModel source : sources()) {
      String table = graph.table(stored.of(source), data().users() + 1L, columns(source));
      users.put(source, graph.node("Gather", table, USER));
    }
    scenarios.addTo(
        graph,
        GraphInput.SCENARIO.name(),
        given,
        (branch, source) ->
            branch.node(
                "Reshape",
                requireNonNull(users.get(source), "a table of the source"),
                branch.wholeNumbers(source.shape(RequestGraphs.SOURCE))));
    return graph.model();
  }

  private String rows(GraphAssembly graph) {
    FieldEmbedding embedding = new FieldEmbedding(graph, ids);
    Map<EmbeddingTable, String> vectors = new HashMap<>();
    List<PreparedField> fields = data().fields();
    List<FieldInputs.Pair> inputs = FieldInputs.of(fields);
    List<String> columns = new ArrayList<>();
    for (List<EmbeddingTable> tables : List.of(model.tables().tables(), model.tables().linear())) {
      for (int f = 0; f < tables.size(); f++) {
        String table = vectors.computeIfAbsent(tables.get(f), embedding::table);
        columns.add(embedding.add(fields.get(f), table, inputs.get(f)));
      }
    }
    List<GraphInput> ofSequences = sequenceInputs();
    for (int i = 0; i < ofSequences.size(); i++) {
      TableSequence sequence = model.tables().sequences().get(i);
      String table = vectors.computeIfAbsent(sequence.table(), embedding::table);
      String ids = ofSequences.get(i).name();
      columns.add(new SequenceEmbedding(graph).add(sequence, table, ids));
    }
    ColdShares shares = model.coldShares();
    if (shares != null) {
      String byId = graph.table(FloatBuffer.wrap(shares.byId()), shares.byId().length, 1);
      PreparedField field = fields.get(shares.field());
      String ofValue = embedding.add(field, byId, inputs.get(shares.field()));
      columns.add(graph.node("Mul", ofValue, graph.node("Gather", known(graph, shares), ITEM)));
    }
    return graph.concat(columns, 1);
  }

  /** Adds 1 for each item with a vector and 0 for each other, (items + 1, 1). */
  private String known(GraphAssembly graph, ColdShares shares) {
    float[] known = new float[data().items() + 1];
    for (int item = 0; item < known.length; item++) {
      known[item] = shares.isKnown(item) ? 1 : 0;
    }
    return graph.table(FloatBuffer.wrap(known), known.length, 1);
  }

  /** Returns the knowledge of all items, (items + 1, K). */
  private FloatBuffer items() {
    int width = model.widths().items();
    int count = data().items() + 1;
    FloatBuffer all = FloatBuffer.allocate(Math.multiplyExact(count, width));
    FloatBuffer some = new BatchInputs().floats((long) AT_ONCE * width);
    Batch batch = Batch.of(AT_ONCE, List.of());
    for (int first = 0; first < count; first += AT_ONCE) {
      batch.size = Math.min(AT_ONCE, count - first);
      for (int row = 0; row < batch.size; row++) {
        batch.item[row] = first + row;
      }
      model.numbers().items(batch, some);
      all.put(some.slice(0, batch.size * width));
    }
    return all.flip();
  }
}
