package org.llm4msr.server.http;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.util.Exceptions;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.llm4msr.server.models.ModelStatus;
import org.llm4msr.server.models.Reloading;
import org.llm4msr.server.refusal.Faults;
import org.llm4msr.server.refusal.Refusals;

/**
 * {@code GET /v1/models} and {@code /v1/models/NAME}, and {@code POST} of the latter, which chooses
 * a version.
 */
public final class ModelsEndpoint implements HttpService {

  /** Where the models are listed. */
  public static final String PATH = "/v1/models";

  /** Where one of them is, and its version is chosen. */
  public static final String MODEL = PATH + "/{name}";

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .defaultPropertyInclusion(
              JsonInclude.Value.construct(
                  JsonInclude.Include.NON_NULL, JsonInclude.Include.NON_NULL))
          .build();
  private static final String VERSION = "version";
  private static final String NAME = "name";

  private final Reloading models;

  /** Serves what is known of models. */
  public ModelsEndpoint(Reloading models) {
    this.models = models;
  }

  /** The answer to a GET. */
  private record Listed(List<ModelStatus> models) {}

  @Override
  public HttpResponse serve(ServiceRequestContext context, HttpRequest request) {
    if (request.method() != HttpMethod.POST) {
      // The folders of versions are looked at, which may be on a slow disk.
      return HttpResponse.of(
          CompletableFuture.supplyAsync(
                  () -> answer(listed(context.pathParam(NAME))), context.blockingTaskExecutor())
              .exceptionally(ModelsEndpoint::failed));
    }
    context.clearRequestTimeout(); // A model takes its time to load.
    String name = requireNonNull(context.pathParam(NAME), "the path has a name");
    return HttpResponse.of(
        request
            .aggregate()
            .thenCompose(body -> choose(name, body.content()))
            .exceptionally(ModelsEndpoint::failed));
  }

  private Object listed(@Nullable String name) {
    return name == null ? new Listed(models.status()) : models.status(name);
  }

  private static HttpResponse failed(Throwable error) {
    return ErrorStatus.answer(Faults.known(Exceptions.peel(error)));
  }

  private CompletableFuture<HttpResponse> choose(String name, HttpData body) {
    return models.select(name, version(body)).thenApply(ModelsEndpoint::answer);
  }

  private static @Nullable String version(HttpData body) {
    JsonNode version;
    try {
      JsonNode request = JSON.readTree(body.toInputStream());
      version = request.isObject() && request.size() == 1 ? request.get(VERSION) : null;
    } catch (IOException e) {
      version = null;
    }
    if (version == null || !(version.isTextual() || version.isNull())) {
      throw Refusals.badRequest(
          "The body is not {\"version\": NAME}. The name is that of a version, or null for the newest.");
    }
    return version.isNull() ? null : version.textValue();
  }

  private static HttpResponse answer(Object content) {
    try {
      return HttpResponse.of(
          HttpStatus.OK, MediaType.JSON_UTF_8, HttpData.wrap(JSON.writeValueAsBytes(content)));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
