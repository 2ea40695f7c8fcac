package org.llm4msr.server.grpc;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.protocol.v1.Item;
import org.llm4msr.protocol.v1.ItemStatus;
import org.llm4msr.protocol.v1.RankResponse;
import org.llm4msr.protocol.v1.RankedItem;
import org.llm4msr.server.explanation.Explanations;
import org.llm4msr.server.ranking.RankAnswer;
import org.llm4msr.server.ranking.RankCall;
import org.llm4msr.server.refusal.Refusals;
import org.llm4msr.server.refusal.SentText;
import org.llm4msr.serving.ranker.RankItem;
import org.llm4msr.serving.ranker.RankRequest;

/** Requests and answers as messages. */
final class Messages {

  private Messages() {}

  /**
   * Reads a request.
   *
   * @param mostItems that are read
   * @throws MsrException {@code serve/BAD_REQUEST} with the place; {@code serve/TOO_LARGE}
   */
  static RankCall read(org.llm4msr.protocol.v1.RankRequest request, int mostItems) {
    if (request.getItemsCount() > mostItems) {
      throw Refusals.tooManyItems(mostItems);
    }
    if (request.getTop() < 0) { // Numbers from 2^31 of an unsigned type.
      throw Refusals.badRequest("top is larger than 2,147,483,647. Leave it out for all items.");
    }
    List<RankItem> items = new ArrayList<>(request.getItemsCount());
    for (Item item : request.getItemsList()) {
      items.add(new RankItem(item.getId(), fields(item, items.size())));
    }
    return new RankCall(
        request.getId(),
        request.getModel(),
        request.getTop(),
        request.getExplain(),
        new RankRequest(
            request.getUser(),
            request.getScenario(),
            ProtoValues.columns(request.getContextMap(), "context"),
            items,
            null));
  }

  private static Map<String, @Nullable Object> fields(Item item, int place) {
    return item.getFieldsCount() == 0
        ? Map.of()
        : ProtoValues.columns(item.getFieldsMap(), "items[" + place + "].fields");
  }

  /** Writes an answer to a request. */
  static RankResponse write(org.llm4msr.protocol.v1.RankRequest request, RankAnswer answer) {
    RankResponse.Builder response =
        RankResponse.newBuilder()
            .setId(answer.call().id())
            .setModel(answer.model())
            .setVersion(answer.version());
    RankedItem.Builder item = RankedItem.newBuilder();
    for (int place : answer.places()) {
      item.clear()
          .setId(request.getItems(place).getId())
          .setPlace(place)
          .setStatus(status(answer.result().status(place)));
      MsrException error = answer.result().error(place);
      if (error == null) {
        item.setProbability(answer.result().probability(place));
        List<String> labels = answer.ranker().labels();
        for (int label = 0; label < labels.size(); label++) {
          item.putLabels(labels.get(label), answer.result().probability(label, place));
        }
      } else {
        item.setError(SentText.withCode(error));
      }
      if (answer.explanation() != null && error == null) {
        item.setExplanation(
            ProtoValues.struct(
                Explanations.ofItem(answer.explanation(), place, answer.call().origins())));
      }
      response.addItems(item.build());
    }
    if (answer.explanation() != null) {
      response.setExplanation(
          ProtoValues.struct(Explanations.ofAll(answer.explanation(), answer.call().origins())));
    }
    return response.build();
  }

  private static ItemStatus status(org.llm4msr.serving.ranker.ItemStatus status) {
    return switch (status) {
      case SCORED -> ItemStatus.SCORED;
      case UNKNOWN -> ItemStatus.UNKNOWN;
      case MALFORMED -> ItemStatus.MALFORMED;
    };
  }
}
