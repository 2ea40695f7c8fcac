package org.llm4msr.serving.ranker;

import ai.onnxruntime.OnnxTensor;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.assembly.InferenceModel;
import org.llm4msr.runtime.assembly.InputWidths;
import org.llm4msr.runtime.assembly.PassNumbers;
import org.llm4msr.runtime.assembly.fields.ColdShares;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.calibration.Calibration;
import org.llm4msr.runtime.data.rows.RequestEncoder;
import org.llm4msr.runtime.tables.EmbeddingTable;
import org.llm4msr.runtime.tables.EmbeddingTables;

/** Scores with the graphs of a compiled bundle. */
final class GraphScorer implements RowScorer {

  private static final int NOT_KEPT = -1;

  private final CompiledModel graphs;
  private final Calibration calibration;
  private final RequestEncoder encoder;
  private final PassNumbers numbers;
  private final InputWidths widths;
  private final WeightCache weights;
  private final ItemCache items;
  private final InferenceModel model;
  private @Nullable RowScorer engine;
  private final int knownUsers;
  private final int knownItems;
  private final Deadline deadline;
  private final List<Columns> ofItem;
  private final int keptNumbers;
  private final boolean keepsItems;

  private final Batch all; // The ids of all rows.
  private final Batch fresh; // Rows that the cache does not have.
  private final int[] places = new int[ROWS];
  private final int[] found = new int[ROWS];
  private final float[] @Nullable [] kept = new float[ROWS][];
  private final float[] first; // What the rows of a request share.
  private final float[] probabilities = new float[ROWS];
  private final FloatBuffer rows;
  private final FloatBuffer itemRows;
  private final FloatBuffer history;
  private final FloatBuffer logits = GraphSession.memory(ROWS);
  private final GraphLabels labels;

  /** Columns of the embedded fields that belong to items. */
  private record Columns(int from, int count) {}

  GraphScorer(
      CompiledModel graphs,
      InferenceModel model,
      RequestEncoder encoder,
      WeightCache weights,
      ItemCache items,
      int knownUsers,
      int knownItems,
      Deadline deadline) {
    this.graphs = graphs;
    this.model = model;
    this.encoder = encoder;
    this.weights = weights;
    this.items = items;
    this.knownUsers = knownUsers;
    this.knownItems = knownItems;
    this.deadline = deadline;
    calibration = model.calibration();
    numbers = model.numbers();
    widths = model.widths();
    all = encoder.newBatch(ROWS);
    fresh = encoder.newBatch(ROWS);
    ofItem = columns(encoder, model);
    ColdShares shares = model.coldShares();
    if (shares != null) {
      add(ofItem, new Columns(widths.flat() - 1, 1));
    }
    // What a share depends on is known of each item that is, or no item may be kept.
    keepsItems = shares == null || encoder.isOfItem(shares.field());
    keptNumbers = ofItem.stream().mapToInt(Columns::count).sum() + widths.items();
    first = new float[widths.flat()];
    rows = GraphSession.memory(ROWS * widths.flat());
    itemRows = GraphSession.memory(ROWS * widths.items());
    history = GraphSession.memory(ROWS * widths.history());
    labels = new GraphLabels(model.labels(), calibration, ROWS);
  }

  private static List<Columns> columns(RequestEncoder encoder, InferenceModel model) {
    EmbeddingTables tables = model.tables();
    List<Columns> columns = new ArrayList<>();
    int from = 0;
    for (List<EmbeddingTable> part : List.of(tables.tables(), tables.linear())) {
      for (int f = 0; f < part.size(); f++) {
        int count = part.get(f).dimension();
        if (encoder.isOfItem(f)) {
          add(columns, new Columns(from, count));
        }
        from += count;
      }
    }
    for (int s = 0; s < tables.sequences().size(); s++) {
      int count = tables.sequences().get(s).columns();
      int field = model.sequenceFields()[s];
      if (field >= 0 && encoder.isOfItem(field)) {
        add(columns, new Columns(from, count));
      }
      from += count;
    }
    return columns;
  }

  /** Adds columns, to the last ones where they follow them. */
  private static void add(List<Columns> columns, Columns more) {
    int last = columns.size() - 1;
    if (last >= 0 && columns.get(last).from() + columns.get(last).count() == more.from()) {
      Columns before = columns.remove(last);
      columns.add(new Columns(before.from(), before.count() + more.count()));
    } else {
      columns.add(more);
    }
  }

  private RowScorer byEngine() {
    if (engine == null) {
      engine = new EngineScorer(model, encoder, knownUsers, knownItems, deadline);
    }
    return engine;
  }

  @Override
  public void score(RankRequest request, RankResult result) {
    Batch shared =
        encoder.begin(request.user(), request.scenario(), request.context(), request::hasItemWith);
    if (shared.isReplaced(Level.SCENARIO, 0)) {
      byEngine().score(request, result); // The graphs hold that of the bundle.
      return;
    }
    result.user(shared.user[0] < knownUsers);
    result.updated(shared.isReplaced(Level.USER, 0));
    FloatBuffer one = rows.slice(0, widths.flat());
    numbers.rows(shared, one);
    one.get(0, first);
    CompiledModel.ScenarioGraphs scenario = graphs.scenario(shared.scenario[0]);
    UserWeights user = scenario.user() == null ? null : weights(scenario.user(), shared);
    try {
      for (int from = 0; from < request.items().size(); from += ROWS) {
        deadline.require(request);
        fill(request, from, Math.min(from + ROWS, request.items().size()), result);
        if (all.size > 0) {
          run(scenario.scorer(), user);
          calibration.probabilities(all.size, all.scenario, probabilities, probabilities);
        }
        for (int row = 0; row < all.size; row++) {
          result.scored(places[row], probabilities[row], all.item[row] < knownItems);
          result.labelled(places[row], labels.probabilities(), row);
          result.updated(all.isReplaced(Level.ITEM, row));
        }
      }
    } finally {
      if (user != null) {
        user.release();
      }
    }
  }

