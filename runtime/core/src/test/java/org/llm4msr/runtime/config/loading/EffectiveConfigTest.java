package org.llm4msr.runtime.config.loading;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.Setting;

class EffectiveConfigTest {

  record Service(
      @Setting("Address") String url,
      @Setting(value = "Patience", operational = true) int timeout) {}

  record Settings(
      @Setting(value = "Layers", formerly = "layers") int depth,
      @Setting(value = "Key", secret = true) String token,
      @Setting("A file") Path file,
      @Setting("Several") List<Service> services,
      @Setting("One") Service last) {}

  /** The same before its setting was renamed. */
  record Former(
      @Setting("Layers") int layers,
      @Setting("A file") Path file,
      @Setting("Several") List<Service> services,
      @Setting("One") Service last) {}

  private static Settings settings(int depth, String token, int timeout) {
    return new Settings(
        depth,
        token,
        Path.of("a", "b"),
        List.of(new Service("u", timeout), new Service("v", timeout)),
        new Service("w", timeout));
  }

  private static Map<String, String> flat(Record settings) {
    return FlatValues.of(EffectiveConfig.of(settings).values());
  }

  @Test
  void namesTheSecretsThatAreSet() {
    assertThat(EffectiveConfig.of(settings(3, "secret", 7)).secrets()).containsExactly("token");
  }

  @Test
  void whatDecidesNothingIsLeftOut() {
    Settings settings = settings(3, "secret", 7);
    assertThat(flat(settings)).containsEntry("last.timeout", "7").containsEntry("file", "a/b");

    assertThat(EffectiveConfig.decisive(flat(settings), settings))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "depth", "3",
                "file", "a/b",
                "services.0.url", "u",
                "services.1.url", "v",
                "last.url", "w"));
  }

  @Test
  void whatWasWrittenUnderAFormerNameIsTheSame() {
    Settings settings = settings(3, "secret", 7);
    Former former = new Former(3, settings.file(), settings.services(), settings.last());

    assertThat(EffectiveConfig.decisive(flat(former), settings))
        .isEqualTo(EffectiveConfig.decisive(flat(settings), settings));
    assertThat(EffectiveConfig.identity(settings)).isEqualTo(EffectiveConfig.identity(former));
  }

  @Test
  void theIdentityIsThatOfWhatDecides() {
    String identity = EffectiveConfig.identity(settings(3, "secret", 7));
    assertThat(EffectiveConfig.identity(settings(3, "other", 9))).isEqualTo(identity);
    assertThat(EffectiveConfig.identity(settings(4, "secret", 7))).isNotEqualTo(identity);
    assertThat(identity).doesNotContain("secret");
  }

  record Whole(
      @Setting(value = "A service", formerly = "service") Service place,
      @Setting(value = "How", operational = true) Service work) {}

  record FormerWhole(@Setting("A service") Service service) {}

  @Test
  void partsFollowTheWhole() {
    Whole whole = new Whole(new Service("u", 1), new Service("v", 2));
    FormerWhole former = new FormerWhole(new Service("u", 3));

    assertThat(EffectiveConfig.decisive(flat(former), whole))
        .isEqualTo(EffectiveConfig.decisive(flat(whole), whole))
        .isEqualTo(Map.of("place.url", "u"));
    assertThat(EffectiveConfig.identity(whole)).isEqualTo(EffectiveConfig.identity(former));
  }
}
