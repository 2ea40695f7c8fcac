package org.llm4msr.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.IntSummaryStatistics;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.llm4msr.api.model.Level;
import org.llm4msr.server.models.Models;

/** The description of all that is served over HTTP, with the scenarios of the models. */
public final class OpenApi implements HttpService {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PROPERTIES = "/components/schemas/RankRequest/properties";

  private static final String VECTOR =
      "/components/schemas/GivenKnowledge/oneOf/0/properties/vector";

  private final Models models;
  private final JsonNode description;

  /** Describes a server with these models. */
  public OpenApi(Models models) {
    this.models = models;
    try (InputStream resource = OpenApi.class.getResourceAsStream("openapi.json")) {
      description = JSON.readTree(resource);
    } catch (IOException e) {
      throw new UncheckedIOException("openapi.json", e);
    }
  }

  @Override
  public HttpResponse serve(ServiceRequestContext context, HttpRequest request) throws IOException {
    ObjectNode answer = description.deepCopy();
    TreeSet<String> names = new TreeSet<>();
    TreeSet<String> scenarios = new TreeSet<>();
    models
        .all()
        .forEach(
            model -> {
              names.add(model.name());
              scenarios.addAll(model.ranker().scenarios());
            });
    choices(answer, "model", names);
    choices(answer, "scenario", scenarios);
    sizes(answer);
    return HttpResponse.of(
        HttpStatus.OK, MediaType.JSON_UTF_8, HttpData.wrap(JSON.writeValueAsBytes(answer)));
  }

  /** Vectors have the widths that some model reads. */
  private void sizes(ObjectNode answer) {
    IntSummaryStatistics sizes =
        models.all().stream()
            .flatMap(model -> Stream.of(Level.values()).map(model.ranker()::vectorSize))
            .mapToInt(Integer::intValue)
            .filter(size -> size > 0)
            .summaryStatistics();
    if (sizes.getCount() > 0) {
      ObjectNode schema = (ObjectNode) answer.at(VECTOR);
      schema.put("minItems", sizes.getMin()).put("maxItems", sizes.getMax());
    }
  }

  private static void choices(ObjectNode answer, String property, Collection<String> values) {
    ObjectNode schema = (ObjectNode) answer.at(PROPERTIES + "/" + property);
    values.forEach(schema.withArray("enum")::add);
  }
}
