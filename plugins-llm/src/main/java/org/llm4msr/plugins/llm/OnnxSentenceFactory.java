package org.llm4msr.plugins.llm;

import java.nio.file.Path;
import org.llm4msr.api.Plugin;
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.api.knowledge.KnowledgeEncoder;
import org.llm4msr.api.knowledge.KnowledgeEncoderFactory;

/** Makes encoders on ONNX Runtime; two small models come with the jar's dependencies. */
@Plugin(
    name = "onnx-sentence",
    description = "Sentence encoders through ONNX Runtime on the CPU; MiniLM is built in",
    source = "Reimers and Gurevych, EMNLP 2019, doi 10.18653/v1/D19-1410")
public final class OnnxSentenceFactory implements KnowledgeEncoderFactory<OnnxSentenceConfig> {

  @Override
  public Class<OnnxSentenceConfig> configType() {
    return OnnxSentenceConfig.class;
  }

  @Override
  public KnowledgeEncoder create(OnnxSentenceConfig config, EncoderContext context) {
    return OnnxSentenceEncoder.load(
        SentenceModel.resolve(config, context.base()), context.threads());
  }

  @Override
  public void check(OnnxSentenceConfig config, Path base) {
    SentenceModel.check(config, base);
  }
}
