package org.llm4msr.endtoend;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.inject.Guice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.llm4msr.api.Progress;
import org.llm4msr.runtime.experiment.RuntimeModule;
import org.llm4msr.runtime.generation.DataGeneration;

/**
 * Raw files that a built-in generator wrote, with the experiment that reads them.
 *
 * @param label {@code GENERATED.json}
 * @param experiment a file in the folder
 */
record GeneratedData(Path folder, JsonNode label, Path experiment) {

  /** Every reader by a generator of its own. */
  static final List<String> READERS =
      List.of(
          "kuaisar",
          "kuairand release=27k",
          "movielens",
          "amazon release=2014",
          "ali-ccp",
          "douban",
          "mind",
          "table");

  /** Further releases of those that have several. */
  static final List<String> RELEASES =
      List.of(
          "kuaisar release=small",
          "kuairand captions=true",
          "movielens release=32m",
          "movielens release=10m",
          "movielens release=1m",
          "movielens release=100k",
          "amazon release=2018",
          "amazon release=2023",
          "amazon parts=true",
          "amazon parts=true history=true");

  /**
   * Generates.
   *
   * @param which the generator, and settings behind it
   * @param settings more of them
   */
  static GeneratedData write(Path folder, String which, String... settings) throws IOException {
    List<String> all = new ArrayList<>(List.of(which.split(" ")));
    String name = all.remove(0);
    all.addAll(List.of(settings));
    Guice.createInjector(new RuntimeModule())
        .getInstance(DataGeneration.class)
        .generate(name, folder, all, Progress.NONE);
    JsonNode label = new ObjectMapper().readTree(folder.resolve("GENERATED.json").toFile());
    Path experiment = folder.resolve("experiment.yaml");
    Files.writeString(
        experiment, "workspace: work\ndataset: %s\n".formatted(label.get("dataset").asText()));
    return new GeneratedData(folder, label, experiment);
  }
}
