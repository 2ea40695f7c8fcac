package org.llm4msr.plugins.llamacpp;

import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import org.jspecify.annotations.Nullable;
import org.llm4msr.api.Setting;

/**
 * Settings of the encoder {@code llama-cpp}; where the binding has no choice, one value is legal.
 */
public record LlamaCppConfig(
    @Setting(
            "A .gguf file, or where one is: a folder, classpath:folder, or"
                + " hf:owner/name@revision")
        @NotBlank
        String model,
    @Setting(value = "Which file of the folder: a name or a pattern", defaultValue = "'*.gguf'")
        @NotBlank
        String file,
    @Setting(value = "Which state of the last layer", defaultValue = "post-norm") State state,
    @Setting(value = "Token whose state is returned", defaultValue = "prompt-end")
        Position position,
    @Setting(value = "Whether vectors are scaled to length 1", defaultValue = "true")
        @AssertTrue(
            message =
                "must be true: the binding of llama.cpp always scales to length 1; the encoder"
                    + " decoder does not")
        boolean l2,
    @Setting("The longest prompt in tokens; without it, what the model reads, at most 4096")
        @Min(8)
        @Max(1 << 20)
        @Nullable Integer maxTokens) {

  /** Which state of the last layer. */
  public enum State {
    /** After the final norm; the binding gives no other. */
    POST_NORM
  }

  /** Which token's state. */
  public enum Position {
    /** The last of the prompt; the binding gives no other. */
    PROMPT_END
  }
}
