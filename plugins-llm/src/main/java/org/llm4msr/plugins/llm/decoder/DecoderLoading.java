package org.llm4msr.plugins.llm.decoder;

import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.EngineFeature;
import org.llm4msr.api.ErrorType;
import org.llm4msr.api.MsrException;
import org.llm4msr.api.Script;
import org.llm4msr.api.TensorService;
import org.llm4msr.api.UnsupportedFeatureException;
import org.llm4msr.api.knowledge.EncoderContext;
import org.llm4msr.api.knowledge.EncoderInfo;
import org.llm4msr.plugins.llm.CountingEncoder;
import org.llm4msr.plugins.llm.TokenLimit;
import org.llm4msr.plugins.llm.decoder.DecoderConfig.Position;
import org.llm4msr.plugins.llm.decoder.DecoderConfig.Precision;
import org.llm4msr.plugins.llm.decoder.DecoderConfig.State;
import org.llm4msr.plugins.llm.decoder.DecoderConfig.Template;

/** Makes an encoder from the files of a model. */
final class DecoderLoading {

  /** Longer prompts are read only if {@code maxTokens} says so, as attention is quadratic. */
  private static final int USUAL_TOKENS = 4096;

  private DecoderLoading() {}

  /** Checks all files except weights and tokenizer. */
  static void check(DecoderConfig config, ModelFolder folder) {
    Architecture architecture = Architecture.of(folder.config());
    shape(config, folder, architecture);
    template(config, folder, architecture);
  }

  static DecoderEncoder load(DecoderConfig stated, ModelFolder folder, EncoderContext context) {
    Architecture architecture = Architecture.of(folder.config());
    DecoderShape shape = shape(stated, folder, architecture);
    DecoderConfig config = config(stated, architecture, shape);
    Set<Long> ends = ends(folder);
    PromptTokens prompts = prompts(config, folder, architecture, ends);
    try {
      return new DecoderEncoder(
          config,
          info(config, folder, shape, context.tensors().isThreadSafe()),
          shape,
          decoder(config, folder, architecture, shape, context.tensors()),
          prompts,
          ends);
    } catch (RuntimeException | Error e) {
      prompts.close();
      throw e;
    }
  }

  /** Makes an encoder without weights, whose description is the same. */
  static CountingEncoder counter(DecoderConfig stated, ModelFolder folder) {
    Architecture architecture = Architecture.of(folder.config());
    DecoderShape shape = shape(stated, folder, architecture);
    DecoderConfig config = config(stated, architecture, shape);
    EncoderInfo info = info(config, folder, shape, true);
    PromptTokens prompts = prompts(config, folder, architecture, ends(folder));
    return new CountingEncoder(info, text -> prompts.of(text).length, prompts::close);
  }

  private static DecoderConfig config(
      DecoderConfig stated, Architecture architecture, DecoderShape shape) {
    boolean preNorm = architecture.unstated().preNorm() || !shape.isWhole();
    return stated.state() == null
        ? stated.with(preNorm ? State.PRE_NORM : State.POST_NORM)
        : stated;
  }

  private static Set<Long> ends(ModelFolder folder) {
    Set<Long> ends = new LinkedHashSet<>(folder.config().integers("eos_token_id"));
    ends.addAll(folder.optional("generation_config.json").integers("eos_token_id"));
    return ends;
  }

  private static PromptTokens prompts(
      DecoderConfig config, ModelFolder folder, Architecture architecture, Set<Long> ends) {
    Long start =
        Stream.concat(folder.config().integers("bos_token_id").stream(), ends.stream())
            .findFirst()
            .orElse(null);
    ChatTemplate template = template(config, folder, architecture);
    return new PromptTokens(TextTokens.open(folder, architecture), template, start);
  }

