package org.llm4msr.plugins.backbones;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.data.FieldKind;
import org.llm4msr.api.data.FieldRole;
import org.llm4msr.api.model.Activation;
import org.llm4msr.api.model.FeatureLayout;
import org.llm4msr.api.model.Field;
import org.llm4msr.api.model.Scenario;
import org.llm4msr.plugins.backbones.adaptive.HamurConfig;
import org.llm4msr.plugins.backbones.adaptive.PpNetConfig;
import org.llm4msr.plugins.backbones.adaptive.PpNetFactory;
import org.llm4msr.runtime.config.loading.ConfigLoader;
import org.llm4msr.runtime.model.ModelShape;
import org.llm4msr.runtime.plugins.PluginRegistry;
import org.llm4msr.tck.harness.ModelHarness;

/** Settings that are wrong only in view of the data or of other settings. */
class BackboneErrorsTest {

  private static ModelHarness.Parts ppNet(FieldRole role, List<String> priors) {
    PpNetConfig config = new PpNetConfig(List.of(4), priors, Activation.RELU, 0, false);
    return ModelHarness.of(shape(role), context -> new PpNetFactory().create(config, context));
  }

  private static ModelShape shape(FieldRole role) {
    Field field = new Field("hour", role, new FieldKind.Categorical(), 0, 2);
    return new ModelShape(
        new FeatureLayout(List.of(field)), List.of(new Scenario(0, "feed", 9)), 1);
  }

  @Test
  void ppNetNamesTheFieldsThatThereAre() {
    assertThatExceptionOfType(MsrException.class)
        .isThrownBy(() -> ppNet(FieldRole.USER, List.of("hour", "day")).create().close())
        .withMessage(
            "[ppnet/UNKNOWN_FIELD] model.backbone.priors names the field 'day', which the data do"
                + " not have. There are [hour].");
    assertThatExceptionOfType(MsrException.class)
        .isThrownBy(() -> ppNet(FieldRole.CONTEXT, List.of()).create().close())
        .withMessageContainingAll("[ppnet/NO_PRIORS]", "model.backbone.priors", "[hour]");
  }

  @Test
  void hamurHasNoMoreAdaptersThanLayers() {
    ConfigLoader loader = ConfigLoader.standard(PluginRegistry.load());

    assertThatExceptionOfType(MsrException.class)
        .isThrownBy(
            () ->
                loader.bind(
                    HamurConfig.class, List.of("layers=[8, 4]", "adapters=3"), "model.backbone"))
        .withMessageContaining("adapters must not be more than layers");
  }
}
