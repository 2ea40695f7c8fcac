package org.llm4msr.runtime.config.loading;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.validation.constraints.NotBlank;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.llm4msr.api.Setting;
import org.llm4msr.runtime.config.ModelConfig.ColdItemsConfig;
import org.llm4msr.runtime.config.ModelConfig.ColdItemsConfig.Form;

/** Settings that files were written without have what held then, and not a later default. */
class EarlierSettingsTest {

  @TempDir Path folder;
  private ConfigLoader loader;

  @BeforeEach
  void open() {
    loader = ConfigLoader.standard(ConfigPlugins.registry(folder));
  }

  /** Settings of a later version. */
  public record Later(
      @Setting("Always there") @NotBlank String name,
      @Setting(value = "Rows", defaultValue = "9", before = "3") int rows,
      @Setting(value = "File", defaultValue = "new.csv", before = "null") @Nullable String file,
      @Setting(value = "Sizes", defaultValue = "[1, 2]", before = "[]") List<Integer> sizes) {}

  private <C extends Record> C written(Class<C> type, String json) {
    return loader.bind(type, Path.of("manifest.json"), json, List.of(), "Write it again.");
  }

  @Test
  void whatProgramsWroteBeforeHasWhatHeldThen() {
    assertThat(written(Later.class, "{\"name\": \"x\"}"))
        .isEqualTo(new Later("x", 3, null, List.of()));
    assertThat(written(Later.class, "{\"name\": \"x\", \"rows\": 5, \"file\": \"a.csv\"}"))
        .isEqualTo(new Later("x", 5, "a.csv", List.of()));
    assertThat(loader.bind(Later.class, List.of("name=x"), "It"))
        .isEqualTo(new Later("x", 9, "new.csv", List.of(1, 2)));
  }

  @Test
  void coldItemsAreMixedWhereNoFormWasWritten() throws IOException {
    String cold = "{\"field\": \"item_id\"}";
    assertThat(written(ColdItemsConfig.class, cold).form()).isEqualTo(Form.MIX);
    assertThat(loader.bind(ColdItemsConfig.class, List.of("field=item_id"), "It").form())
        .isEqualTo(Form.SUM);

    Path run = folder.resolve("config.yaml");
    Files.writeString(
        run,
        """
        dataset: { name: movies, path: ., split: { by: given } }
        model: { backbone: mmoe, coldItems: { field: item_id } }
        """);
    assertThat(loader.loadStored(run).config().model().coldItems().form()).isEqualTo(Form.MIX);
    assertThat(loader.load(run, List.of()).config().model().coldItems().form()).isEqualTo(Form.SUM);
  }
}
