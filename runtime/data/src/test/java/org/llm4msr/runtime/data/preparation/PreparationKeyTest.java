package org.llm4msr.runtime.data.preparation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.Setting;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.config.DatasetConfig;
import org.llm4msr.runtime.config.MalformedConfig;
import org.llm4msr.runtime.config.NegativesConfig;
import org.llm4msr.runtime.config.PluginChoice;

class PreparationKeyTest {

  record Settings(
      @Setting(value = "Rating", formerly = "limit") double threshold,
      @Setting(value = "Readers", operational = true) int threads,
      @Setting(value = "Key", secret = true) String token) {}

  /** The same in an earlier release of the reader. */
  record Former(@Setting("Rating") double limit) {}

  @Test
  void onlyWhatDecidesTheDataIsInTheKeyUnderItsFirstName() {
    String former = key(new Former(3));

    assertThat(key(new Settings(3, 1, "a"))).isEqualTo(former);
    assertThat(key(new Settings(3, 2, "b"))).isEqualTo(former);
    assertThat(key(new Settings(4, 1, "a"))).isNotEqualTo(former);
  }

  private static String key(Record reader) {
    DatasetConfig config =
        new DatasetConfig(
            new PluginChoice<>("own", null, reader),
            ".",
            List.of(),
            null,
            2,
            new NegativesConfig(0, NegativesConfig.Draw.UNIFORM, 0),
            new MalformedConfig(MalformedConfig.Policy.STRICT, 0.001));
    List<RawTable> tables = List.of(RawTable.INTERACTIONS);
    RawSchema schema = new RawSchema(tables, List.of(), false, true, List.of(), List.of(), "rule");
    return PreparationKey.of(config, schema, List.of(), List.of(), null);
  }
}
