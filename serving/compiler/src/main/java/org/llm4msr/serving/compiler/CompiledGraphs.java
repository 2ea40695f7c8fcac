package org.llm4msr.serving.compiler;

import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.assembly.InferenceModel;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.files.DurableFiles;
import org.llm4msr.serving.ranker.CompiledManifest;
import org.llm4msr.serving.ranker.CompiledManifest.UserFiles;
import org.llm4msr.serving.recording.OnnxModel;
import org.llm4msr.serving.recording.RequestGraphs;

/** The graphs of all scenarios of a model. Equal ones are one file. */
final class CompiledGraphs {

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private final Map<OnnxModel, String> files = new LinkedHashMap<>();
  private final Map<OnnxModel, String> stored = new LinkedHashMap<>();
  private final List<CompiledManifest.Scenario> scenarios = new ArrayList<>();
  private final InferenceModel model;
  private final int users;

  private CompiledGraphs(InferenceModel model, int users) {
    this.model = model;
    this.users = users;
  }

  /**
   * Records a model.
   *
   * @throws MsrException as {@link Compiler#compile}
   */
  static CompiledGraphs of(InferenceModel model, DatasetManifest data) {
    CompiledGraphs graphs = new CompiledGraphs(model, data.users());
    List<ProvenGraphs> proven = ProvenGraphs.of(model, data);
    for (int rank = 0; rank < proven.size(); rank++) {
      graphs.add(data.scenarioKeys().get(rank), proven.get(rank));
    }
    return graphs;
  }

  private void add(String scenario, ProvenGraphs proven) {
    RequestGraphs recorded = proven.graphs();
    scenarios.add(
        new CompiledManifest.Scenario(
            scenario,
            name("scorer", recorded.scorer()),
            user(recorded),
            Proof.ROWS,
            proven.difference()));
  }

  private @Nullable UserFiles user(RequestGraphs recorded) {
    OnnxModel source = recorded.source();
    OnnxModel expand = recorded.expand();
    if (source == null || expand == null) {
      return null;
    }
    String file = "users-%d.safetensors".formatted(stored.size());
    return new UserFiles(
        name("source", source),
        name("expand", expand),
        stored.computeIfAbsent(source, graph -> file));
  }

  private String name(String part, OnnxModel graph) {
    String name = "%s-%d.onnx".formatted(part, files.size());
    return files.computeIfAbsent(graph, key -> name);
  }

  CompiledManifest manifest() {
    return new CompiledManifest(CompiledManifest.FORMAT_VERSION, scenarios);
  }

  /** Writes all files into a new folder. */
  void write(Path folder) throws IOException {
    Files.createDirectories(folder);
    for (Map.Entry<OnnxModel, String> file : files.entrySet()) {
      DurableFiles.write(folder.resolve(file.getValue()), file.getKey().toBytes());
    }
    UserSources sources = new UserSources(model, users);
    for (Map.Entry<OnnxModel, String> file : stored.entrySet()) {
      sources.write(file.getKey(), folder.resolve(file.getValue()));
    }
    DurableFiles.write(folder.resolve(CompiledManifest.FILE), JSON.writeValueAsBytes(manifest()));
  }
}
