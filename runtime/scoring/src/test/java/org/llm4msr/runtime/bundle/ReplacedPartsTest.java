package org.llm4msr.runtime.bundle;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.MsrException;
import org.llm4msr.runtime.config.ModelPart;
import org.llm4msr.runtime.config.PluginChoice;
import org.llm4msr.runtime.plugins.PluginKind;
import org.llm4msr.runtime.plugins.PluginStamp;

class ReplacedPartsTest {

  /** What the file of the training names. */
  private static final Map<String, Object> STATED =
      Map.of(
          "model",
          Map.of(
              "backbone",
              Map.of("name", "mmoe"),
              "metaNetworks",
              Map.of("user", Map.of("name", "mlp"), "scenario", Map.of("name", "wide"))));

  private static ThrowingCallable loading(List<PluginStamp> trained, ModelPart... parts) {
    BundleManifest manifest =
        new BundleManifest(
            1, "2026-12-03T00:00:00Z", trained, STATED, Map.of(), Map.of(), Map.of());
    return () -> ReplacedParts.require(Path.of("b"), manifest, List.of(parts));
  }

  private static ModelPart part(String key, PluginKind kind, String name) {
    PluginStampsTest.None settings = new PluginStampsTest.None();
    return new ModelPart(
        key, kind, PluginChoice.of(name, new PluginStampsTest.MineFactory(), settings));
  }

  private static ModelPart backbone(String name) {
    return part("model.backbone.name", PluginKind.BACKBONE, name);
  }

  private static ModelPart[] metaNetworks(String user, String scenario) {
    return new ModelPart[] {
      part("model.metaNetworks.user.name", PluginKind.META_NETWORK, user),
      part("model.metaNetworks.scenario.name", PluginKind.META_NETWORK, scenario)
    };
  }

  private static PluginStamp stamp(String kind, String name) {
    return new PluginStamp(kind, name, "1.0", "");
  }

  @Test
  void namesThePartOfAModuleThatIsMissing() {
    assertThatThrownBy(loading(List.of(stamp("backbone", "linear")), backbone("mmoe")))
        .isInstanceOf(MsrException.class)
        .hasMessage(
            "[bundle/OTHER_PARTS] b was trained with the backbone 'linear', which a module put in the place of 'mmoe' of model.backbone.name. Load it from Java with that module, as docs/embedding.md shows.");
  }

  @Test
  void takesThePartOfTheSameModule() {
    assertThatCode(loading(List.of(stamp("backbone", "linear")), backbone("linear")))
        .doesNotThrowAnyException();
  }

  @Test
  void leavesPartsThatAnOverrideNamesToTheirFiles() {
    assertThatCode(loading(List.of(stamp("backbone", "mmoe")), backbone("ple")))
        .doesNotThrowAnyException();
  }

  @Test
  void takesBundlesThatDoNotRecordPlugins() {
    assertThatCode(loading(List.of(), backbone("mmoe"))).doesNotThrowAnyException();
  }

  @Test
  void tellsTheMetaNetworksOfLevelsApart() {
    List<PluginStamp> stated = List.of(stamp("meta-network", "mlp"), stamp("meta-network", "wide"));
    List<PluginStamp> replaced =
        List.of(stamp("meta-network", "own"), stamp("meta-network", "wide"));

    assertThatCode(loading(stated, metaNetworks("mlp", "wide"))).doesNotThrowAnyException();
    assertThatCode(loading(stated, metaNetworks("deep", "wide"))).doesNotThrowAnyException();
    assertThatCode(loading(replaced, metaNetworks("own", "wide"))).doesNotThrowAnyException();
    assertThatThrownBy(loading(replaced, metaNetworks("mlp", "wide")))
        .hasMessageContaining("the meta network 'own'")
        .hasMessageContaining("'mlp' of model.metaNetworks.user.name");
  }
}
