package org.llm4msr.serving.ranker;

import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.assembly.InferenceModel;
import org.llm4msr.runtime.batch.Batch;
import org.llm4msr.runtime.data.rows.RequestEncoder;

/** Scores on the engine that trained the model. */
final class EngineScorer implements RowScorer {

  private final InferenceModel model;
  private final RequestEncoder encoder;
  private final int knownUsers;
  private final int knownItems;
  private final Deadline deadline;
  private final Batch batch;
  private final int[] places = new int[ROWS];
  private final float[] probabilities = new float[ROWS];
  private final float[][] further;

  EngineScorer(
      InferenceModel model,
      RequestEncoder encoder,
      int knownUsers,
      int knownItems,
      Deadline deadline) {
    this.model = model;
    this.encoder = encoder;
    this.knownUsers = knownUsers;
    this.knownItems = knownItems;
    this.deadline = deadline;
    batch = encoder.newBatch(ROWS);
    further = new float[model.labels().names().size()][ROWS];
  }

  @Override
  public void score(RankRequest request, RankResult result) {
    Batch shared =
        encoder.begin(request.user(), request.scenario(), request.context(), request::hasItemWith);
    result.user(shared.user[0] < knownUsers);
    result.updated(shared.isReplaced(Level.USER, 0) || shared.isReplaced(Level.SCENARIO, 0));
    for (int from = 0; from < request.items().size(); from += ROWS) {
      deadline.require(request);
      encode(request, from, Math.min(from + ROWS, request.items().size()), result);
      if (batch.size > 0) {
        score();
      }
      for (int row = 0; row < batch.size; row++) {
        result.scored(places[row], probabilities[row], batch.item[row] < knownItems);
        result.labelled(places[row], further, row);
        result.updated(batch.isReplaced(Level.ITEM, row));
      }
    }
  }

  private void score() {
    if (further.length == 0) {
      model.score(batch, probabilities);
    } else {
      model.score(batch, probabilities, further);
    }
  }

  private void encode(RankRequest request, int from, int to, RankResult result) {
    batch.size = 0;
    for (int place = from; place < to; place++) {
      try {
        RankItem item = request.item(place);
        encoder.encode(item.id(), item.fields(), place, batch, batch.size);
        places[batch.size++] = place;
      } catch (MsrException e) {
        result.malformed(place, e);
      }
    }
  }
}
