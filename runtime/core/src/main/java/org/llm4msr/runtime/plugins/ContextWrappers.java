package org.llm4msr.runtime.plugins;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.LeftOutRows;
import org.llm4msr.api.data.LogFile;
import org.llm4msr.api.data.RawScenario;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.api.features.FeatureQuery;
import org.llm4msr.api.features.FeatureSource;
import org.llm4msr.api.features.FeatureValues;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.api.knowledge.ItemText;
import org.llm4msr.api.knowledge.Knowledge;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.Prompt;
import org.llm4msr.api.knowledge.ScenarioPromptBuilder;
import org.llm4msr.api.knowledge.ScenarioStatistics;
import org.llm4msr.api.knowledge.UserHistory;
import org.llm4msr.api.model.Level;
import org.llm4msr.runtime.files.FileErrors;
import org.llm4msr.toolkit.arrow.ForwardingReader;

/**
 * Wraps objects made by plugins so that every call is a {@link PluginCall} in the plugin's {@link
 * ContextLoader}. For the kinds that access files and services; the parts of a model only compute
 * on arrays.
 */
public final class ContextWrappers {

  private ContextWrappers() {}

  /** Wraps a reader. */
  public static DatasetReader of(PluginCall plugin, DatasetReader reader) {
    return new Reader(plugin, reader);
  }

  /** Wraps an encoder. */
  public static KnowledgeEncoder of(PluginCall plugin, KnowledgeEncoder encoder) {
    return new Encoder(plugin, encoder);
  }

  /** Wraps a source of features. */
  public static FeatureSource of(PluginCall plugin, FeatureSource source) {
    return new Features(plugin, source);
  }

  /** Wraps a prompt builder. */
  public static ScenarioPromptBuilder of(PluginCall plugin, ScenarioPromptBuilder prompts) {
    return new Prompts(plugin, prompts);
  }

  /** Runs a call, and says of a fault of a plugin folder's code what the call was about. */
  private static <T, E extends Exception> T about(Supplier<String> what, PluginCall.Call<T, E> call)
      throws E {
    try {
      return requireNonNull(call.run(), "a PluginCall refuses null");
    } catch (MsrException e) {
      throw e;
    } catch (RuntimeException e) {
      throw PluginFaults.fault(e)
          .<RuntimeException>map(
              fault ->
                  new MsrException(
                      fault.type(),
                      fault.code(),
                      fault.text() + "\nIt was about the " + what.get() + ".",
                      e))
          .orElse(e);
    }
  }

  /** Runs a call as {@link #about}, and names the reader if its files cannot be read. */
  private static <T> T reading(
      PluginCall plugin, Supplier<String> place, PluginCall.Call<T, IOException> call)
      throws IOException {
    try {
      return about(place, call);
    } catch (IOException e) {
      if (FileErrors.isDiskFull(e)) {
        throw e;
      }
      throw new MsrException(
          ErrorType.EXTERNAL,
          "data/READING",
          "%s cannot read on in the %s: %s. Check its files and their disk."
              .formatted(plugin.plugin(), place.get(), FileErrors.reason(e)),
          e);
    }
  }

  private record Features(PluginCall plugin, FeatureSource inner) implements FeatureSource {
    @Override
    public CompletionStage<FeatureValues> fetch(FeatureQuery query) {
      return plugin.inContext(inner, "fetch()", () -> inner.fetch(query));
    }

    @Override
    public void close() {
      plugin.inContext(inner, "close()", inner::close);
    }
  }

  private record Reader(PluginCall plugin, DatasetReader inner) implements DatasetReader {
    @Override
    public RawSchema schema() {
      return plugin.inContext(inner, "schema()", inner::schema);
    }

    @Override
    public List<RawScenario> scenarios() {
      return plugin.inContext(inner, "scenarios()", inner::scenarios);
    }

    @Override
    public List<Path> sources() {
      return plugin.inContext(inner, "sources()", inner::sources);
    }

    @Override
    public List<LogFile> logFiles() {
      return plugin.inContext(inner, "logFiles()", inner::logFiles);
    }

    @Override
    public ArrowReader open(RawTable table, BufferAllocator allocator) throws IOException {
      String name = "table " + table.name().toLowerCase(Locale.ROOT);
      ArrowReader rows =
          reading(
              plugin,
              () -> name,
              () -> plugin.inContext(inner, "open()", () -> inner.open(table, allocator)));
      return new Batches(plugin, inner, name, rows, allocator);
    }