  private UserWeights weights(UserGraph graph, Batch shared) {
    float[] vector = shared.vector(Level.USER, 0);
    return vector == null
        ? weights.get(graph, shared.user[0])
        : weights.get(graph, vector, () -> knowledge(shared));
  }

  private FloatBuffer knowledge(Batch shared) {
    FloatBuffer knowledge = GraphSession.memory(widths.users());
    numbers.users(shared, knowledge);
    return knowledge;
  }

  /** Fills the rows of some items: those that are kept, then the others. */
  private void fill(RankRequest request, int from, int to, RankResult result) {
    all.size = 0;
    fresh.size = 0;
    boolean asStored = keepsItems && encoder.itemsAreAsStored();
    // One thing for all items, then the next, so that a processor waits for several at once.
    for (int place = from; place < to; place++) {
      found[place - from] = asStored ? find(request, place, result) : NOT_KEPT;
    }
    for (int i = 0; i < to - from; i++) {
      kept[i] = found[i] == NOT_KEPT ? null : items.get(found[i]);
    }
    for (int place = from; place < to; place++) {
      float[] numbersOfItem = kept[place - from];
      if (numbersOfItem != null) {
        fillKept(found[place - from], numbersOfItem, place);
      }
    }
    for (int place = from; place < to; place++) {
      if (kept[place - from] == null && result.error(place) == null) {
        encode(request, place, result);
      }
    }
    if (fresh.size > 0) {
      gather(request, asStored);
    }
    if (widths.history() > 0) {
      numbers.history(all, history);
    }
  }

  /** Returns the index of an item that may be kept. */
  private int find(RankRequest request, int place, RankResult result) {
    try {
      RankItem item = request.item(place);
      return item.fields().isEmpty() ? encoder.findStored(item.id(), place) : NOT_KEPT;
    } catch (MsrException e) {
      result.malformed(place, e);
      return NOT_KEPT;
    }
  }

  private void fillKept(int item, float[] numbersOfItem, int place) {
    int row = all.size++;
    places[row] = place;
    encoder.fill(item, all, row);
    int at = row * widths.flat();
    int read = 0;
    int shared = 0;
    for (Columns columns : ofItem) {
      rows.put(at + shared, first, shared, columns.from() - shared);
      rows.put(at + columns.from(), numbersOfItem, read, columns.count());
      read += columns.count();
      shared = columns.from() + columns.count();
    }
    rows.put(at + shared, first, shared, widths.flat() - shared);
    itemRows.put(row * widths.items(), numbersOfItem, read, widths.items());
  }

  private void encode(RankRequest request, int place, RankResult result) {
    try {
      RankItem item = request.item(place);
      encoder.encode(item.id(), item.fields(), place, fresh, fresh.size);
    } catch (MsrException e) {
      result.malformed(place, e);
      return;
    }
    places[all.size] = place;
    all.takeRow(fresh, fresh.size, all.size);
    fresh.size++;
    all.size++;
  }

  /** Fills the rows after those that were kept, and keeps those of known items. */
  private void gather(RankRequest request, boolean asStored) {
    int before = all.size - fresh.size;
    int width = widths.flat();
    numbers.rows(fresh, rows.slice(before * width, fresh.size * width));
    numbers.items(fresh, itemRows.slice(before * widths.items(), fresh.size * widths.items()));
    for (int row = before; asStored && row < all.size; row++) {
      if (all.item[row] < knownItems
          && all.vector(Level.ITEM, row) == null
          && request.items().get(places[row]).fields().isEmpty()) {
        items.put(all.item[row], read(row));
      }
    }
  }

  private float[] read(int row) {
    float[] numbersOfItem = new float[keptNumbers];
    int written = 0;
    for (Columns columns : ofItem) {
      rows.get(row * widths.flat() + columns.from(), numbersOfItem, written, columns.count());
      written += columns.count();
    }
    itemRows.get(row * widths.items(), numbersOfItem, written, widths.items());
    return numbersOfItem;
  }

  private void run(GraphSession scorer, @Nullable UserWeights user) {
    Map<String, OnnxTensor> own = new HashMap<>();
    add(own, scorer, "rows", rows, widths.flat());
    add(own, scorer, "items", itemRows, widths.items());
    add(own, scorer, "history", history, widths.history());
    Map<String, OnnxTensor> inputs = new HashMap<>(own);
    if (user != null) {
      inputs.putAll(user.memory().tensors());
    }
    Map<String, OnnxTensor> results = new HashMap<>();
    results.put("logits", scorer.tensor("logits", logits.slice(0, all.size)));
    try {
      labels.addTo(results, scorer, all.size);
      scorer.run(inputs, results);
    } finally {
      own.values().forEach(OnnxTensor::close);
      results.values().forEach(OnnxTensor::close);
    }
    logits.get(0, probabilities, 0, all.size);
    labels.compute(all, probabilities);
  }

  private void add(
      Map<String, OnnxTensor> inputs,
      GraphSession scorer,
      String name,
      FloatBuffer values,
      int width) {
    if (scorer.reads(name)) {
      inputs.put(name, scorer.tensor(name, values.slice(0, all.size * width)));
    }
  }
}
