package org.llm4msr.toolkit.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.llm4msr.api.MsrException;

class HubSettingsTest {

  private static final Path HOME = Path.of(System.getProperty("user.home"));

  @ParameterizedTest
  @CsvSource({
    "HF_HUB_CACHE, ~/models, models",
    "HF_HUB_CACHE, ~, ''",
    "HF_HOME, ~/hf, hf/hub",
    "HF_HOME, ~, hub",
    "XDG_CACHE_HOME, ~/caches, caches/huggingface/hub"
  })
  void aTildeIsTheHomeOfTheUser(String name, String value, String cache) {
    assertThat(cache(Map.of(name, value))).isEqualTo(HOME.resolve(cache));
  }

  @ParameterizedTest
  @CsvSource({
    "HF_HUB_CACHE, /data/~/x, /data/~/x",
    "HF_HUB_CACHE, ~x/y, ~x/y",
    "HF_HOME, /data/hf, /data/hf/hub",
    "XDG_CACHE_HOME, /data, /data/huggingface/hub"
  })
  void anotherPathIsTakenAsItIs(String name, String value, String cache) {
    assertThat(cache(Map.of(name, value))).isEqualTo(Path.of(cache));
  }

  @Test
  void modelsAreKeptInTheHomeOfTheUserWhereNothingIsSet() {
    assertThat(cache(Map.of())).isEqualTo(HOME.resolve(".cache/huggingface/hub"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"\u201chf_secret\u201d", "hf_secret\nhf_other", "hf_se cret"})
  void refusesATokenThatNoHeaderMayHoldWithoutQuotingIt(String token) {
    assertThatThrownBy(() -> HubSettings.of(Map.of("HF_TOKEN", token)::get))
        .isInstanceOf(MsrException.class)
        .hasMessageStartingWith("[model/BAD_TOKEN] the environment variable HF_TOKEN holds")
        .hasMessageNotContaining("hf_");
  }

  @Test
  void takesATokenWithoutTheSpaceAroundIt() {
    assertThat(HubSettings.of(Map.of("HF_TOKEN", " hf_secret\n")::get).token())
        .isEqualTo("hf_secret");
  }

  private static Path cache(Map<String, String> environment) {
    return HubSettings.of(environment::get).cache();
  }
}
