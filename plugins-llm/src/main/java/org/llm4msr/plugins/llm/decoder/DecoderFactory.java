package org.llm4msr.plugins.llm.decoder;

import java.nio.file.Path;
import java.util.Set;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;
import org.llm4msr.plugins.llm.decoder.DecoderConfig.Precision;
import org.llm4msr.toolkit.hub.ModelSource;

/** Makes encoders of decoder-only transformers. */
@Plugin(
    name = "decoder",
    description =
        "Decoder-only transformers (Llama, Qwen, Gemma 3, Phi, SmolLM, Mistral, ChatGLM2) from a"
            + " Hugging Face folder",
    source = "Touvron et al., arXiv 2302.13971; Du et al., ACL 2022, arXiv 2103.10360")
public final class DecoderFactory implements KnowledgeEncoderFactory<DecoderConfig> {

  @Override
  public Class<DecoderConfig> configType() {
    return DecoderConfig.class;
  }

  @Override
  public Set<EngineFeature> engineFeatures(DecoderConfig config) {
    return config.precision() == Precision.BFLOAT16 ? Set.of(EngineFeature.SCRIPT) : Set.of();
  }

  @Override
  public KnowledgeEncoder create(DecoderConfig config, EncoderContext context) {
    return DecoderLoading.load(config, ModelFolder.find(config, context.base()), context);
  }

  @Override
  public KnowledgeEncoder counter(DecoderConfig config, EncoderContext context) {
    return DecoderLoading.counter(config, ModelFolder.find(config, context.base()));
  }

  @Override
  public void check(DecoderConfig config, Path base) {
    if (ModelSource.isFolder(config.model())) {
      DecoderLoading.check(config, ModelFolder.find(config, base));
    } else {
      ModelSource.of(config.model(), base).check();
    }
  }
}
