package org.llm4msr.runtime.data.preparation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.Setting;
import org.llm4msr.api.data.RawSchema;
import org.llm4msr.api.data.RawTable;
import org.llm4msr.runtime.config.DatasetConfig;
import org.llm4msr.runtime.config.MalformedConfig;
import org.llm4msr.runtime.config.NegativePool;
import org.llm4msr.runtime.config.NegativesConfig;
import org.llm4msr.runtime.config.NegativesConfig.Draw;
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

  /** The same in a later release. */
  record Later(
      @Setting("Rating") double limit,
      @Setting(value = "File", before = "null") @Nullable String file,
      @Setting(value = "Rows", before = "3") int rows) {}

  @Test
  void whatCameLaterIsInTheKeyIfItDiffersFromWhatHeldBefore() {
    String before = key(new Former(3));

    assertThat(key(new Later(3, null, 3))).isEqualTo(before);
    assertThat(key(new Later(3, "a.npy", 3))).isNotEqualTo(before);
    assertThat(key(new Later(3, null, 4))).isNotEqualTo(before);
  }

  /** The key under which data with negatives was prepared before their pool was a setting. */
  private static final String BEFORE_POOLS =
      "780d213b84f5845d3f683b0d7365afa2a14d66b733a9424ab67ddb2db231fb79";

  @Test
  void dataOfTheFormerPoolKeepsItsKey() {
    assertThat(key(new Former(3), drawing(NegativePool.EARLIER), 1)).isEqualTo(BEFORE_POOLS);
    assertThat(key(new Former(3), drawing(NegativePool.PART), 1)).isNotEqualTo(BEFORE_POOLS);
    assertThat(key(drawing(NegativePool.near(7)))).isNotEqualTo(key(drawing(NegativePool.near(8))));
    assertThat(key(Preparations.NO_NEGATIVES))
        .isEqualTo(key(new NegativesConfig(0, Draw.UNIFORM, NegativePool.near(7), 3, 1)));
  }

  /** The same of values that two rows have, when drawn rows counted. */
  private static final String DRAWN_COUNTED =
      "fb18b18165a90cc82ea8e54988b76d1b0ba543ee45c2336f0d40230e1535ec0b";

  @Test
  void dataInWhichDrawnRowsCountedIsPreparedAnew() {
    assertThat(key(drawing(NegativePool.EARLIER))).isNotEqualTo(DRAWN_COUNTED);
  }

  private static NegativesConfig drawing(NegativePool pool) {
    return new NegativesConfig(2, Draw.POPULARITY, pool, 5, 1);
  }

  private static String key(NegativesConfig negatives) {
    return key(new Former(3), negatives, 2);
  }

  private static String key(Record reader) {
    return key(reader, Preparations.NO_NEGATIVES, 2);
  }

  private static String key(Record reader, NegativesConfig negatives, int minFrequency) {
    DatasetConfig config =
        new DatasetConfig(
            new PluginChoice<>("own", null, reader),
            ".",
            List.of(),
            null,
            minFrequency,
            negatives,
            new MalformedConfig(MalformedConfig.Policy.STRICT, 0.001));
    List<RawTable> tables = List.of(RawTable.INTERACTIONS);
    RawSchema schema = new RawSchema(tables, List.of(), false, true, List.of(), List.of(), "rule");
    return PreparationKey.of(config, schema, List.of(), List.of(), null);
  }
}
