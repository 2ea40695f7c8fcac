package org.llm4msr.runtime.plugins;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.LeftOutRows;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.knowledge.ItemText;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.Prompt;
import org.llm4msr.api.knowledge.ScenarioPromptBuilder;
import org.llm4msr.api.knowledge.ScenarioStatistics;
import org.llm4msr.api.knowledge.UserHistory;
import org.llm4msr.api.model.Level;
import org.llm4msr.toolkit.arrow.ForwardingReader;

/**
 * Wraps objects made by plugins so that every call runs in the plugin's {@link ContextLoader}. For
 * the kinds that access files and services; the parts of a model only compute on arrays.
 */
public final class ContextWrappers {

  private ContextWrappers() {}

  /** Wraps a reader. */
  public static DatasetReader of(DatasetReader reader) {
    return new Reader(reader);
  }

  /** Wraps an encoder. */
  public static KnowledgeEncoder of(KnowledgeEncoder encoder) {
    return new Encoder(encoder);
  }

  /** Wraps a prompt builder. */
  public static ScenarioPromptBuilder of(ScenarioPromptBuilder prompts) {
    return new Prompts(prompts);
  }

  private record Reader(DatasetReader inner) implements DatasetReader {
    @Override
    public RawSchema schema() {
      try (ContextLoader scope = ContextLoader.of(inner)) {
        return inner.schema();
      }
    }

    @Override
    public List<RawScenario> scenarios() {
      try (ContextLoader scope = ContextLoader.of(inner)) {
        return inner.scenarios();
      }
    }

    @Override
    public List<Path> sources() {
      try (ContextLoader scope = ContextLoader.of(inner)) {
        return inner.sources();
      }
    }

    @Override
    public ArrowReader open(RawTable table, BufferAllocator allocator) throws IOException {
      try (ContextLoader scope = ContextLoader.of(inner)) {
        return new Batches(inner.open(table, allocator), allocator, inner);
      }
    }

    @Override
    public List<LeftOutRows> leftOut() {
      try (ContextLoader scope = ContextLoader.of(inner)) {
        return inner.leftOut();
      }
    }

    @Override
    public Map<String, List<LeftOutRows.Example>> rowsOf(RawTable table, List<String> keys) {
      try (ContextLoader scope = ContextLoader.of(inner)) {
        return inner.rowsOf(table, keys);
      }
    }

    @Override
    public void close() {
      try (ContextLoader scope = ContextLoader.of(inner)) {
        inner.close();
      }
    }
  }

  /** The database may ask for rows on a thread of its own. */
  private static final class Batches extends ForwardingReader {

    private final DatasetReader plugin;

    Batches(ArrowReader inner, BufferAllocator allocator, DatasetReader plugin) {
      super(inner, allocator);
      this.plugin = plugin;
    }

    @Override
    public VectorSchemaRoot getVectorSchemaRoot() throws IOException {
      try (ContextLoader scope = ContextLoader.of(plugin)) {
        return super.getVectorSchemaRoot();
      }
    }

    @Override
    public boolean loadNextBatch() throws IOException {
      try (ContextLoader scope = ContextLoader.of(plugin)) {
        return super.loadNextBatch();
      }
    }

    @Override
    public void close(boolean closeSource) throws IOException {
      try (ContextLoader scope = ContextLoader.of(plugin)) {
        super.close(closeSource);
      }
    }
  }

  private record Encoder(KnowledgeEncoder inner) implements KnowledgeEncoder {
    @Override
    public EncoderInfo info() {
      try (ContextLoader scope = ContextLoader.of(inner)) {
        return inner.info();
      }
    }

    @Override
    public int countTokens(String text) {
      try (ContextLoader scope = ContextLoader.of(inner)) {
        return inner.countTokens(text);
      }
    }

    @Override
    public List<Knowledge> encode(List<String> texts) {
      try (ContextLoader scope = ContextLoader.of(inner)) {
        return inner.encode(texts);
      }
    }

    @Override
    public boolean readsKeys() {
      try (ContextLoader scope = ContextLoader.of(inner)) {
        return inner.readsKeys();
      }
    }

    @Override
    public void expect(Level level, List<String> keys) {
      try (ContextLoader scope = ContextLoader.of(inner)) {
        inner.expect(level, keys);
      }
    }

    @Override
    public void stopWaiting() {
      try (ContextLoader scope = ContextLoader.of(inner)) {
        inner.stopWaiting();
      }
    }

    @Override
    public void close() {
      try (ContextLoader scope = ContextLoader.of(inner)) {
        inner.close();
      }
    }
  }

  private record Prompts(ScenarioPromptBuilder inner) implements ScenarioPromptBuilder {
    @Override
    public List<Prompt> scenarioPrompts(List<ScenarioStatistics> scenarios) {
      try (ContextLoader scope = ContextLoader.of(inner)) {
        return inner.scenarioPrompts(scenarios);
      }
    }

    @Override
    public Prompt userPrompt(UserHistory history) {
      try (ContextLoader scope = ContextLoader.of(inner)) {
        return inner.userPrompt(history);
      }
    }

    @Override
    public Prompt itemPrompt(ItemText item) {
      try (ContextLoader scope = ContextLoader.of(inner)) {
        return inner.itemPrompt(item);
      }
    }

    @Override
    public String template() {
      try (ContextLoader scope = ContextLoader.of(inner)) {
        return inner.template();
      }
    }
  }
}
