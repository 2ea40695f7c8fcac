package org.llm4msr.runtime.assembly.labels;

import ai.djl.ndarray.NDArray;
import org.jspecify.annotations.Nullable;

/**
 * What a pass gives for the labels of a model.
 *
 * @param main logits of the main label, (B)
 * @param towers what the towers of further labels give, (B, L); null where there are none, or
 *     nobody asks
 */
public record LabelLogits(NDArray main, @Nullable NDArray towers) {}
