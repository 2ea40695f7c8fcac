package ${package};

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.features.FeatureQuery;
import org.llm4msr.api.features.FeatureSourceFactory;
import org.llm4msr.api.features.FeatureValues;
import org.llm4msr.tck.FeatureSourceConformance;

class ${className}Test {

  @TempDir Path folder;

  /** The rules that every source keeps. */
  @Nested
  class WithTheFile extends FeatureSourceConformance {
    @Override
    protected FeatureSourceFactory<?> factory() {
      return new ${className}Factory();
    }

    @Override
    protected List<String> settings() {
      return List.of("file=" + Path.of("users.csv").toAbsolutePath());
    }
  }

  /** The answers of this source. */
  @Test
  void aUserHasTheCellsThatAreNotEmpty() throws Exception {
    Path file = Files.writeString(folder.resolve("u.csv"), "city,user,age\nLyon,17,31\nGraz,18,\n");

    assertEquals(Map.of("city", "Lyon", "age", "31"), fetch(file, "17").user());
    assertEquals(Map.of("city", "Graz"), fetch(file, "18").user());
    assertEquals(Map.of(), fetch(file, "19").user());
    assertEquals(List.of(Map.of(), Map.of()), fetch(file, null).items());
  }

  @Test
  void aFileThatIsNotThereFailsTheAnswerAndNotTheSource() {
    CompletionException failure =
        assertThrows(CompletionException.class, () -> fetch(folder.resolve("none.csv"), "17"));

    assertTrue(failure.getCause().getMessage().contains("[${artifactId}/UNREADABLE]"));
  }

  private static FeatureValues fetch(Path file, String user) {
    try (${className} source = new ${className}(file, 3600)) {
      FeatureQuery query = new FeatureQuery(user, "feed", List.of("a", "b"));
      return source.fetch(query).toCompletableFuture().join();
    }
  }
}
