package org.llm4msr.serving.ranker;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.bundle.BundleErrors;

/** The graphs of a compiled bundle, loaded. */
final class CompiledModel implements AutoCloseable {

  private static final JsonMapper JSON =
      JsonMapper.builder().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

  private final Map<String, GraphSession> scorers = new HashMap<>();
  private final Map<CompiledManifest.UserFiles, UserGraph> users = new HashMap<>();
  private final List<ScenarioGraphs> scenarios = new ArrayList<>();

  /**
   * The graphs of a scenario.
   *
   * @param user null where the scorer reads nothing of users
   */
  record ScenarioGraphs(GraphSession scorer, @Nullable UserGraph user) {}

  /** Returns whether a bundle is compiled. */
  static boolean isIn(Path bundle) {
    return Files.exists(file(bundle));
  }

  private static Path file(Path bundle) {
    return bundle.resolve(CompiledManifest.PATH);
  }

  /**
   * Loads the graphs.
   *
   * @param bundle whose bytes were checked
   * @param knownUsers how many users the model knows
   */
  CompiledModel(Path bundle, int knownUsers) {
    Path folder = bundle.resolve(CompiledManifest.FOLDER);
    try {
      for (CompiledManifest.Scenario scenario : manifest(bundle).scenarios()) {
        GraphSession scorer = scorers.get(scenario.scorer());
        if (scorer == null) {
          scorer = new GraphSession(Files.readAllBytes(folder.resolve(scenario.scorer())));
          scorers.put(scenario.scorer(), scorer);
        }
        scenarios.add(new ScenarioGraphs(scorer, user(folder, scenario.user(), knownUsers)));
      }
    } catch (IOException e) {
      close();
      throw BundleErrors.unreadable(folder, e);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private @Nullable UserGraph user(
      Path folder, CompiledManifest.@Nullable UserFiles files, int knownUsers) throws IOException {
    if (files == null) {
      return null;
    }
    UserGraph graph = users.get(files);
    if (graph == null) {
      byte[] source = Files.readAllBytes(folder.resolve(files.source()));
      byte[] expand = Files.readAllBytes(folder.resolve(files.expand()));
      graph =
          UserGraph.open(
              new GraphSession(source),
              new GraphSession(expand),
              folder.resolve(files.stored()),
              knownUsers);
      users.put(files, graph);
    }
    return graph;
  }

  private static CompiledManifest manifest(Path bundle) throws IOException {
    CompiledManifest manifest = JSON.readValue(file(bundle).toFile(), CompiledManifest.class);
    if (manifest.formatVersion() != CompiledManifest.FORMAT_VERSION) {
      throw new MsrException(
          ErrorType.DATA,
          "bundle/FORMAT_VERSION",
          "%s has format version %d; this release reads %d. Compile the bundle again."
              .formatted(file(bundle), manifest.formatVersion(), CompiledManifest.FORMAT_VERSION));
    }
    return manifest;
  }

  /** Returns the graphs of a scenario by its rank. */
  ScenarioGraphs scenario(int rank) {
    return scenarios.get(rank);
  }

  @Override
  public void close() {
    scorers.values().forEach(GraphSession::close);
    users.values().forEach(UserGraph::close);
  }
}