  /** Returns the shape up to the layer whose state is returned. */
  private static DecoderShape shape(
      DecoderConfig config, ModelFolder folder, Architecture architecture) {
    DecoderShape whole = DecoderShape.of(folder.config(), architecture);
    if (config.layer() == null) {
      return whole;
    }
    int layers = whole.layers();
    int layer = config.layer() < 0 ? layers + 1 + config.layer() : config.layer();
    if (layer < 1 || layer > layers) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/LAYER",
          "knowledge.encoder.layer is %d, and the model %s has %d layers. Set it to 1 (the lowest) up to %3$d (the last), or to -1 (the last) down to -%3$d."
              .formatted(config.layer(), folder.name(), layers));
    }
    if (layer < layers && config.position() == Position.GENERATED_END) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/LAYER",
          "knowledge.encoder.layer is %d, but to generate, the model %s computes all its %d layers. Remove layer, or set position: prompt-end."
              .formatted(config.layer(), folder.name(), layers));
    }
    return whole.lowest(layer);
  }

  private static @Nullable ChatTemplate template(
      DecoderConfig config, ModelFolder folder, Architecture architecture) {
    return config.template() == Template.CHAT ? ChatTemplate.of(folder, architecture) : null;
  }

  private static EncoderInfo info(
      DecoderConfig config, ModelFolder folder, DecoderShape shape, boolean threadSafe) {
    return new EncoderInfo(
        folder.name(),
        folder.revision(),
        folder.checksum(),
        state(config, shape),
        shape.hidden(),
        TokenLimit.of(config.maxTokens(), USUAL_TOKENS, room(config, folder, shape), folder.name()),
        threadSafe);
  }

  /** Returns how many tokens of the context are left for a prompt. */
  private static int room(DecoderConfig config, ModelFolder folder, DecoderShape shape) {
    if (config.position() == Position.PROMPT_END) {
      return shape.context();
    }
    if (config.generatedTokens() >= shape.context()) {
      throw new MsrException(
          ErrorType.USER,
          "knowledge/TOO_MANY_TOKENS",
          "knowledge.encoder.generatedTokens is %d, which leaves no room for a prompt: the model %s reads and writes %d together. Set it to less."
              .formatted(config.generatedTokens(), folder.name(), shape.context()));
    }
    return shape.context() - config.generatedTokens();
  }

  private static String state(DecoderConfig config, DecoderShape shape) {
    List<String> parts = new ArrayList<>();
    parts.add(config.state() == State.PRE_NORM ? "pre-norm" : "post-norm");
    if (!shape.isWhole()) {
      parts.add("layer %d of %d".formatted(shape.layers(), shape.modelLayers()));
    }
    if (config.position() == Position.PROMPT_END) {
      parts.add("prompt-end");
    } else {
      parts.add("generated-end, at most " + config.generatedTokens() + " tokens");
      parts.add(
          config.temperature() == 0
              ? "greedy"
              : "temperature %s, top %s, seed %d"
                  .formatted(config.temperature(), config.topP(), config.seed()));
    }
    if (config.l2()) {
      parts.add("l2");
    }
    if (config.precision() == Precision.BFLOAT16) {
      parts.add("bfloat16");
    }
    if (config.template() == Template.CHAT) {
      parts.add("chat template");
    }
    return String.join(", ", parts);
  }

  private static Decoder decoder(
      DecoderConfig config,
      ModelFolder folder,
      Architecture architecture,
      DecoderShape shape,
      TensorService tensors) {
    boolean head = config.position() == Position.GENERATED_END;
    if (config.precision() == Precision.BFLOAT16 && !tensors.runsScripts()) {
      throw new UnsupportedFeatureException(
          EngineFeature.BFLOAT16.name(),
          "this engine does not have it. Write precision: float32, or set runtime.engine to"
              + " PyTorch.");
    }
    NDManager manager = tensors.newManager();
    try (WeightFiles files = WeightFiles.open(folder.folder())) {
      return tensors.runsScripts()
          ? scripted(config.precision(), files, architecture, shape, head, manager, tensors)
          : new PlainDecoder(
              shape,
              DecoderWeights.read(
                  files, architecture, shape, head, manager, new WeightStore.Float32(manager)),
              manager);
    } catch (RuntimeException | Error e) {
      manager.close();
      throw e;
    }
  }

  static Decoder scripted(
      Precision precision,
      WeightFiles files,
      Architecture architecture,
      DecoderShape shape,
      boolean head,
      NDManager manager,
      TensorService tensors) {
    Script script = tensors.script(DecoderScript.of(shape, precision));
    try {
      WeightStore store =
          precision == Precision.BFLOAT16
              ? ScriptDecoder.bfloat16(script, manager)
              : new WeightStore.Float32(manager);
      return new ScriptDecoder(
          shape,
          DecoderWeights.read(files, architecture, shape, head, manager, store),
          script,
          manager);
    } catch (RuntimeException | Error e) {
      script.close();
      throw e;
    }
  }
}
