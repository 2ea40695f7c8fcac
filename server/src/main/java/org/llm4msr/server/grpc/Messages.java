package org.llm4msr.server.grpc;

import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.MsrException;
import org.llm4msr.protocol.v1.Item;
import org.llm4msr.protocol.v1.ItemStatus;
import org.llm4msr.protocol.v1.RankResponse;
import org.llm4msr.protocol.v1.RankedItem;
import org.llm4msr.server.ranking.RankAnswer;
import org.llm4msr.server.ranking.RankCall;
import org.llm4msr.server.refusal.Refusals;
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
      String place = "items[" + items.size() + "]";
      items.add(
          new RankItem(
              ProtoValues.id(item.getId(), place + ".id"),
              ProtoValues.columns(item.getFieldsMap(), place + ".fields")));
    }
    return new RankCall(
        request.getId(),
        request.getModel(),
        request.getTop(),
        new RankRequest(
            ProtoValues.id(request.getUser(), "user"),
            request.getScenario(),
            ProtoValues.columns(request.getContextMap(), "context"),
            items,
            null));
  }

  /** Writes an answer. */
  static RankResponse write(RankAnswer answer) {
    RankResponse.Builder response =
        RankResponse.newBuilder()
            .setId(answer.call().id())
            .setModel(answer.model())
            .setVersion(answer.version());
    for (int place : answer.places()) {
      response.addItems(item(answer, place));
    }
    return response.build();
  }

  private static RankedItem item(RankAnswer answer, int place) {
    RankedItem.Builder item =
        RankedItem.newBuilder()
            .setId(ProtoValues.of(answer.call().request().items().get(place).id()))
            .setPlace(place)
            .setStatus(ItemStatus.forNumber(answer.result().status(place).ordinal()));
    MsrException error = answer.result().error(place);
    if (error == null) {
      item.setProbability(answer.result().probability(place));
    } else {
      item.setError(String.valueOf(error.getMessage()));
    }
    return item.build();
  }
}