    @Override
    public Optional<ArrowReader> openPast(BufferAllocator allocator) throws IOException {
      return plugin
          .inContext(inner, "openPast()", () -> inner.openPast(allocator))
          .map(rows -> new Batches(plugin, inner, "past", rows, allocator));
    }

    @Override
    public List<LeftOutRows> leftOut() {
      return plugin.inContext(inner, "leftOut()", inner::leftOut);
    }

    @Override
    public Map<String, List<LeftOutRows.Example>> rowsOf(RawTable table, List<String> keys) {
      return plugin.inContext(inner, "rowsOf()", () -> inner.rowsOf(table, keys));
    }

    @Override
    public void close() {
      plugin.inContext(inner, "close()", inner::close);
    }
  }

  /** The database may ask for rows on a thread of its own. */
  private static final class Batches extends ForwardingReader {

    private final PluginCall plugin;
    private final DatasetReader reader;
    private final String table;
    private long rows;

    Batches(
        PluginCall plugin,
        DatasetReader reader,
        String table,
        ArrowReader inner,
        BufferAllocator allocator) {
      super(inner, allocator);
      this.plugin = plugin;
      this.reader = reader;
      this.table = table;
    }

    @Override
    public VectorSchemaRoot getVectorSchemaRoot() throws IOException {
      return plugin.inContext(reader, "the rows of open()", () -> super.getVectorSchemaRoot());
    }

    @Override
    public boolean loadNextBatch() throws IOException {
      boolean more =
          reading(
              plugin,
              () -> "%s, after row %d".formatted(table, rows),
              () -> plugin.inContext(reader, "the rows of open()", () -> super.loadNextBatch()));
      rows += more ? super.getVectorSchemaRoot().getRowCount() : 0;
      return more;
    }

    @Override
    public void close(boolean closeSource) throws IOException {
      try (ContextLoader scope = ContextLoader.of(reader)) {
        super.close(closeSource);
      }
    }
  }

  private record Encoder(PluginCall plugin, KnowledgeEncoder inner) implements KnowledgeEncoder {
    @Override
    public EncoderInfo info() {
      return plugin.inContext(inner, "info()", inner::info);
    }

    @Override
    public int countTokens(String text) {
      return plugin.inContext(inner, "countTokens()", () -> inner.countTokens(text));
    }

    @Override
    public List<Knowledge> encode(List<String> texts) {
      List<Knowledge> answers = plugin.inContext(inner, "encode()", () -> inner.encode(texts));
      answers.forEach(answer -> plugin.call("encode(), among its answers", () -> answer));
      return answers;
    }

    @Override
    public boolean readsKeys() {
      return plugin.inContext(inner, "readsKeys()", inner::readsKeys);
    }

    @Override
    public void expect(Level level, List<String> keys) {
      plugin.inContext(inner, "expect()", () -> inner.expect(level, keys));
    }

    @Override
    public void stopWaiting() {
      plugin.inContext(inner, "stopWaiting()", inner::stopWaiting);
    }

    @Override
    public void close() {
      plugin.inContext(inner, "close()", inner::close);
    }
  }

  private record Prompts(PluginCall plugin, ScenarioPromptBuilder inner)
      implements ScenarioPromptBuilder {
    @Override
    public List<Prompt> scenarioPrompts(List<ScenarioStatistics> scenarios) {
      List<Prompt> prompts =
          plugin.inContext(inner, "scenarioPrompts()", () -> inner.scenarioPrompts(scenarios));
      if (prompts.size() != scenarios.size()) {
        throw new MsrException(
            ErrorType.PLUGIN,
            "knowledge/WRONG_COUNT",
            "%s returned %d prompts for %d scenarios. Have scenarioPrompts() return one for each."
                .formatted(plugin.plugin(), prompts.size(), scenarios.size()));
      }
      return prompts;
    }

    @Override
    public Prompt userPrompt(UserHistory history) {
      return about(
          () -> "user '%s'".formatted(history.user()),
          () -> plugin.inContext(inner, "userPrompt()", () -> inner.userPrompt(history)));
    }

    @Override
    public Prompt itemPrompt(ItemText item) {
      return about(
          () -> "item '%s'".formatted(item.item()),
          () -> plugin.inContext(inner, "itemPrompt()", () -> inner.itemPrompt(item)));
    }

    @Override
    public String template() {
      return plugin.inContext(inner, "template()", inner::template);
    }
  }
}
