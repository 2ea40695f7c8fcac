package org.llm4msr.server.http;

import com.linecorp.armeria.common.AggregatedHttpRequest;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Level;
import org.llm4msr.server.json.JsonKnowledge;
import org.llm4msr.server.knowledge.KnowledgeUpdates;
import org.llm4msr.server.refusal.Refusals;

/** {@code PUT}, {@code GET} and {@code DELETE} of {@code /v1/knowledge/LEVEL/KEY}. */
public final class KnowledgeEndpoint implements HttpService {

  /** Where it is served. */
  public static final String PATH = "/v1/knowledge/";

  /** The path of it, with parameters. */
  public static final String PATTERN = PATH + "{level}/{key}";

  /** A language model reads a text, and the disk takes the vector. */
  private static final Duration TIME = Duration.ofSeconds(60);

  private final KnowledgeUpdates updates;

  /** Serves changes. */
  public KnowledgeEndpoint(KnowledgeUpdates updates) {
    this.updates = updates;
  }

  @Override
  public HttpResponse serve(ServiceRequestContext context, HttpRequest request) {
    context.setRequestTimeout(TIME);
    return HttpResponse.of(
        request
            .aggregate()
            .thenApplyAsync(body -> answer(context, body), context.blockingTaskExecutor()));
  }

  private HttpResponse answer(ServiceRequestContext context, AggregatedHttpRequest request) {
    try {
      Level level = level(Objects.toString(context.pathParam("level"), ""));
      String key = Objects.toString(context.pathParam("key"), "");
      if (request.method() == HttpMethod.DELETE) {
        updates.remove(level, key);
        return HttpResponse.of(HttpStatus.NO_CONTENT);
      }
      KnowledgeUpdates.Read read =
          request.method() == HttpMethod.PUT
              ? put(level, key, JsonKnowledge.read(request.content().toInputStream()))
              : updates.find(level, key);
      return HttpResponse.of(
          HttpStatus.OK, MediaType.JSON_UTF_8, HttpData.wrap(JsonKnowledge.of(read)));
    } catch (MsrException e) {
      return ErrorStatus.answer(e);
    }
  }

  private KnowledgeUpdates.Read put(Level level, String key, JsonKnowledge given) {
    return given.text() != null
        ? updates.put(level, key, given.text())
        : updates.put(level, key, Objects.requireNonNull(given.vector(), "vector"));
  }

  private static Level level(String name) {
    return Arrays.stream(Level.values())
        .filter(level -> level.name().toLowerCase(Locale.ROOT).equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                Refusals.badRequest(
                    "There is no level '%s'. Levels are user, item and scenario.".formatted(name)));
  }
}
