package org.llm4msr.exchange;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.flight.CallStatus;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.data.prepared.DatasetManifest;
import org.llm4msr.runtime.data.prepared.PreparedField;
import org.llm4msr.runtime.data.prepared.PreparedFolder;
import org.llm4msr.runtime.data.prepared.PreparedScenario;
import org.llm4msr.runtime.data.prepared.Split;
import org.llm4msr.runtime.data.prepared.SplitFiles;
import org.llm4msr.runtime.exchange.ExchangeRequest;
import org.llm4msr.runtime.files.FileErrors;
import org.llm4msr.runtime.knowledge.store.KnowledgeStore;

/** The tables of prepared data and its knowledge, by path. */
final class Tables {

  private static final String KNOWLEDGE = "knowledge";
  private static final String VOCABULARY = "vocabulary";

  private final Map<List<String>, Table> tables = new LinkedHashMap<>();

  /** Opens all tables without reading rows. */
  Tables(DatasetManifest manifest, ExchangeRequest request) {
    Path folder = request.prepared();
    for (Split split : Split.values()) {
      List<Path> files = SplitFiles.of(folder, manifest, split);
      add(files, null, manifest.rows().of(split), split.key());
      for (int rank = 0; rank < manifest.scenarios().size(); rank++) {
        PreparedScenario scenario = manifest.scenarios().get(rank);
        add(files, rank, scenario.rows().of(split), split.key(), scenario.key());
      }
    }
    for (String name : List.of("users", "items", "histories", "train-users")) {
      add(List.of(folder.resolve(name + ".arrow")), null, -1, name);
    }
    for (PreparedField field : manifest.fields()) {
      Path file = folder.resolve(PreparedFolder.vocabularyFile(field));
      add(List.of(file), null, -1, VOCABULARY, field.name());
    }
    KnowledgeStore knowledge = request.knowledge();
    if (knowledge != null) {
      tables.put(List.of(KNOWLEDGE, "users"), new KnowledgeTable(knowledge, Level.USER));
      tables.put(List.of(KNOWLEDGE, "scenarios"), new KnowledgeTable(knowledge, Level.SCENARIO));
      tables.put(List.of(KNOWLEDGE, "items"), new KnowledgeTable(knowledge, Level.ITEM));
    }
  }

  /** Adds files if they exist: another program may leave out most of them. */
  private void add(List<Path> files, @Nullable Integer scenario, long rows, String... path) {
    Path file = files.get(0);
    if (!Files.exists(file)) {
      return;
    }
    try {
      tables.put(List.of(path), ArrowTable.open(files, scenario, rows));
    } catch (IOException e) {
      throw new MsrException(
          ErrorType.DATA,
          "exchange/BAD_FILE",
          "%s cannot be served: %s. Prepare the data again, or copy all of it."
              .formatted(file, FileErrors.reason(e)),
          e);
    }
  }

  List<List<String>> paths() {
    return new ArrayList<>(tables.keySet());
  }

  Table get(List<String> path) {
    Table table = tables.get(path);
    if (table == null) {
      throw CallStatus.NOT_FOUND
          .withDescription("There is no table %s; there are %s.".formatted(path, paths()))
          .toRuntimeException();
    }
    return table;
  }
}
