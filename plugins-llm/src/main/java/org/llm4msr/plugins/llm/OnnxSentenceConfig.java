package org.llm4msr.plugins.llm;

import jakarta.validation.constraints.Min;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;

/** Settings of the encoder {@code onnx-sentence}. */
public record OnnxSentenceConfig(
    @Setting(
            value =
                "all-minilm-l6-v2-q (English, 256 tokens, 384 numbers), bge-small-zh-v1.5-q"
                    + " (Chinese, 512 tokens, 512 numbers), or where model.onnx and"
                    + " tokenizer.json are: a folder, classpath:folder, or hf:owner/name@revision",
            defaultValue = "all-minilm-l6-v2-q")
        String model,
    @Setting("mean over all tokens, or the first token; without it, what the model was made for")
        @Nullable Pooling pooling,
    @Setting(value = "Whether vectors are scaled to length 1", defaultValue = "true")
        boolean normalize,
    @Setting("The longest prompt in tokens; without it, what the model was made for") @Min(8)
        @Nullable Integer maxTokens) {

  /** How the states of the tokens become one vector. */
  public enum Pooling {
    /** Their mean, special tokens included. */
    MEAN,
    /** The state of the first token. */
    FIRST
  }
}
