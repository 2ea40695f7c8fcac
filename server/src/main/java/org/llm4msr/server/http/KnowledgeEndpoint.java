package org.llm4msr.server.http;

import com.linecorp.armeria.common.AggregatedHttpRequest;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.util.Exceptions;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
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
            .thenComposeAsync(body -> answer(context, body), context.blockingTaskExecutor())
            .exceptionally(KnowledgeEndpoint::failed));
  }

  private static HttpResponse failed(Throwable error) {
    if (Exceptions.peel(error) instanceof MsrException known) {
      return ErrorStatus.answer(known);
    }
    throw new CompletionException(error);
  }

  private CompletableFuture<HttpResponse> answer(
      ServiceRequestContext context, AggregatedHttpRequest request) {
    Level level = level(Objects.toString(context.pathParam("level"), ""));
    String key = Objects.toString(context.pathParam("key"), "");
    if (request.method() == HttpMethod.DELETE) {
      updates.remove(level, key);
      return CompletableFuture.completedFuture(HttpResponse.of(HttpStatus.NO_CONTENT));
    }
    if (request.method() != HttpMethod.PUT) {
      return CompletableFuture.completedFuture(answer(updates.find(level, key)));
    }
    JsonKnowledge given = JsonKnowledge.read(request.content().toInputStream());
    if (given.text() != null) {
      return updates
          .put(level, key, given.text(), () -> !context.isCancelled())
          .thenApply(KnowledgeEndpoint::answer);
    }
    float[] vector = Objects.requireNonNull(given.vector(), "vector");
    return CompletableFuture.completedFuture(answer(updates.put(level, key, vector)));
  }

  private static HttpResponse answer(KnowledgeUpdates.Read read) {
    return HttpResponse.of(
        HttpStatus.OK, MediaType.JSON_UTF_8, HttpData.wrap(JsonKnowledge.of(read)));
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
