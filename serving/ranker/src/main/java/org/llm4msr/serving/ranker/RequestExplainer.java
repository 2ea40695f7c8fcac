package org.llm4msr.serving.ranker;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.assembly.InferenceModel;
import org.llm4msr.runtime.assembly.ModelProbe;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.data.rows.RequestEncoder;
import org.llm4msr.runtime.data.rows.RowEncoder;
import org.llm4msr.runtime.data.rows.RowValue;
import org.llm4msr.runtime.data.rows.RowValues;
import org.llm4msr.runtime.knowledge.vectors.VectorLink;
import org.llm4msr.runtime.terms.ScoreParts;
import org.llm4msr.runtime.terms.ScoreTerms;
import org.llm4msr.serving.ranker.RankExplanation.ItemPart;
import org.llm4msr.serving.ranker.RankExplanation.Part;
import org.llm4msr.serving.ranker.RankExplanation.Vector;
import org.llm4msr.serving.ranker.RankExplanation.VectorOrigin;

/** Explains the scores of one request after the other. Safe for use by several threads. */
final class RequestExplainer {

  private final RowEncoder encoder;
  private final InferenceModel model;
  private final RowValues values;
  private final String head;
  private final String digest;
  private final Deadline deadline;

  /**
   * Makes it.
   *
   * @param head name of the fusion head
   * @param digest of the bundle
   */
  RequestExplainer(
      RowEncoder encoder,
      InferenceModel model,
      RowValues values,
      String head,
      String digest,
      Deadline deadline) {
    this.encoder = encoder;
    this.model = model;
    this.values = values;
    this.head = head;
    this.digest = digest;
    this.deadline = deadline;
  }

  /** Explains all items that can be read. */
  RankExplanation explain(RankRequest request) {
    RequestEncoder rows = encoder.requests(Map.of());
    Batch shared =
        rows.begin(request.user(), request.scenario(), request.context(), request::hasItemWith);
    Batch batch = rows.newBatch(Math.max(1, request.items().size()));
    List<Integer> places = new ArrayList<>();
    for (int place = 0; place < request.items().size(); place++) {
      try {
        RankItem item = request.item(place);
        rows.encode(item.id(), item.fields(), place, batch, batch.size);
        places.add(place);
        batch.size++;
      } catch (MsrException e) {
        // The answer says why it was not scored.
      }
    }
    deadline.require(request);
    Set<String> ownColumns = ownColumns(request);
    Scored scored = new Scored(shared, batch);
    model.probe(encoder.userKeys().size(), encoder.itemKeys().size(), scored::ask);
    @Nullable ItemPart[] items = new ItemPart[request.items().size()];
    for (int row = 0; row < batch.size; row++) {
      int place = places.get(row);
      items[place] =
          new ItemPart(
              new Part(values(request, place, ownColumns, true), scored.ofItems.get(row)),
              scored.parts.get(row));
    }
    Part ofAll =
        new Part(
            places.isEmpty() ? List.of() : values(request, places.get(0), ownColumns, false),
            scored.ofAll);
    return new RankExplanation(head, digest, ofAll, Arrays.asList(items));
  }

  /** Returns the columns in which items of the request may differ. */
  private Set<String> ownColumns(RankRequest request) {
    Set<String> own = new TreeSet<>();
    request.items().forEach(item -> own.addAll(item == null ? Set.of() : item.fields().keySet()));
    values.columns().stream()
        .filter(column -> values.isOfItem(column))
        .filter(column -> !request.context().containsKey(column.name()))
        .forEach(column -> own.add(column.name()));
    return own;
  }

  private List<RowValue> values(RankRequest request, int place, Set<String> own, boolean ofItem) {
    RankItem item = request.item(place);
    RowValues.Row row =
        new RowValues.Row(
            request.user(), request.scenario(), item.id(), request.context(), item.fields());
    return values.of(row, place).stream()
        .filter(value -> value.origin() != null)
        .filter(value -> own.contains(value.column().name()) == ofItem)
        .toList();
  }

  /** What the model says of a batch. */
  private final class Scored {

    private final Batch shared;
    private final Batch batch;
    private final List<ScoreParts> parts = new ArrayList<>();
    private final List<List<Vector>> ofItems = new ArrayList<>();
    private List<Vector> ofAll = List.of();

    Scored(Batch shared, Batch batch) {
      this.shared = shared;
      this.batch = batch;
    }

    void ask(ModelProbe probe) {
      Set<Level> levels = probe.levels();
      ofAll =
          levels.stream()
              .filter(level -> level != Level.ITEM)
              .map(level -> new Vector(level, origin(probe.link(level, shared, 0))))
              .toList();
      if (batch.size == 0) {
        return;
      }
      ScoreTerms.Rows rows = new ScoreTerms(probe, model.calibration(), head).of(batch);
      for (int row = 0; row < batch.size; row++) {
        parts.add(rows.get(row).parts());
        ofItems.add(
            levels.contains(Level.ITEM)
                ? List.of(new Vector(Level.ITEM, origin(probe.link(Level.ITEM, batch, row))))
                : List.of());
      }
    }

    private static VectorOrigin origin(VectorLink link) {
      return switch (link) {
        case GIVEN -> VectorOrigin.REQUEST;
        case FRESH -> VectorOrigin.UPDATED;
        case STORED -> VectorOrigin.BUNDLE;
        case MISSING -> VectorOrigin.MISSING;
      };
    }
  }
}
