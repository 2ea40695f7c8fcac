package org.llm4msr.runtime.plugins;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.llm4msr.api.data.DatasetReader;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.ScenarioPromptBuilder;
import org.llm4msr.api.knowledge.ScenarioStatistics;

class ContextWrappersTest {

  private static final PluginCall PLUGIN = new PluginCall("The plugin 'watched'");

  static Stream<Arguments> wrapped() {
    return Stream.of(
        Arguments.of(DatasetReader.class, ContextWrappers.of(PLUGIN, nothing(DatasetReader.class))),
        Arguments.of(
            KnowledgeEncoder.class, ContextWrappers.of(PLUGIN, nothing(KnowledgeEncoder.class))),
        Arguments.of(
            ScenarioPromptBuilder.class,
            ContextWrappers.of(PLUGIN, nothing(ScenarioPromptBuilder.class))));
  }

  private static <T> T nothing(Class<T> kind) {
    return kind.cast(
        Proxy.newProxyInstance(
            kind.getClassLoader(), new Class<?>[] {kind}, (proxy, method, arguments) -> null));
  }

  /** A default method that is not handed on would run in place of the plugin's. */
  @ParameterizedTest
  @MethodSource("wrapped")
  void everyMethodIsHandedOn(Class<?> kind, Object wrapper) {
    List<String> handedOn =
        Arrays.stream(wrapper.getClass().getDeclaredMethods())
            .map(ContextWrappersTest::form)
            .toList();

    assertThat(handedOn)
        .containsAll(
            Arrays.stream(kind.getMethods())
                .filter(method -> !Modifier.isStatic(method.getModifiers()))
                .map(ContextWrappersTest::form)
                .toList());
  }

  @Test
  void aBuilderWithoutPromptsOfScenariosIsNamed() {
    ScenarioPromptBuilder silent =
        ContextWrappers.of(
            PLUGIN,
            (ScenarioPromptBuilder)
                Proxy.newProxyInstance(
                    ScenarioPromptBuilder.class.getClassLoader(),
                    new Class<?>[] {ScenarioPromptBuilder.class},
                    (proxy, method, arguments) -> List.of()));
    ScenarioStatistics scenario =
        new ScenarioStatistics("1", "feed", "", 9, 3, 3, 4, List.of(3L), List.of());

    assertThatThrownBy(() -> silent.scenarioPrompts(List.of(scenario)))
        .hasMessage(
            "[knowledge/WRONG_COUNT] The plugin 'watched' returned 0 prompts for 1 scenarios. Have"
                + " scenarioPrompts() return one for each.");
    assertThat(silent.scenarioPrompts(List.of())).isEmpty();
  }

  /** Libraries that read files look things up while they read, not only when they open. */
  @Test
  void rowsAreReadInTheContextOfTheReader() throws Exception {
    ClassLoader plugin = new ClassLoader(DatasetReader.class.getClassLoader()) {};
    List<ClassLoader> contexts = new ArrayList<>();
    try (BufferAllocator allocator = new RootAllocator()) {
      DatasetReader reader =
          (DatasetReader)
              Proxy.newProxyInstance(
                  plugin,
                  new Class<?>[] {DatasetReader.class},
                  (proxy, method, arguments) -> new Recording(allocator, contexts));

      try (ArrowReader rows =
          ContextWrappers.of(PLUGIN, reader).open(RawTable.INTERACTIONS, allocator)) {
        rows.getVectorSchemaRoot();
        rows.loadNextBatch();
      }
    }

    assertThat(contexts).containsExactly(plugin, plugin, plugin);
    assertThat(Thread.currentThread().getContextClassLoader()).isNotSameAs(plugin);
  }

  @Test
  void aReaderWhoseFilesFailIsNamedWithTableAndRow() throws Exception {
    try (BufferAllocator allocator = new RootAllocator();
        ArrowReader rows =
            ContextWrappers.of(PLUGIN, failing(new IOException("disk gone"), allocator))
                .open(RawTable.USERS, allocator)) {
      rows.loadNextBatch();

      assertThatThrownBy(rows::loadNextBatch)
          .hasMessage(
              "[data/READING] The plugin 'watched' cannot read on in the table users, after row 7:"
                  + " disk gone. Check its files and their disk.");
    }
  }

  @Test
  void aFullDiskIsLeftToWhoKnowsIt() throws Exception {
    IOException full = new IOException("No space left on device");
    try (BufferAllocator allocator = new RootAllocator();
        ArrowReader rows =
            ContextWrappers.of(PLUGIN, failing(full, allocator)).open(RawTable.USERS, allocator)) {
      rows.loadNextBatch();

      assertThatThrownBy(rows::loadNextBatch).isSameAs(full);
    }
  }

  private static DatasetReader failing(IOException failure, BufferAllocator allocator) {
    return (DatasetReader)
        Proxy.newProxyInstance(
            DatasetReader.class.getClassLoader(),
            new Class<?>[] {DatasetReader.class},
            (proxy, method, arguments) -> new Failing(allocator, failure));
  }

  /** Has a batch of seven rows, and then fails. */
  private static final class Failing extends ArrowReader {

    private final IOException failure;
    private boolean read;

    Failing(BufferAllocator allocator, IOException failure) {
      super(allocator);
      this.failure = failure;
    }

    @Override
    protected Schema readSchema() {
      return new Schema(List.of());
    }

    @Override
    public boolean loadNextBatch() throws IOException {
      if (read) {
        throw failure;
      }
      read = true;
      getVectorSchemaRoot().setRowCount(7);
      return true;
    }

    @Override
    public long bytesRead() {
      return 0;
    }

    @Override
    protected void closeReadSource() {}
  }

  /** Records the context of its schema, of its one batch and of its end. */
  private static final class Recording extends ArrowReader {

    private final List<ClassLoader> contexts;

    Recording(BufferAllocator allocator, List<ClassLoader> contexts) {
      super(allocator);
      this.contexts = contexts;
    }

    private void record() {
      contexts.add(Thread.currentThread().getContextClassLoader());
    }

    @Override
    protected Schema readSchema() {
      record();
      return new Schema(List.of());
    }

    @Override
    public boolean loadNextBatch() {
      record();
      return true;
    }

    @Override
    public long bytesRead() {
      return 0;
    }

    @Override
    protected void closeReadSource() {
      record();
    }
  }

  private static String form(Method method) {
    return method.getName() + Arrays.toString(method.getParameterTypes());
  }
}
