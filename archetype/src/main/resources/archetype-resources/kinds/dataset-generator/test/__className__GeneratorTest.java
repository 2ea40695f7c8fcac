package ${package};

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Progress;
import org.llm4msr.api.data.DatasetGeneratorFactory;
import org.llm4msr.api.data.DatasetReaderFactory;
import org.llm4msr.tck.DatasetGeneratorConformance;

class ${className}GeneratorTest {

  /** The rules that every generator keeps. */
  @Nested
  class WithDefaults extends DatasetGeneratorConformance {
    @Override
    protected DatasetGeneratorFactory<?> factory() {
      return new ${className}GeneratorFactory();
    }

    @Override
    protected List<String> sized(long interactions, long seed) {
      return List.of("users=50", "interactions=" + interactions, "seed=" + seed);
    }

    @Override
    protected DatasetReaderFactory<?> reader() {
      return new ${className}ReaderFactory();
    }
  }

  @TempDir Path folder;

  /** The results of this generator. */
  @Test
  void asManyAreClickedAsItsLabelSays() throws IOException {
    new ${className}Generator(new ${className}GeneratorConfig(50, 20, 2, 100_000, 3), folder)
        .generate(Progress.NONE);

    List<String> lines = Files.readAllLines(folder.resolve("log.tsv"));
    long clicked = lines.stream().filter(line -> line.endsWith("\t1")).count();
    assertEquals(100_001, lines.size());
    assertEquals(expected(), clicked / 100_000.0, 0.005); // Three standard errors.
  }

  private double expected() throws IOException {
    String label = Files.readString(folder.resolve("GENERATED.json"));
    Matcher share = Pattern.compile("\"expectedShareOfClicks\": ([0-9.]+)").matcher(label);
    share.find();
    return Double.parseDouble(share.group(1));
  }
}
