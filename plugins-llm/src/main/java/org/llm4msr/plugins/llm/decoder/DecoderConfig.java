package org.llm4msr.plugins.llm.decoder;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.PositiveOrZero;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;

/** Settings of the encoder {@code decoder}. */
public record DecoderConfig(
    @Setting(
            "Where a Hugging Face model is (config.json, tokenizer.json or tokenizer.model,"
                + " weights as safetensors): a folder, classpath:folder, or"
                + " hf:owner/name@revision")
        @NotBlank
        String model,
    @Setting("Folder or file of the tokenizer; without it, the model's folder")
        @Nullable String tokenizer,
    @Setting(
            "The layer whose state is returned, from 1 at the bottom or from -1 at the top; without"
                + " it, the last. Layers above it are not computed")
        @Nullable Integer layer,
    @Setting(
            "The layer's state before or after the final norm; without it, what Hugging Face"
                + " gives: post-norm for the last layer, except of ChatGLM2; pre-norm otherwise")
        @Nullable State state,
    @Setting(
            value =
                "Token whose state is returned: the prompt's last token, or the last token that"
                    + " the model generates",
            defaultValue = "prompt-end")
        Position position,
    @Setting(value = "Whether vectors are scaled to length 1", defaultValue = "false") boolean l2,
    @Setting(
            value = "Number format of weights and states; bfloat16 needs PyTorch",
            defaultValue = "float32")
        Precision precision,
    @Setting(
            value =
                "none: prompts as they are; chat: as a user's message in the model's own chat"
                    + " template",
            defaultValue = "none")
        Template template,
    @Setting("The longest prompt in tokens; without it, what the model reads, at most 4096") @Min(1)
        @Nullable Integer maxTokens,
    @Setting(
            value = "Most tokens in a batch, which decides how much memory it takes",
            defaultValue = "4096",
            operational = true)
        @Min(1)
        int batchTokens,
    @Setting(value = "generated-end: most tokens to generate", defaultValue = "64") @Min(1)
        int generatedTokens,
    @Setting(
            value =
                "generated-end: 0 takes the likeliest token; above 0, tokens are drawn with"
                    + " this temperature",
            defaultValue = "0")
        @PositiveOrZero
        double temperature,
    @Setting(
            value =
                "generated-end: draws from the likeliest tokens that together have this"
                    + " probability",
            defaultValue = "1")
        @PositiveOrZero
        @DecimalMax(value = "1", message = "must be at most 1")
        double topP,
    @Setting(value = "generated-end: seed of the draws", defaultValue = "7") long seed) {

  DecoderConfig with(State known) {
    return new DecoderConfig(
        model,
        tokenizer,
        layer,
        known,
        position,
        l2,
        precision,
        template,
        maxTokens,
        batchTokens,
        generatedTokens,
        temperature,
        topP,
        seed);
  }

  /** Which state of the layer. */
  public enum State {
    /** Before the final norm. */
    PRE_NORM,
    /** After the final norm. */
    POST_NORM
  }

  /** Which token's state. */
  public enum Position {
    /** The last of the prompt. */
    PROMPT_END,
    /** The last that was generated. */
    GENERATED_END
  }

  /** Number type of weights and states. */
  public enum Precision {
    /** Four bytes. */
    FLOAT32,
    /** Two bytes with the range of float32. */
    BFLOAT16
  }

  /** The text around a prompt. */
  public enum Template {
    /** Nothing. */
    NONE,
    /** The model's chat template. */
    CHAT
  }
}
